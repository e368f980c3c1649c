"""The made-up account of Freshservice: workspaces, agents, requesters, groups, categories; tickets come with use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .clock import Clock

Record = dict[str, Any]  # members that begin with a line are the simulator's own

API_KEY = "made-up-key-of-the-simulator"
PRIMARY, SECOND = 2, 3  # workspaces
PORTAL_AGENT, AGENT, OTHER_AGENT = 21000000001, 21000000002, 21000000003
REQUESTER, OTHER_REQUESTER, THIRD_REQUESTER = 21000000101, 21000000102, 21000000103
GROUP, OTHER_GROUP = 21000000201, 21000000202
CATEGORIES = {
    "Hardware": {"Laptop": {"Battery": {}, "Screen": {}}, "Printer": {}},
    "Software": {"Office": {}},
    "Access": {},
}
STATUSES = {2: "Open", 3: "Pending", 4: "Resolved", 5: "Closed", 6: "Awaiting spare part"}
PRIORITIES = {1: "Low", 2: "Medium", 3: "High", 4: "Urgent"}


@dataclass(frozen=True, slots=True)
class File:
    """A file. The content is kept once, however often it is fetched."""

    id: int
    name: str
    content_type: str
    content: bytes = field(repr=False)
    created_at: str
    updated_at: str


@dataclass(slots=True)
class World:
    clock: Clock = field(default_factory=Clock)
    tickets: dict[int, Record] = field(default_factory=dict)
    conversations: dict[int, Record] = field(default_factory=dict)
    files: dict[int, File] = field(default_factory=dict)
    requesters: dict[int, Record] = field(default_factory=dict)
    agents: dict[int, Record] = field(default_factory=dict)
    groups: dict[int, Record] = field(default_factory=dict)
    workspaces: dict[int, Record] = field(default_factory=dict)
    last_id: int = 21004000000
    last_ticket: int = 100

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def add_ticket(self, **values: Any) -> Record:
        """A new ticket, stamped now unless told otherwise."""
        self.last_ticket += 1
        stamp = self.clock.stamp()
        row: Record = {
            "id": self.last_ticket,
            **_PLAIN_TICKET,
            "created_at": stamp,
            "updated_at": stamp,
            "custom_fields": {"asset_tag": None, "affected_sites": []},
            "tags": [],
            "_files": [],
            "_early": 0,  # so many reads still answer 404
            "_indexed": True,
        }
        row |= values
        self.tickets[row["id"]] = row
        return row

    def add_conversation(self, ticket: int, **values: Any) -> Record:
        stamp = self.clock.stamp()
        row: Record = {
            "id": self.next_id(),
            "ticket_id": ticket,
            "created_at": stamp,
            "updated_at": stamp,
            "_files": [],
        }
        row |= values
        self.conversations[row["id"]] = row
        return row

    def add_file(self, name: str, content: bytes, content_type: str = "application/octet-stream") -> int:
        number, stamp = self.next_id(), self.clock.stamp()
        self.files[number] = File(number, name, content_type, content, stamp, stamp)
        return number

    def touch(self, ticket: int, **values: Any) -> Record:
        row = self.tickets[ticket]
        row.update(values, updated_at=self.clock.stamp())
        return row

    def conversations_of(self, ticket: int) -> list[Record]:
        return [row for row in self.conversations.values() if row["ticket_id"] == ticket]

    def add_requester(self, number: int, first: str, last: str, email: str, **values: Any) -> Record:
        row = _person(number, first, last, is_agent=False, primary_email=email, secondary_emails=[], **values)
        self.requesters[number] = row
        return row


_PLAIN_TICKET: Record = {
    "workspace_id": PRIMARY,
    "subject": "",
    "description": "",
    "type": "Incident",
    "status": 2,
    "priority": 1,
    "source": 2,
    "urgency": 1,
    "impact": 1,
    "requester_id": REQUESTER,
    "requested_for_id": REQUESTER,
    "responder_id": None,
    "group_id": None,
    "department_id": None,
    "email_config_id": None,
    "category": None,
    "sub_category": None,
    "item_category": None,
    "to_emails": None,
    "cc_emails": [],
    "fwd_emails": [],
    "reply_cc_emails": [],
    "bcc_emails": None,
    "due_by": None,
    "fr_due_by": None,
    "is_escalated": False,
    "fr_escalated": False,
    "spam": False,
    "deleted": False,
    "resolution_notes": None,
    "resolution_notes_html": None,
}


def _person(number: int, first: str, last: str, **values: Any) -> Record:
    plain = {"work_phone_number": None, "mobile_phone_number": None, "job_title": None, "active": True}
    names = {"id": number, "first_name": first, "last_name": last, "custom_fields": {}, "language": "en"}
    return {**names, **plain, **values}


def demo_world() -> World:
    world = World()
    for number, name in ((PRIMARY, "IT"), (SECOND, "HR")):
        world.workspaces[number] = {
            "id": number,
            "name": name,
            "primary": number == PRIMARY,
            "state": "active",
            "template_name": name.lower(),
            "restricted": False,
        }
    for number, first, last in (
        (PORTAL_AGENT, "Portal", "Agent"),
        (AGENT, "Nadia", "Haddad"),
        (OTHER_AGENT, "Tom", "Berg"),
    ):
        email = f"{first.lower()}@elite.example.com"
        world.agents[number] = _person(number, first, last, email=email, occasional=False, group_ids=[GROUP])
    world.add_requester(REQUESTER, "Rosa", "Lind", "rosa@elite.example.com", work_phone_number="+1 555 0101")
    world.add_requester(OTHER_REQUESTER, "Samir", "Vance", "samir@elite.example.com", job_title="Buyer")
    world.add_requester(THIRD_REQUESTER, "Yuki", "", "yuki@elite.example.com")
    for number, name in ((GROUP, "Service Desk"), (OTHER_GROUP, "Network")):
        world.groups[number] = {
            "id": number,
            "name": name,
            "description": f"{name} of the made-up account",
            "agent_ids": [AGENT, OTHER_AGENT],
            "workspace_id": PRIMARY,
        }
    return world


def choices(tree: dict[str, Any], first: int) -> list[Record]:
    """A tree of names as choices; ids count up from `first`, in the order of the names."""
    number = first

    def level(names: dict[str, Any]) -> list[Record]:
        nonlocal number
        rows = []
        for name, below in names.items():
            number += 1
            rows.append({"id": number, "value": name, "nested_options": []})
            rows[-1]["nested_options"] = level(below)
        return rows

    return level(tree)


def form_fields(*, workspace: int = PRIMARY) -> list[Record]:
    """The ticket's form. Its names differ from those of a ticket: `group`, `agent`, `ticket_type`."""
    codes = {"status": STATUSES, "priority": PRIORITIES}
    rows: list[Record] = [
        {"name": name, "choices": [{"id": code, "value": label} for code, label in values.items()]}
        for name, values in codes.items()
    ]
    rows.append({"name": "category", "choices": choices(CATEGORIES, 21000001000 + (workspace - PRIMARY) * 100)})
    rows += [{"name": name, "choices": []} for name in ("subject", "group", "agent", "ticket_type")]
    plain = {"default_field": True, "required_for_closure": False, "required_for_agents": False, "sections": []}
    return [
        {"id": 21000002000 + place, "label": row["name"].title(), "nested_fields": [], **plain, **row}
        for place, row in enumerate(rows)
    ]
