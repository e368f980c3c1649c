"""How TOGA 2 spells things: the one place for what no source settles.

There is no public description of this API. Shown by the source document: envelopes (`data.ticketNotes`: the resource's
name in camel case), `depth`, `where` on `_updated`, `ticketNoteFiles` (not `ticketNotesFiles`), `data.files.data` in
base64, the two 404 codes of routes that want exactly one record. Everything marked ASSUMED below is a guess that the
first live test may correct: here, and for the four styles on the connection.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from integrations.texts import gettext_lazy as _

NONE_FOUND, SEVERAL_FOUND = "EV-6", "EV-14"  # under 404, of a route that wants exactly one record
DEEP = 5  # a ticket with its notes, a note with its files
FULL = 1  # a file with its content

WHERE_STYLES = (
    ("brackets", "where[_updated][>=]=…"),  # ASSUMED
    ("inline", "where[0]=_updated >= …"),
    ("json", 'where={"_updated":{">=":…}}'),
)
PAGING_STYLES = (("page", "page=2&limit=200"), ("offset", "offset=200&limit=200"))  # ASSUMED
SORTING = (("heeded", _("heeded")), ("not_heeded", _("not heeded")))
AUTH_STYLES = (
    ("headers", "X-Client-Uuid, X-Api-Key, X-Api-Secret"),
    ("basic", _("basic, with X-Client-Uuid")),
)  # ASSUMED
UPDATE_METHODS = (("PATCH", "PATCH"), ("PUT", "PUT"))  # ASSUMED
SORT = {"orderBy": "_updated"}  # ASSUMED; whether it is heeded is looked at on every page


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of record: its name in addresses, and under `data` of an answer."""

    path: str
    envelope: str


PARAMETERS = Resource("parameters", "parameters")
CONTACTS = Resource("contacts", "contacts")
UNITS = Resource("units", "units")
PREDEFINED_REPLIES = Resource("predefined-replies", "predefinedReplies")
TEAMS = Resource("ticket-teams", "ticketTeams")
CATEGORIES = Resource("ticket-categories", "ticketCategories")
FILES = Resource("files", "files")


@dataclass(frozen=True, slots=True)
class Kind:
    """What an integration type calls its tickets, their notes, and the files of a note."""

    tickets: Resource
    notes: Resource
    note_files: Resource
    parent: str  # of a note: the member that holds its ticket


KINDS = {
    "TICKETS": Kind(
        Resource("tickets", "tickets"),
        Resource("ticket-notes", "ticketNotes"),
        Resource("ticket-note-files", "ticketNoteFiles"),
        "ticket",
    ),
    "REPAIR_ORDERS": Kind(  # ASSUMED, all of it, after the manner of tickets
        Resource("repair-orders", "repairOrders"),
        Resource("repair-order-notes", "repairOrderNotes"),
        Resource("repair-order-note-files", "repairOrderNoteFiles"),
        "repairOrder",
    ),
}

# ASSUMED: the members of a record beyond uuid, _updated, isExternal and a file's name and data.
CREATED, UPDATED = "_created", "_updated"
SUBJECT, STATUS, PRIORITY = "subject", "status", "priority"
TEAM, CONTACT, CATEGORY, PARENT_CATEGORY = "ticketTeam", "contact", "ticketCategory", "parentTicketCategory"
BODY, EXTERNAL, AUTHOR = "note", "isExternal", "contact"
FILE, NAME, SIZE, TYPE, DATA = "file", "name", "size", "type", "data"
SOURCE, EMAIL, PHONE = "source", "email", "phone"
VALUE, ACTIVE = "value", "isActive"


def custom(prefix: str, name: str) -> str:
    """A client's own member, such as `c_eliteTicketId`."""
    return f"c_{prefix}{name}"


def endpoint_of(method: str, path: str) -> str:
    """The resource of a path, whatever comes before it."""
    parts = path.strip("/").split("/")
    names = {resource.path for resource in _resources()}
    return next((part for part in parts if part in names), "")


def _resources() -> list[Resource]:
    fixed = [PARAMETERS, CONTACTS, UNITS, PREDEFINED_REPLIES, TEAMS, CATEGORIES, FILES]
    return fixed + [one for kind in KINDS.values() for one in (kind.tickets, kind.notes)]


def where(style: str, field: str, operator: str, value: str) -> dict[str, str]:
    """One condition as a query parameter. Raises ValueError for an unknown style."""
    if style == "brackets":
        return {f"where[{field}][{operator}]": value}
    if style == "inline":
        return {"where[0]": f"{field} {operator} {value}"}
    if style == "json":
        return {"where": json.dumps({field: {operator: value}}, separators=(",", ":"))}
    raise ValueError(f"unknown style of filters {style!r}")


def paging(style: str, page: int, limit: int) -> dict[str, str]:
    """The query parameters of a page, counted from 1. Raises ValueError for an unknown style."""
    if style == "page":
        return {"page": str(page), "limit": str(limit)}
    if style == "offset":
        return {"offset": str((page - 1) * limit), "limit": str(limit)}
    raise ValueError(f"unknown style of pages {style!r}")


def headers(style: str, credentials: Mapping[str, str]) -> dict[str, str]:
    """The headers that prove who asks. Raises ValueError for an unknown style."""
    client = {"X-Client-Uuid": credentials["client_uuid"].strip()}
    key, secret = credentials["api_key"].strip(), credentials["api_secret"].strip()
    if style == "headers":
        return client | {"X-Api-Key": key, "X-Api-Secret": secret}
    if style == "basic":
        return client | {"Authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()}
    raise ValueError(f"unknown style of sign-in {style!r}")


def spoken(moment: datetime) -> str:
    """A time as TOGA 2 writes it: by the second; in UTC (ASSUMED)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def heard(text: str) -> datetime:
    """The same, read; a zone in it counts. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
