"""The lives of iTop's tickets, as data: from which state which stimulus leads where, and what it needs.

Source: fact sheet, section 4 (UserRequest driven over REST on iTop 3.2.0; the others observed or read in its code). A
state is never written: a path of stimuli is computed from where a ticket is to where it should be, and walked step by
step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heappop, heappush

from integrations.texts import gettext


@dataclass(frozen=True, slots=True)
class Transition:
    """One step. `required` are the fields to send with it; a reference among them iTop may not insist on (PHP 8)."""

    source: str
    stimulus: str
    target: str
    required: tuple[str, ...] = ()


class NoPath(LookupError):
    """No allowed stimuli lead there; the message is a sentence."""


# Sent by iTop itself (service levels, a parent that was resolved). It takes them over REST too, but they say what did
# not happen, so they are the last resort.
INTERNAL = frozenset({"ev_timeout", "ev_autoresolve"})
# What a person decides, and nobody in his place.
DECISIONS = frozenset({"ev_approve", "ev_reject", "ev_notapprove", "ev_validate"})

_ASSIGNED = ("team_id", "agent_id")
_RESOLVED = ("solution", "resolution_code", "service_id")
_PENDING = ("pending_reason",)
_ASSIGNED_CHANGE = ("agent_id", "supervisor_id", "manager_id")
_PLANNED = ("start_date", "end_date", "impact", "outage", "fallback")
_APPROVED = ("approval_date", "approval_comment")
_REASON = ("reason",)

_Rows = tuple[tuple[str, str, str, tuple[str, ...]], ...]
_AT_WORK: _Rows = (
    ("assigned", "ev_pending", "pending", _PENDING),
    ("assigned", "ev_resolve", "resolved", _RESOLVED),
    ("assigned", "ev_reassign", "assigned", _ASSIGNED),
    ("assigned", "ev_timeout", "escalated_ttr", ()),
    ("assigned", "ev_autoresolve", "resolved", _RESOLVED),
    ("escalated_ttr", "ev_pending", "pending", _PENDING),
    ("escalated_ttr", "ev_resolve", "resolved", _RESOLVED),
    ("escalated_ttr", "ev_reassign", "assigned", _ASSIGNED),
    ("escalated_ttr", "ev_autoresolve", "resolved", _RESOLVED),
    ("pending", "ev_assign", "assigned", ()),
    ("pending", "ev_autoresolve", "resolved", _RESOLVED),
    ("resolved", "ev_close", "closed", ()),
    ("resolved", "ev_reopen", "assigned", ()),
    ("resolved", "ev_autoresolve", "resolved", ()),
)
_NEW: _Rows = (
    ("new", "ev_assign", "assigned", _ASSIGNED),
    ("new", "ev_timeout", "escalated_tto", ()),
    ("new", "ev_autoresolve", "resolved", _RESOLVED),
    ("escalated_tto", "ev_assign", "assigned", _ASSIGNED),
)
_USER_REQUEST: _Rows = (
    *_NEW,
    ("new", "ev_wait_for_approval", "waiting_for_approval", ()),
    ("waiting_for_approval", "ev_approve", "approved", ()),
    ("waiting_for_approval", "ev_reject", "rejected", ()),
    ("approved", "ev_assign", "assigned", _ASSIGNED),
    ("approved", "ev_timeout", "escalated_tto", ()),
    ("approved", "ev_autoresolve", "resolved", _RESOLVED),
    ("rejected", "ev_reopen", "new", ()),
    *_AT_WORK,
)
_IMPLEMENTED: _Rows = (
    ("implemented", "ev_monitor", "monitored", ()),
    ("implemented", "ev_finish", "closed", ()),
    ("monitored", "ev_finish", "closed", ()),
)
_APPROVAL: _Rows = (
    ("plannedscheduled", "ev_approve", "approved", _APPROVED),
    ("plannedscheduled", "ev_notapprove", "notapproved", _REASON),
    ("notapproved", "ev_replan", "plannedscheduled", ()),
    ("approved", "ev_implement", "implemented", ()),
)
_NORMAL_CHANGE: _Rows = (
    (
        "new",
        "ev_validate",
        "validated",
        ("team_id", "supervisor_group_id", "manager_group_id", "acceptance_date", "acceptance_comment"),
    ),
    ("new", "ev_reject", "rejected", _REASON),
    ("rejected", "ev_reopen", "new", ()),
    ("validated", "ev_assign", "assigned", _ASSIGNED_CHANGE),
    ("assigned", "ev_plan", "plannedscheduled", _PLANNED),
    *_APPROVAL,
    *_IMPLEMENTED,
)
_ROUTINE_CHANGE: _Rows = (
    ("new", "ev_assign", "assigned", _ASSIGNED_CHANGE),
    ("assigned", "ev_plan", "plannedscheduled", _PLANNED),
    ("plannedscheduled", "ev_implement", "implemented", ()),
    *_IMPLEMENTED,
)
_EMERGENCY_CHANGE: _Rows = (
    ("new", "ev_assign", "assigned", _ASSIGNED_CHANGE),
    ("assigned", "ev_plan", "plannedscheduled", _PLANNED),
    *_APPROVAL,
    *_IMPLEMENTED,
)

TRANSITIONS: Mapping[str, tuple[Transition, ...]] = {
    name: tuple(Transition(*row) for row in rows)
    for name, rows in (
        ("UserRequest", _USER_REQUEST),
        ("Incident", (*_NEW, *_AT_WORK)),
        ("NormalChange", _NORMAL_CHANGE),
        ("RoutineChange", _ROUTINE_CHANGE),
        ("EmergencyChange", _EMERGENCY_CHANGE),
    )
}
CLASSES = tuple(TRANSITIONS)
TICKET_CLASSES = frozenset({*CLASSES, "Ticket", "Problem", "Change", "ApprovedChange"})
"""All that are tickets in the data model as it is delivered, those without a life here among them."""


def states(class_name: str) -> tuple[str, ...]:
    """The states of a class, in the order in which a ticket usually meets them. Raises KeyError."""
    rows = TRANSITIONS[class_name]
    return tuple(dict.fromkeys(["new", *(state for row in rows for state in (row.source, row.target))]))


def step(class_name: str, source: str, stimulus: str) -> Transition | None:
    """The transition of that stimulus from that state, if there is one. Raises KeyError for an unknown class."""
    fitting = (row for row in TRANSITIONS[class_name] if (row.source, row.stimulus) == (source, stimulus))
    return next(fitting, None)


def path(class_name: str, source: str, target: str, *, decide: bool = False) -> tuple[Transition, ...]:
    """The shortest allowed way from one state to another; empty where they are the same.

    Internal stimuli are used only where there is no other way, and then as few as can be. Without `decide` no approval,
    validation or rejection is given: a ticket that waits for one stays where it is. Raises NoPath.
    """
    if class_name not in TRANSITIONS:
        raise NoPath(gettext("The life of {class_name} is not known.").format(class_name=class_name[:60]))
    known = states(class_name)
    for state in (source, target):
        if state not in known:
            raise NoPath(
                gettext("{class_name} has no state {state!r}.").format(class_name=class_name, state=state[:60])
            )
    waiting: list[tuple[int, int, int, str, tuple[Transition, ...]]] = [(0, 0, 0, source, ())]
    reached: set[str] = set()
    number = 0  # of equally good ways the one that stands first in the table
    while waiting:
        internal, length, _, state, way = heappop(waiting)
        if state == target:
            return way
        if state in reached:
            continue
        reached.add(state)
        for row in TRANSITIONS[class_name]:
            if row.source == state and (decide or row.stimulus not in DECISIONS):
                number += 1
                cost = internal + (row.stimulus in INTERNAL)
                heappush(waiting, (cost, length + 1, number, row.target, (*way, row)))
    raise NoPath(_why(class_name, source, target, decide=decide))


def _why(class_name: str, source: str, target: str, *, decide: bool) -> str:
    said = gettext("No stimuli lead a {class_name} from {source} to {target}.")
    values = {"class_name": class_name, "source": source, "target": target}
    if decide:
        return said.format(**values)
    try:
        path(class_name, source, target, decide=True)
    except NoPath:
        return said.format(**values)
    return gettext(
        "No stimuli lead a {class_name} from {source} to {target} unless somebody decides: approval, validation or "
        "rejection."
    ).format(**values)
