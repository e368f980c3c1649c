"""The made-up client of TOGA 2: contacts, teams, categories, units, predefined replies; tickets come with use."""

from __future__ import annotations

import uuid
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Record = dict[str, Any]

CLIENT_UUID = "11111111-2222-4333-8444-555555555555"
API_KEY = "made-up-key-of-the-simulator"
API_SECRET = "made-up-secret-of-the-simulator"  # noqa: S105 — opens nothing but the simulator

LINKS = {  # members that hold the uuid of another record, by resource
    "tickets": {"ticketTeam": "ticket-teams", "contact": "contacts", "ticketCategory": "ticket-categories"},
    "ticket-notes": {"ticket": "tickets", "contact": "contacts"},
    "ticket-note-files": {"ticketNote": "ticket-notes", "file": "files"},
    "ticket-categories": {"parentTicketCategory": "ticket-categories"},
    "units": {"contact": "contacts"},
}
CHILDREN = {  # lists a record shows at depth: member, resource, and the member that points back
    "tickets": ("ticketNotes", "ticket-notes", "ticket"),
    "ticket-notes": ("ticketNoteFiles", "ticket-note-files", "ticketNote"),
}
RESOURCES = (
    *("tickets", "ticket-notes", "ticket-note-files", "files", "parameters", "contacts", "units"),
    *("predefined-replies", "ticket-teams", "ticket-categories"),
)


def envelope(resource: str) -> str:
    """`ticket-notes` is `ticketNotes`."""
    first, *rest = resource.split("-")
    return first + "".join(part.capitalize() for part in rest)


@dataclass(slots=True)
class World:
    """Records by resource and uuid; links are kept as uuids, a file's content as bytes under `content`."""

    records: dict[str, dict[str, Record]] = field(default_factory=lambda: {name: {} for name in RESOURCES})
    skew: timedelta = timedelta()
    children: dict[tuple[str, str], list[str]] = field(default_factory=dict)  # by resource and parent
    is_still: bool = False  # for large worlds: nothing changes any more, so each list is sorted once
    _order: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def now(self) -> str:
        """Its own clock, by the second, so that ties are common."""
        return (datetime.now(UTC) + self.skew).strftime("%Y-%m-%d %H:%M:%S")

    def add(self, resource: str, **values: Any) -> Record:
        """A new record, stamped now unless told otherwise."""
        stamp = values.get("_updated") or self.now()
        row = {"uuid": str(uuid.uuid4()), "_created": stamp, "_updated": stamp} | values
        self.records[resource][row["uuid"]] = row
        for member, child, back in CHILDREN.values():
            del member
            if child == resource and row.get(back):
                self.children.setdefault((child, row[back]), []).append(row["uuid"])
        return row

    def change(self, resource: str, key: str, **values: Any) -> Record:
        row = self.records[resource][key]
        row.update(values, _updated=self.now())
        return row

    def since(self, resource: str, moment: str, start: int, limit: int) -> list[Record]:
        """A page of a still world: the records that changed at `moment` or later, by time and uuid."""
        if resource not in self._order:
            rows = self.records[resource].values()
            self._order[resource] = sorted((row["_updated"], row["uuid"]) for row in rows)
        order = self._order[resource]
        first = bisect_left(order, (moment, "")) + start
        return [self.records[resource][key] for _, key in order[first : first + limit]]

    def under(self, resource: str, parent: str) -> list[Record]:
        """The children of a record, in the order in which they were made."""
        rows = self.records[resource]
        return [rows[key] for key in self.children.get((resource, parent), ()) if key in rows]

    def shown(self, resource: str, row: Record, depth: int) -> Record:
        """The record as an answer shows it: links are objects down to `depth`, below it they are left out."""
        links = LINKS.get(resource, {})
        shown = {name: value for name, value in row.items() if name != "content" and name not in links}
        for name, other in links.items():
            target = self.records[other].get(row.get(name) or "")
            if name in row:
                shown[name] = None if target is None else self._linked(other, target, depth)
        child = CHILDREN.get(resource)
        if child and depth > 0:
            shown[child[0]] = [self.shown(child[1], one, depth - 1) for one in self.under(child[1], row["uuid"])]
        return shown

    def _linked(self, resource: str, row: Record, depth: int) -> Record:
        if depth <= 0:
            return {"uuid": row["uuid"]}
        plain = {name: value for name, value in row.items() if name != "content"}
        parent = row.get("parentTicketCategory")
        if resource == "ticket-categories" and parent:
            plain["parentTicketCategory"] = self._linked(resource, self.records[resource][parent], depth - 1)
        return plain


def demo_world() -> World:
    world = World()
    for name, mail in (
        ("Ana Ribeiro", "ana@harbour.example.com"),
        ("Ben Okafor", "ben@harbour.example.com"),
        ("Carla Sommer", "carla@harbour.example.com"),
    ):
        world.add("contacts", name=name, email=mail, phone="", isActive=True)
    for name in ("First line", "Network", "Workplace"):
        world.add("ticket-teams", name=name, isActive=True)
    hardware = world.add("ticket-categories", name="Hardware", parentTicketCategory=None)
    laptop = world.add("ticket-categories", name="Laptop", parentTicketCategory=hardware["uuid"])
    world.add("ticket-categories", name="Battery", parentTicketCategory=laptop["uuid"])
    world.add("ticket-categories", name="Access", parentTicketCategory=None)
    world.add("units", name="NB-0117", serial="SN-0117", contact=None, isActive=True)
    world.add("predefined-replies", name="Restart", content="Please restart the device and try again.", isActive=True)
    return world
