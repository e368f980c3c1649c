"""What each entity is made of: one table, from which the metadata is answered and queries and writes are checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .world import Record

Picklist = tuple[tuple[int, str, bool], ...]  # value, label, active

PICKLISTS: dict[str, Picklist] = {
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
NOTE_PICKLISTS: dict[str, Picklist] = {
    "noteType": (
        *((1, "Task Summary", True), (2, "Task Detail", True), (3, "Task Notes", True)),
        *((13, "Workflow Rule Note - Task", True), (91, "Workflow Rule Action", True), (92, "Forward/Modify", True)),
    ),
    "publish": (
        (1, "All Autotask Users", True),
        (2, "Internal Project Team", True),
        (4, "Internal & Co-Managed", True),
    ),
}
SYSTEM_NOTE_TYPES = frozenset({13, 91, 92})


@dataclass(frozen=True, slots=True)
class FieldInfo:
    name: str
    type: str = "string"
    length: int = 0
    required: bool = False
    read_only: bool = False
    queryable: bool = True


@dataclass(frozen=True, slots=True)
class Entity:
    """`writes` are the verbs of the entity's own address; child entities are written below their parent."""

    name: str
    fields: tuple[FieldInfo, ...]
    writes: frozenset[str] = frozenset()
    picklists: dict[str, Picklist] = field(default_factory=dict)

    def named(self, name: str) -> FieldInfo | None:
        """A field by its name in any case."""
        return next((one for one in self.fields if one.name.lower() == name.lower()), None)


def _integers(*names: str, required: bool = False, read_only: bool = False) -> tuple[FieldInfo, ...]:
    return tuple(FieldInfo(name, "integer", required=required, read_only=read_only) for name in names)


def _texts(*names: str, length: int = 0, read_only: bool = False) -> tuple[FieldInfo, ...]:
    return tuple(FieldInfo(name, length=length, read_only=read_only) for name in names)


def _times(*names: str, read_only: bool = False) -> tuple[FieldInfo, ...]:
    return tuple(FieldInfo(name, "datetime", read_only=read_only) for name in names)


_ID = FieldInfo("id", "long", read_only=True)
_ROOT = frozenset({"POST", "PUT", "PATCH"})
ENTITIES: dict[str, Entity] = {
    "tickets": Entity(
        "Ticket",
        (
            _ID,
            *_integers("companyID", "status", "priority", required=True),
            FieldInfo("title", length=255, required=True),
            *_integers("queueID", "source", "ticketType", "ticketCategory", "assignedResourceID"),
            *_integers("assignedResourceRoleID", "contactID", "billingCodeID"),
            FieldInfo("description", length=8000),
            FieldInfo("resolution", length=32000),
            FieldInfo("externalID", length=50),
            *_times("dueDateTime"),
            *_texts("ticketNumber", read_only=True),
            *_times("createDate", "completedDate", "lastActivityDate", read_only=True),
            *_integers("completedByResourceID", "creatorResourceID", read_only=True),
            FieldInfo("creatorType", "integer", read_only=True, queryable=False),
            FieldInfo("lastActivityPersonType", "integer", read_only=True, queryable=False),
            FieldInfo("userDefinedFields", "list", queryable=False),
        ),
        _ROOT,
        PICKLISTS,
    ),
    "ticketnotes": Entity(
        "TicketNote",
        (
            _ID,
            FieldInfo("ticketID", "integer", required=True),
            FieldInfo("title", length=250),
            FieldInfo("description", length=32000, required=True),
            *_integers("noteType", "publish", required=True),
            *_times("createDateTime", "lastActivityDate", read_only=True),
            *_integers("creatorResourceID", read_only=True),
        ),
        picklists=NOTE_PICKLISTS,
    ),
    "timeentries": Entity(
        "TimeEntry",
        (
            _ID,
            FieldInfo("resourceID", "integer", required=True),
            *_integers("ticketID", "taskID", "roleID"),
            *_times("dateWorked", "startDateTime", "endDateTime"),
            FieldInfo("hoursWorked", "decimal"),
            FieldInfo("hoursToBill", "decimal"),
            *_texts("summaryNotes", "internalNotes", length=32000),
        ),
        _ROOT,
    ),
    "companies": Entity(
        "Company",
        (
            _ID,
            *_texts("companyName", "companyNumber", length=100),
            FieldInfo("isActive", "boolean"),
            *_times("createDate", "lastActivityDate", read_only=True),
        ),
    ),
    "deletedticketlogs": Entity(
        "DeletedTicketLog",
        (
            _ID,
            *_integers("ticketID", "deletedByResourceID", read_only=True),
            *_texts("ticketNumber", "ticketTitle", read_only=True),
            *_times("deletedDateTime", read_only=True),
        ),
    ),
}


def described(entity: Entity, *, hidden: frozenset[str] = frozenset()) -> list[Record]:
    """`…/entityInformation/fields`; picklist values are strings here, integers on the record."""
    return [
        {
            "name": one.name,
            "dataType": one.type,
            "length": one.length,
            "isRequired": one.required,
            "isReadOnly": one.read_only,
            "isQueryable": one.queryable and one.name not in hidden,
            "isReference": False,
            "referenceEntityType": "",
            "isPickList": one.name in entity.picklists,
            "picklistValues": _values(entity.picklists[one.name]) if one.name in entity.picklists else None,
            "picklistParentValueField": "",
            "isSupportedWebhookField": False,
        }
        for one in entity.fields
        if one.type != "list"
    ]


def _values(picklist: Picklist) -> list[dict[str, Any]]:
    return [
        {
            "value": str(value),
            "label": label,
            "isDefaultValue": False,
            "sortOrder": order,
            "parentValue": "",
            "isActive": active,
            "isSystem": 0 < value < 10,
        }
        for order, (value, label, active) in enumerate(picklist, 1)
    ]


def access(entity: Entity, *, restricted: bool) -> Record:
    """`…/entityInformation`."""
    level = "None" if restricted else "All"
    info: Record = {"name": entity.name, "canQuery": True, "hasUserDefinedFields": entity.name == "Ticket"}
    info |= {"canCreate": "POST" in entity.writes or entity.name == "TicketNote", "canDelete": False}
    info |= {"canUpdate": "PATCH" in entity.writes or entity.name == "TicketNote"}
    return info | {f"userAccessFor{verb}": level for verb in ("Create", "Delete", "Query", "Update")}
