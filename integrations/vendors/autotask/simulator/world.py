"""The made-up tenant: API user, companies, picklists, tickets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Record = dict[str, Any]

USERNAME = "portal@example-msp.com"
SECRET = "made-up-secret-of-the-simulator"  # noqa: S105 — opens nothing but the simulator
INTEGRATION_CODE = "SIMULATEDTRACKINGIDENTIFIER"

COMPANIES = (
    (0, "Example MSP", True),
    (101, "Harbour Lane Dental", True),
    (102, "Northgate Logistics", True),
    (103, "Willow & Partners", True),
    (104, "Brightwater School", True),
    (105, "Kestrel Engineering", True),
    (106, "Copper Beech Hotel", True),
    (107, "Sunhill Bakery", True),
    (108, "Acme BV", True),
    (109, "Bakkerij Jansen", True),
    (110, "Old Mill Interiors", False),
    (111, "Sunhill Bakery (second site)", True),
)
PICKLISTS: dict[str, tuple[tuple[int, str, bool], ...]] = {
    "queueID": (
        (29682833, "Level I Support", True),
        (8, "Monitoring Alert", True),
        (29683001, "Helpdesk", True),
        (29683002, "Closed desk", False),
    ),
    "source": (
        (-1, "Client Portal", True),
        (2, "Phone", True),
        (4, "Email", True),
        (8, "Monitoring Alert", True),
        (9, "Fax", False),
    ),
    "status": (
        (1, "New", True),
        (8, "In Progress", True),
        (7, "Waiting Customer", True),
        (5, "Complete", True),
        (6, "Parked", False),
    ),
    "priority": (
        (4, "Critical", True),
        (1, "High", True),
        (2, "Medium", True),
        (6, "Low", True),
        (3, "Someday", False),
    ),
}


@dataclass(slots=True)
class World:
    companies: dict[int, Record] = field(default_factory=dict)
    tickets: dict[int, Record] = field(default_factory=dict)
    notes: dict[int, Record] = field(default_factory=dict)
    time_entries: dict[int, Record] = field(default_factory=dict)
    deleted: dict[int, Record] = field(default_factory=dict)
    last_id: int = 128925

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def entity(self, name: str) -> dict[int, Record] | None:
        """The records of an entity by its lower-case name; None for an entity that does not exist."""
        return {
            "companies": self.companies,
            "tickets": self.tickets,
            "ticketnotes": self.notes,
            "timeentries": self.time_entries,
            "deletedticketlogs": self.deleted,
        }.get(name)


def stamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def demo_world() -> World:
    world = World()
    for number, name, active in COMPANIES:
        world.companies[number] = {
            "id": number,
            "companyName": name,
            "companyNumber": f"C{number:03}",
            "isActive": active,
            "createDate": "2021-03-01T09:00:00Z",
        }
    return world


def ticket_fields(*, external_id_queryable: bool) -> list[Record]:
    """The metadata of tickets; picklist values are strings here and integers on the record."""
    plain = [
        {
            "name": name,
            "dataType": "string",
            "isQueryable": external_id_queryable or name != "externalID",
            "isPickList": False,
        }
        for name in ("id", "companyID", "title", "description", "externalID", "ticketNumber")
    ]
    lists = [
        {
            "name": name,
            "dataType": "integer",
            "isQueryable": True,
            "isPickList": True,
            "picklistValues": [
                {"value": str(value), "label": label, "isActive": active, "sortOrder": order, "isSystem": value < 10}
                for order, (value, label, active) in enumerate(values, 1)
            ],
        }
        for name, values in PICKLISTS.items()
    ]
    return plain + lists
