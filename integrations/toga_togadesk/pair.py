"""Both sides of one client's sync, opened, with what is looked up once in a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext

from integrations.core.models import Integration, RecordLink, User
from integrations.core.opening import open_connection
from integrations.core.streams import StreamProblem
from integrations.vendors.toga import dialect
from integrations.vendors.toga.api import TogaApi
from integrations.vendors.toga.categories import category_paths
from integrations.vendors.togadesk.api import TogadeskApi

from . import mapping
from .models import TOGA, TOGADESK, SyncOptions

TICKET, NOTE, FILE = "ticket", "note", "file"  # object types of links; left is TOGA 2, right is TOGaDesk
MEMBERS = {
    "subject": dialect.SUBJECT,
    "status": dialect.STATUS,
    "priority": dialect.PRIORITY,
    "team": dialect.TEAM,
    "contact": dialect.CONTACT,
    "category": dialect.CATEGORY,
}


def is_new(link: RecordLink | None) -> bool:
    """Whether the portal has never brought this pair into agreement."""
    return link is None or not (link.left_fingerprint or link.right_fingerprint)


@dataclass
class Pair:
    """The two systems of one integration. Not frozen: what is looked up stays for the run."""

    integration: Integration
    options: SyncOptions
    toga: TogaApi
    desk: TogadeskApi

    @property
    def kind(self) -> dialect.Kind:
        return dialect.KINDS[self.options.integration_type]

    @property
    def client(self) -> int:
        """The client's id in TOGaDesk."""
        return int(self.options.togadesk_client_id)

    @cached_property
    def categories(self) -> dict[str, str]:
        """The uuid of each category by its path; read when a ticket needs it first."""
        rows = self.toga.all_of(dialect.CATEGORIES, limit=self.options.page_size)
        return category_paths(rows)

    def known(self, toga: Any, desk: Any) -> mapping.Known:
        """The rows of TOGaDesk that stand for what these two tickets name; either may be None."""
        teams = self._rows("groups", toga.team if toga else "", desk.group_id if desk else 0)
        people = [toga.contact, *(note.author for note in toga.notes)] if toga else []
        contacts = self._rows("people", *people, desk.person_id if desk else 0)
        return mapping.Known(
            teams=teams,
            contacts=contacts,
            team_of={key: uuid for uuid, key in teams.items()},
            contact_of={key: uuid for uuid, key in contacts.items()},
        )

    def _rows(self, table: str, *named: str | int) -> dict[str, int]:
        uuids = [one for one in named if isinstance(one, str) and one]
        found = {uuid: int(row["id"]) for uuid, row in self.desk.referenced(table, self.client, uuids).items()}
        for key in (one for one in named if isinstance(one, int) and one):
            row = self.desk.row(table, key)
            if row is not None and row["referenceid"]:
                found[str(row["referenceid"])] = key
        return found


@contextmanager
def opened(
    integration: Integration, source: str, *, guard: Callable[[], None] | None = None, user: User | None = None
) -> Iterator[Pair]:
    """Both sides. Raises `StreamProblem` when the settings are not complete."""
    options = SyncOptions.objects.filter(integration=integration).first()
    problem = gettext("This integration has no settings yet.") if options is None else options.problem()
    if options is None or problem:
        raise StreamProblem(problem)

    def side(role: str) -> AbstractContextManager[Any]:
        return open_connection(integration.connection(role), source=source, guard=guard, user=user)

    with side(TOGA) as toga, side(TOGADESK) as desk:
        yield Pair(integration, options, toga, desk)
