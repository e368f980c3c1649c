"""What a caller can write: tickets, their notes, and time entries; checked as Autotask checks it."""

from __future__ import annotations

from typing import Any

from .metadata import ENTITIES, SYSTEM_NOTE_TYPES, Entity
from .queries import Refused
from .switches import Switches
from .world import ME, Record, World, stamp

COMPLETE = 5
NOT_FOUND = "No matching records found. The logged in resource may not have the required permissions."  # unverified


def change(ticket: Record, values: Record, *, by: int) -> None:
    """The ticket with these values, and what Autotask itself sets along with them."""
    ticket.update(values, lastActivityDate=stamp())
    complete = ticket["status"] == COMPLETE
    ticket["completedDate"] = (ticket.get("completedDate") or stamp()) if complete else None
    ticket["completedByResourceID"] = by if complete else None


class Writer:
    """Changes the world; every method returns the record's id. Raises Refused, and then nothing was changed."""

    def __init__(self, world: World, switches: Switches) -> None:
        self._world, self._switches = world, switches

    def create_ticket(self, sent: Record) -> int:
        values = self._checked(ENTITIES["tickets"], sent, whole=True)
        self._check_ticket(values, whole=True)
        number, now = self._world.next_id(), stamp()
        empty = {one.name: None for one in ENTITIES["tickets"].fields} | {"externalID": "", "userDefinedFields": []}
        own = {"id": number, "createDate": now, "lastActivityDate": now, "creatorResourceID": ME}
        own["ticketNumber"] = f"T{now[:10].replace('-', '')}.{number - 128925:04}"
        self._world.tickets[number] = empty | values | own
        return number

    def change_ticket(self, sent: Record, *, whole: bool) -> int:
        """`whole` (PUT) sets what was not sent to null."""
        ticket = self._known(self._world.tickets, sent)
        entity = ENTITIES["tickets"]
        values = self._checked(entity, sent, whole=whole)
        if whole:
            values = {one.name: None for one in entity.fields if not one.read_only} | values
        self._check_ticket(values, whole=whole)
        if "status" in values and self._switches.sticky_failures:
            self._switches.sticky_failures -= 1
            del values["status"]
        change(ticket, values, by=ME)
        return int(ticket["id"])

    def create_note(self, ticket: int, sent: Record) -> int:
        if ticket not in self._world.tickets:
            raise Refused(NOT_FOUND)
        values = self._checked(ENTITIES["ticketnotes"], sent | {"ticketID": ticket}, whole=True)
        if self._switches.system_note_types_are_refused and values["noteType"] in SYSTEM_NOTE_TYPES:
            raise Refused(f"Picklist value [{values['noteType']}] does not exist for noteType")
        number, now = self._world.next_id(), stamp()
        own = {"id": number, "createDateTime": now, "lastActivityDate": now, "creatorResourceID": ME}
        self._world.notes[number] = {"title": "", **values, **own}
        return number

    def change_note(self, ticket: int, sent: Record) -> int:
        note = self._known(self._world.notes, sent)
        if note["ticketID"] != ticket:
            raise Refused(NOT_FOUND)
        values = self._checked(ENTITIES["ticketnotes"], sent, whole=False)
        note.update(values, ticketID=ticket, lastActivityDate=stamp())
        return int(note["id"])

    def create_time_entry(self, sent: Record) -> int:
        values = self._checked(ENTITIES["timeentries"], sent, whole=True)
        if values.get("ticketID") is not None and values["ticketID"] not in self._world.tickets:
            raise Refused(NOT_FOUND)
        number = self._world.next_id()
        self._world.time_entries[number] = {"hoursWorked": None, **values, "id": number}
        return number

    def change_time_entry(self, sent: Record, *, whole: bool) -> int:
        entry = self._known(self._world.time_entries, sent)
        entry.update(self._checked(ENTITIES["timeentries"], sent, whole=whole))
        return int(entry["id"])

    def _known(self, records: dict[int, Record], sent: Record) -> Record:
        number = next((value for name, value in sent.items() if name.lower() == "id"), None)
        if number not in records:
            raise Refused(NOT_FOUND)
        return records[number]

    def _checked(self, entity: Entity, sent: Record, *, whole: bool) -> Record:
        """The writable values by their right names."""
        values: Record = {}
        for name, value in sent.items():
            info = entity.named(name)
            if info is None:
                raise Refused(f"Unable to find {name} in the {entity.name} Entity.")
            if info.read_only:
                if self._switches.read_only_is_refused and info.name != "id":
                    raise Refused(f"The field {info.name} is read-only.")
                continue
            values[info.name] = self._fitting(info.name, value, info.length)
        for info in entity.fields:
            if info.required and values.get(info.name) in (None, "") and (whole or info.name in values):
                raise Refused(f"Value does not exist for the required field {info.name}")
        for name, picklist in entity.picklists.items():
            if values.get(name) is not None and values[name] not in {value for value, _, active in picklist if active}:
                raise Refused(f"Picklist value [{values[name]}] does not exist for {name}")
        return values

    def _fitting(self, name: str, value: Any, length: int) -> Any:
        if length and isinstance(value, str) and len(value) > length:
            if not self._switches.overlong_is_cut:
                raise Refused(f"The value of {name} is longer than {length}.")
            return value[:length]
        return value

    def _check_ticket(self, values: Record, *, whole: bool) -> None:
        assigned = [values.get(name) is not None for name in ("assignedResourceID", "assignedResourceRoleID")]
        if any(assigned) and not all(assigned):
            raise Refused(
                "When assigning a Resource, you must assign both a assignedResourceID and assignedResourceRoleID"
            )
        if whole and values.get("queueID") is None and not all(assigned):
            raise Refused("queueID is required")
        if whole and self._switches.due_required and not values.get("dueDateTime"):
            raise Refused("Value does not exist for the required field dueDateTime")
        company = self._world.companies.get(values["companyID"]) if "companyID" in values else {"isActive": True}
        if company is None or not company["isActive"]:
            raise Refused("Reference value on field: companyID of type: Account does not exist or is invalid.")
