"""Both iTops of one bridge, opened; and the two tickets of one pair as they were read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from integrations.core.models import Integration, RecordLink
from integrations.core.opening import open_connection
from integrations.core.streams import StreamProblem
from integrations.core.sync.flow import Side
from integrations.core.sync.linking import BusyError
from integrations.transport.errors import RejectedError
from integrations.vendors.itop.api import ItopApi
from integrations.vendors.itop.schemas import Ticket

from .models import EXTERNAL, INTERNAL, BridgeOptions

# Object types of links; left is the external iTop, right the internal one.
TICKET, ENTRY, FILE = "ticket", "entry", "file"


class Unsettled(BusyError):
    """Something has to be seen once more before anything follows from it."""


@dataclass
class Half:
    """One of the two iTops. `label` is written to the other one, `name` is for people here. `names_authors` is false
    once the account was told that it may not."""

    side: Side
    label: str
    api: ItopApi
    defaults: dict[str, Any]
    names_authors: bool = True

    @property
    def name(self) -> str:
        """Which one, as the portal's sentences have it."""
        return _("external") if self.side is Side.LEFT else _("internal")

    @property
    def way(self) -> str:
        """The way to it, as the portal's sentences have it."""
        return _("outside") if self.side is Side.LEFT else _("inside")


@dataclass
class Sides:
    """Not frozen: what is looked up stays for the run."""

    integration: Integration
    options: BridgeOptions
    external: Half
    internal: Half
    is_dry: bool = False

    def half(self, side: Side) -> Half:
        return self.external if side is Side.LEFT else self.internal

    @cached_property
    def words(self) -> dict[tuple[str, str], str]:
        """How the external iTop's codes are said in the internal one, by field and code."""
        return {(row.field, row.external): row.internal for row in self.options.words.all()}

    def twin_class(self, class_name: str) -> str:
        """The class that a twin of a ticket of this class has."""
        return self.words.get(("class", class_name), class_name)


@dataclass
class Meeting:
    """One look at a pair. `inside` appears when the twin is made; `refused` and `waits` are told at its end."""

    sides: Sides
    outside: Ticket
    inside: Ticket | None
    refused: list[str] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)

    def ticket(self, half: Half) -> Ticket:
        found = self.outside if half.side is Side.LEFT else self.inside
        assert found is not None  # writes come after the one that makes the twin
        return found

    def has(self, half: Half) -> bool:
        return half.side is Side.LEFT or self.inside is not None

    def ways(self, name: str) -> list[tuple[Half, Half]]:
        """Source and target of each way that the settings let this go: form, logs, files or state."""
        outside, inside, options = self.sides.external, self.sides.internal, self.sides.options
        both = ((outside, inside, INTERNAL), (inside, outside, EXTERNAL))
        return [(source, target) for source, target, to in both if getattr(options, f"{name}_to_{to}", False)]

    def close(self) -> None:
        """Raises RejectedError for what was refused, Unsettled for what has to be seen once more."""
        if self.refused:
            raise RejectedError(" ".join(dict.fromkeys(self.refused)))
        if self.waits:
            raise Unsettled(" ".join(dict.fromkeys(self.waits)), retry_after=10)


def other_id(link: RecordLink, side: Side) -> str:
    """The id that the link has on this side."""
    return str(getattr(link, f"{side}_id"))


@contextmanager
def both_open(
    integration: Integration, source: str, *, guard: Callable[[], None] | None = None, is_dry: bool = False
) -> Iterator[Sides]:
    """Both sides, whatever the settings say. Raises `StreamProblem` when there are none."""
    options = BridgeOptions.objects.filter(integration=integration).first()
    if options is None:
        raise StreamProblem(_("This integration has no settings yet."))

    def one(role: str) -> AbstractContextManager[Any]:
        return open_connection(integration.connection(role), source=source, guard=guard)

    with one(EXTERNAL) as outside, one(INTERNAL) as inside:
        yield Sides(
            integration,
            options,
            Half(Side.LEFT, EXTERNAL, outside, options.defaults(EXTERNAL)),
            Half(Side.RIGHT, INTERNAL, inside, options.defaults(INTERNAL)),
            is_dry,
        )
