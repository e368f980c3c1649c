"""Both systems of one client, opened, with what is looked up once in a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.utils.translation import gettext

from integrations.core.models import Integration
from integrations.core.opening import open_connection
from integrations.core.streams import StreamProblem
from integrations.core.sync.flow import Side
from integrations.core.sync.linking import attach, in_hand, links_of
from integrations.vendors.freshservice.api import FreshserviceApi
from integrations.vendors.toga import dialect
from integrations.vendors.toga.api import TogaApi
from integrations.vendors.toga.categories import category_paths
from integrations.vendors.toga.dialect import Resource

from . import mapping
from .models import FRESHSERVICE, TOGA, FreshserviceOptions, ValueWord

# Object types of links; left is Freshservice, right is TOGA 2.
TICKET, NOTE, FILE, CONTACT, TEAM, CATEGORY = "ticket", "note", "file", "contact", "team", "category"
KIND = dialect.KINDS["TICKETS"]
MEMBERS = {
    "subject": dialect.SUBJECT,
    "status": dialect.STATUS,
    "priority": dialect.PRIORITY,
    "source": dialect.SOURCE,
    "contact": dialect.CONTACT,
    "team": dialect.TEAM,
    "category": dialect.CATEGORY,
}


@dataclass
class Sides:
    """Not frozen: what is looked up stays for the run."""

    integration: Integration
    options: FreshserviceOptions
    fresh: FreshserviceApi
    toga: TogaApi
    is_dry: bool = False
    _words: dict[tuple[str, int], ValueWord] = field(default_factory=dict)
    _groups: dict[int, str] = field(default_factory=dict)
    _having: dict[tuple[str, str, str], list[Mapping[str, Any]]] = field(default_factory=dict)

    def own(self, name: str) -> str:
        """The client's own member of TOGA 2, such as `c_eliteTicketId`."""
        return dialect.custom(self.options.custom_field_prefix, name)

    def word(self, name: str, code: int) -> ValueWord:
        """How a code is said in TOGA 2; its word is empty while it is unmapped. A code met first gets its row."""
        if (name, code) not in self._words:
            made = {"word": mapping.WORDS[name].get(code, "")}
            row = ValueWord.objects.get_or_create(options=self.options, field=name, code=code, defaults=made)[0]
            self._words[name, code] = row
        return self._words[name, code]

    @cached_property
    def categories(self) -> dict[str, int]:
        """Freshservice's category ids by path; read when a ticket needs one first."""
        return {" > ".join(choice.path): choice.id for choice in self.fresh.category_choices()}

    @cached_property
    def toga_categories(self) -> dict[str, str]:
        """TOGA 2's categories by path; read when one is not found by its id."""
        return category_paths(self.toga.all_of(dialect.CATEGORIES, limit=200))

    def group_name(self, group_id: int) -> str:
        """What Freshservice calls a group; asked for once in a run. Raises NotFoundError."""
        if group_id not in self._groups:
            self._groups[group_id] = self.fresh.group(group_id).name
        return self._groups[group_id]

    def having(self, resource: Resource, member: str, value: str) -> list[Mapping[str, Any]]:
        """The teams or categories of TOGA 2 with this value; asked for once in a run, also when there are none."""
        asked = (resource.path, member, value)
        if asked not in self._having:
            self._having[asked] = self.toga.matching(resource, member, value)
        return self._having[asked]

    def linked(self, object_type: str, left: str) -> str:
        """The uuid in TOGA 2 that this record of Freshservice is linked to, or empty."""
        link = links_of(self.integration, object_type, Side.LEFT, [left]).get(left)
        return link.right_id if link else ""

    def remember(self, object_type: str, left: str, uuid: str) -> str:
        """The two are the same: from now on by a link. Empty, as writes return."""
        with in_hand(self.integration, object_type, Side.LEFT, left) as mine:
            if not mine.right_id:
                attach(mine, Side.RIGHT, uuid)
        return ""


@contextmanager
def opened(
    integration: Integration, source: str, *, guard: Callable[[], None] | None = None, is_dry: bool = False
) -> Iterator[Sides]:
    """Both sides. Raises `StreamProblem` when the settings are not complete."""
    options = FreshserviceOptions.objects.filter(integration=integration).first()
    problem = gettext("This integration has no settings yet.") if options is None else options.problem()
    if options is None or problem:
        raise StreamProblem(problem)

    def side(role: str) -> AbstractContextManager[Any]:
        return open_connection(integration.connection(role), source=source, guard=guard)

    with side(FRESHSERVICE) as fresh, side(TOGA) as toga:
        yield Sides(integration, options, fresh, toga, is_dry)
