"""What a ticket's fields are on each side, and which notes and files are the same. Tables and pure functions.

Values are compared in TOGA 2's words. None means that the other side has no way to say it: such a field is left alone.

| field    | TOGA 2                    | TOGaDesk                          |
|----------|---------------------------|-----------------------------------|
| subject  | subject                   | tickets.subject                   |
| status   | status                    | tickets.status, by the words      |
| priority | priority                  | tickets.priority, by the words    |
| team     | ticketTeam, its uuid      | tickets.groupid, by referenceid   |
| contact  | contact, its uuid         | tickets.userid, by referenceid    |
| category | ticketCategory, its path  | tickets.category, the path        |
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.texts import Text
from integrations.vendors.toga.categories import category_name

FIELDS = ("subject", "status", "priority", "team", "contact", "category")
COLUMNS = {
    "subject": "subject",
    "status": "status",
    "priority": "priority",
    "team": "groupid",
    "contact": "userid",
    "category": "category",
}
_TAG = re.compile(r"<[^>]*>")
Words = Mapping[str, str]


class Named(Protocol):
    """A file as either side names it."""

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Known:
    """Which of TOGA 2's teams and contacts have a row in TOGaDesk: id by uuid, and uuid by id."""

    teams: Mapping[str, int]
    contacts: Mapping[str, int]
    team_of: Mapping[int, str]
    contact_of: Mapping[int, str]


def words_problem(words: Any) -> str:
    """Why this cannot translate words, in a sentence; empty when it can."""
    if not isinstance(words, dict) or not all(isinstance(k, str) and isinstance(v, str) for k, v in words.items()):
        return gettext("Give pairs of words, such as {“New”: “Open”}.")
    return ""


def toga_values(ticket: Any, known: Known) -> dict[str, str | None]:
    """The fields of a ticket of TOGA 2; a team or contact without a row in TOGaDesk cannot be said there."""
    return {
        "subject": ticket.subject,
        "status": ticket.status,
        "priority": ticket.priority,
        "team": ticket.team if not ticket.team or ticket.team in known.teams else None,
        "contact": ticket.contact if not ticket.contact or ticket.contact in known.contacts else None,
        "category": " > ".join(category_name(part) for part in ticket.category.split(" > ")),
    }


def togadesk_values(
    ticket: Any, known: Known, *, status: Words, priority: Words, base: Mapping[str, Any], categories: Iterable[str]
) -> dict[str, str | None]:
    """The fields of a ticket of TOGaDesk in TOGA 2's words; a row without a reference cannot be said there.

    Where several of TOGA 2's words are one in TOGaDesk, the word both sides had last still counts.
    """
    return {
        "subject": ticket.subject,
        "status": in_toga(ticket.status, status, base.get("status")),
        "priority": in_toga(ticket.priority, priority, base.get("priority")),
        "team": known.team_of.get(ticket.group_id) if ticket.group_id else "",
        "contact": known.contact_of.get(ticket.person_id) if ticket.person_id else "",
        "category": ticket.category if ticket.category in {"", base.get("category"), *categories} else None,
    }


def in_togadesk(word: str, words: Words) -> str:
    """TOGA 2's word as TOGaDesk says it."""
    return words.get(word, word)


def in_toga(word: str, words: Words, last: str | None) -> str:
    """TOGaDesk's word as TOGA 2 says it."""
    if last is not None and in_togadesk(last, words) == word:
        return last
    return next((ours for ours, theirs in words.items() if theirs == word), word)


def columns(values: Mapping[str, str | None], known: Known, *, status: Words, priority: Words) -> dict[str, Any]:
    """These fields as columns of TOGaDesk's tickets."""
    said: dict[str, Any] = {}
    for name, value in values.items():
        if value is None:
            continue
        if name == "status":
            said[COLUMNS[name]] = in_togadesk(value, status)
        elif name == "priority":
            said[COLUMNS[name]] = in_togadesk(value, priority)
        elif name == "team":
            said[COLUMNS[name]] = known.teams.get(value, 0)
        elif name == "contact":
            said[COLUMNS[name]] = known.contacts.get(value, 0)
        else:
            said[COLUMNS[name]] = value
    return said


def members(
    values: Mapping[str, str | None], categories: Mapping[str, str], names: Mapping[str, str]
) -> dict[str, Any]:
    """These fields as members of a ticket of TOGA 2. `names` are the API's for ours; `categories` uuids by path."""
    said: dict[str, Any] = {}
    for name, value in values.items():
        if value is None:
            continue
        uuid = categories.get(value, "") if name == "category" else value
        is_link = name in ("team", "contact", "category")
        said[names[name]] = ({"uuid": uuid} if uuid else None) if is_link else value
    return said


def differences(values: Mapping[str, Any]) -> str:
    """What is written, for people."""
    to = gettext("{field} to “{value}”")
    changes = ", ".join(to.format(field=name, value=value) for name, value in values.items())
    return gettext("set {changes}").format(changes=changes)


def both_changed(fields: Iterable[str]) -> str:
    """Whose value counts where both sides changed it, for people."""
    said = gettext("Both sides had changed {fields}; TOGA 2 wins.")
    return said.format(fields=", ".join(fields))


def same_text(one: str, other: str) -> bool:
    """Whether two bodies say the same, whatever an editor did to their tags and blanks."""
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())


def same_file(file: Named, others: Sequence[Named]) -> int | None:
    """The place of the file with this name and size; a name alone is no identity."""
    if file.size is None:
        return None
    return next((n for n, other in enumerate(others) if (other.name, other.size) == (file.name, file.size)), None)


@dataclass(frozen=True, slots=True)
class Rows:
    """How one kind of reference data of TOGA 2 becomes rows of TOGaDesk: a column for each member."""

    table: str
    one: Text  # what is made, for people; `{name}` is its name
    columns: Mapping[str, str]  # column of TOGaDesk by member of TOGA 2


REFERENCE = {  # ASSUMED: the members' names
    "contacts": Rows("people", _("contact “{name}”"), {"name": "name", "email": "email", "phone": "phone"}),
    "units": Rows("assets", _("unit “{name}”"), {"name": "name", "serial": "serial"}),
    "predefined_replies": Rows("tickets_pr", _("predefined reply “{name}”"), {"name": "name", "content": "content"}),
    "ticket_teams": Rows("groups", _("team “{name}”"), {"name": "name"}),
}


def row_of(raw: Mapping[str, Any], rows: Rows, *, active: str, deactivates: bool) -> dict[str, Any]:
    """The columns that this record wants; an inactive one is 0 where that is wanted."""
    wanted: dict[str, Any] = {
        column: "" if raw.get(member) is None else str(raw[member]) for member, column in rows.columns.items()
    }
    is_active = raw.get(active) not in (False, 0, "0")
    if is_active or deactivates:
        wanted["active"] = int(is_active)
    return wanted


def differing(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that are not as wanted."""
    return {name: value for name, value in wanted.items() if str(row.get(name) or 0) != str(value or 0)}
