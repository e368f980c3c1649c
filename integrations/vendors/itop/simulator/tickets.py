"""What happens to objects, whoever does it: they are made, changed, moved through their lives, deleted, with all that
follows.

Each act returns the events that triggers watch, in iTop's order: update, then state left, then state entered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from integrations.vendors.itop import lifecycle

from .accounts import Actor
from .model import PRIORITIES, is_ticket
from .refusals import Died, Refused
from .triggers import CREATE, DELETE, ENTER, LEAVE, UPDATE, Event
from .values import Values
from .world import Record

if TYPE_CHECKING:
    from .itop import ItopSimulator

_DATES = {
    "assigned": "assignment_date",
    "pending": "last_pending_date",
    "resolved": "resolution_date",
    "closed": "close_date",
}
_OVERALL = {"resolved": "resolved", "closed": "closed"}


class Vetoed(Exception):
    """A transition's own action refuses it, without a word."""


def create(itop: ItopSimulator, class_name: str, fields: Any, actor: Actor) -> tuple[Record, list[Event]]:
    """Raises Refused. A log among the fields is stored, and fires nothing of its own."""
    world, values = itop.data, Values(itop.data, actor)
    blank = {"id": 0, "class": class_name} | {
        one.name: [] if one.kind == "log" else one.default
        for one in itop.data.attributes(class_name).values()
        if one.kind != "read"
    }
    given = values.stored(blank, fields)
    if not is_ticket(class_name):
        return _create_other(itop, class_name, given, actor)
    ref = world.next_ref(class_name)
    required = {one.name for one in itop.data.attributes(class_name).values() if one.is_required}
    values.check(blank | given, set(given) | required)
    stamp = world.clock.stamp()
    made: Record = {"ref": ref, "start_date": stamp, "last_update": stamp}
    record = world.add(class_name, **made | given)
    _reckon(record, set(given))
    events = [Event(CREATE, record, actor)]
    if record["status"] != "new":
        events.append(Event(ENTER, record, actor, state=record["status"]))
    return record, events


def _create_other(itop: ItopSimulator, class_name: str, given: Record, actor: Actor) -> tuple[Record, list[Event]]:
    stamp, account = itop.data.clock.stamp(), actor.account
    made: Record = {"expire": stamp}
    if class_name == "Attachment":
        made |= {"creation_date": stamp, "user_id": account.user_id, "contact_id": account.contact_id}
    record = itop.data.add(class_name, **made | given)
    return record, [Event(CREATE, record, actor)]


def update(itop: ItopSimulator, record: Record, fields: Any, actor: Actor) -> list[Event]:
    """Raises Refused. What is as it was changes nothing and fires nothing."""
    values = Values(itop.data, actor)
    given = values.stored(record, fields)
    changed = {name for name, value in given.items() if record[name] != value}
    values.check(record | given, changed)
    return _saved(itop, record, given, changed, actor)


def _saved(itop: ItopSimulator, record: Record, given: Record, changed: set[str], actor: Actor) -> list[Event]:
    """Store it. A status that is written without a stimulus is stored too, and fires as if it were entered."""
    if not changed:
        return []
    before = record.get("status", "")
    logs: Record = {name: record[name] for name in ("private_log", "public_log") if name in changed}
    record.update(given)
    if is_ticket(record["class"]):
        record["last_update"] = itop.data.clock.stamp()
        _reckon(record, changed)
    events = [Event(UPDATE, record, actor, frozenset(changed))]
    after = record.get("status", "")
    if before != after:
        events += [Event(LEAVE, record, actor, state=before), Event(ENTER, record, actor, state=after)]
    itop.swallow(record, logs, actor)
    return events


def _reckon(record: Record, changed: set[str]) -> None:
    """Priority follows impact and urgency; the overall state follows the state."""
    if {"impact", "urgency"} & changed and "urgency" in record:
        record["priority"] = PRIORITIES[record["impact"]][record["urgency"]]
    record["operational_status"] = _OVERALL.get(record["status"], "ongoing")


def stimulate(itop: ItopSimulator, record: Record, stimulus: str, fields: Any, actor: Actor) -> list[Event]:
    """Fields first, then the step; nothing is stored where the step is refused. Raises Refused, Died, Vetoed."""
    values = Values(itop.data, actor)
    given = values.stored(record, fields)
    values.check(record | given, {name for name, value in given.items() if record[name] != value})
    state = record["status"]
    step = lifecycle.step(record["class"], state, stimulus) if record["class"] in lifecycle.TRANSITIONS else None
    if step is None:
        raise Refused(100, f"Invalid stimulus: '{stimulus}' on the object {record['ref']} in state '{state}'")
    after = record | given
    missing = [name for name in step.required if itop.is_missing(record["class"], name, after)]
    if missing:
        raise Refused(100, f"Missing mandatory attribute(s) for applying the stimulus: {', '.join(missing)}.")
    if (record["class"], state, stimulus) == ("Incident", "escalated_tto", "ev_assign") and itop.incident_dies:
        raise Died
    if itop.vetoes > 0:
        itop.vetoes -= 1
        raise Vetoed
    given["status"] = step.target
    if step.target != state and (date := _DATES.get(step.target)) in record:
        given[str(date)] = itop.data.clock.stamp()
    changed = {name for name, value in given.items() if record[name] != value}
    events = _saved(itop, record, given, changed, actor)
    if step.target == "resolved" and state != "resolved":
        events += _resolve_children(itop, record, actor)
    return events


def _resolve_children(itop: ItopSimulator, parent: Record, actor: Actor) -> list[Event]:
    key = {"UserRequest": "parent_request_id", "Incident": "parent_incident_id"}.get(parent["class"], "")
    events: list[Event] = []
    for child in list(itop.data.all(parent["class"])):
        if key and child.get(key) == parent["id"] and lifecycle.step(child["class"], child["status"], "ev_autoresolve"):
            solved = {name: parent[name] for name in ("solution", "resolution_code", "service_id")}
            events += stimulate(itop, child, "ev_autoresolve", solved, actor)
    return events


def deletion(itop: ItopSimulator, record: Record, actor: Actor) -> tuple[list[Record], list[Event]]:
    """What goes, and the events, which are sent before it does; a ticket takes its attachments along."""
    hung = itop.data.attachments_of(record) if is_ticket(record["class"]) else []
    going = [record, *hung]
    return going, [Event(DELETE, one, actor) for one in going]
