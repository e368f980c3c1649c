"""The data model of the simulated iTop: classes and their attributes, in the order in which iTop shows them.

Source: a ticket recorded with all its fields; of other classes what the bridge needs (fact sheet, sections 2 to 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Attribute:
    """`kind` is text, html, enum, key, date, log, file, plain (shown as it is stored), or read (of another attribute).

    A key points to `of`, a class. What is read is `of`, a path: `caller_id.name`. `longest` is in characters.
    """

    name: str
    kind: str = "text"
    of: str = ""
    values: tuple[str, ...] = ()
    default: Any = ""
    longest: int = 0
    is_required: bool = False

    @property
    def label(self) -> str:
        named = {"org_id": "Organization", "caller_id": "Caller"}
        return named.get(self.name, self.name.replace("_", " ").capitalize())


def _key(name: str, of: str, *, is_required: bool = False) -> Attribute:
    return Attribute(name, "key", of, default=0, is_required=is_required)


def _read(name: str, of: str) -> Attribute:
    return Attribute(name, "read", of)


def _enum(name: str, values: str, default: str = "") -> Attribute:
    return Attribute(name, "enum", values=tuple(values.split("|")), default=default)


def _plain(name: str, default: Any) -> Attribute:
    return Attribute(name, "plain", default=default)


def _dates(*names: str) -> tuple[Attribute, ...]:
    return tuple(Attribute(name, "date") for name in names)


def _texts(*names: str) -> tuple[Attribute, ...]:
    return tuple(Attribute(name) for name in names)


_LEVELS = "1|2|3|4"
_TICKET = (
    _enum("operational_status", "ongoing|resolved|closed", "ongoing"),
    Attribute("ref"),
    _key("org_id", "Organization", is_required=True),
    _read("org_name", "org_id.name"),
    _key("caller_id", "Person"),
    _read("caller_name", "caller_id.name"),
    _key("team_id", "Team"),
    _read("team_name", "team_id.name"),
    _read("team_email", "team_id.email"),
    _key("agent_id", "Person"),
    _read("agent_name", "agent_id.name"),
    Attribute("title", longest=255, is_required=True),
    Attribute("description", "html"),
    *_dates("start_date", "end_date", "last_update", "close_date"),
    Attribute("private_log", "log"),
    *(_plain(name, []) for name in ("contacts_list", "functionalcis_list", "workorders_list")),
)
_SERVICE = (
    _key("service_id", "Service"),
    _read("service_name", "service_id.name"),
    _key("servicesubcategory_id", "ServiceSubcategory"),
    _read("servicesubcategory_name", "servicesubcategory_id.name"),
    _enum("escalation_flag", "no|yes", "no"),
    Attribute("escalation_reason"),
    *_dates("assignment_date", "resolution_date", "last_pending_date"),
    *(_plain(name, 0) for name in ("cumulatedpending", "tto", "ttr")),
    Attribute("tto_escalation_deadline", "date"),
    _enum("sla_tto_passed", "no|yes", "no"),
    _plain("sla_tto_over", None),
    Attribute("ttr_escalation_deadline", "date"),
    _enum("sla_ttr_passed", "no|yes", "no"),
    _plain("sla_ttr_over", None),
    Attribute("time_spent"),
    _enum(
        "resolution_code",
        "assistance|bug fixed|hardware repair|other|software patch|system update|training",
        "assistance",
    ),
    *_texts("solution", "pending_reason"),
)
_URGENCY = (
    _enum("impact", "1|2|3", "1"),
    _enum("priority", _LEVELS, "4"),
    _enum("urgency", _LEVELS, "4"),
    _enum("origin", "mail|monitoring|phone|portal", "phone"),
)


def _parent(kind: str, of: str) -> tuple[Attribute, ...]:
    return _key(f"parent_{kind}_id", of), _read(f"parent_{kind}_ref", f"parent_{kind}_id.ref")


_REQUEST_STATES = (
    "new|escalated_tto|waiting_for_approval|approved|rejected|assigned|escalated_ttr|pending|resolved|closed"
)
_USER_REQUEST = (
    _enum("status", _REQUEST_STATES, "new"),
    _enum("request_type", "incident|service_request", "service_request"),
    *_URGENCY,
    _key("approver_id", "Person"),
    _read("approver_email", "approver_id.email"),
    *_SERVICE,
    *_parent("request", "UserRequest"),
    *_parent("incident", "Incident"),
    *_parent("problem", "Ticket"),
    *_parent("change", "Change"),
    _plain("related_request_list", []),
    Attribute("public_log", "log"),
    _enum("user_satisfaction", _LEVELS, "1"),
    Attribute("user_comment"),
)
_INCIDENT = (
    _enum("status", "new|escalated_tto|assigned|escalated_ttr|pending|resolved|closed", "new"),
    *_URGENCY,
    *_SERVICE,
    *_parent("incident", "Incident"),
    *_parent("problem", "Ticket"),
    *_parent("change", "Change"),
    Attribute("public_log", "log"),
    _enum("user_satisfaction", _LEVELS, "1"),
    Attribute("user_comment"),
)
_CHANGE = (
    _enum(
        "status",
        "new|validated|rejected|assigned|plannedscheduled|approved|notapproved|implemented|monitored|closed",
        "new",
    ),
    *_texts("reason", "impact"),
    _enum("outage", "no|yes", "no"),
    Attribute("fallback"),
    _key("supervisor_group_id", "Team"),
    _key("supervisor_id", "Person"),
    _key("manager_group_id", "Team"),
    _key("manager_id", "Person"),
    *_dates("creation_date", "acceptance_date", "approval_date"),
    *_texts("acceptance_comment", "approval_comment"),
)
_HUNG = (
    Attribute("expire", "date"),
    Attribute("temp_id"),
    Attribute("item_class"),
    Attribute("item_id", "text", default="0"),
    Attribute("item_org_id", "text", default="0"),
    Attribute("contents", "file", default=None),
)
_CONTACT = (
    Attribute("name"),
    _enum("status", "active|inactive", "active"),
    _key("org_id", "Organization"),
    *_texts("email"),
)

OWN: dict[str, tuple[str, tuple[Attribute, ...]]] = {  # by class: the one above it, and its own attributes
    "Ticket": ("", _TICKET),
    "UserRequest": ("Ticket", _USER_REQUEST),
    "Incident": ("Ticket", _INCIDENT),
    "Change": ("Ticket", _CHANGE),
    "NormalChange": ("Change", ()),
    "RoutineChange": ("Change", ()),
    "EmergencyChange": ("Change", ()),
    "Organization": ("", (Attribute("name"), Attribute("code"), _enum("status", "active|inactive", "active"))),
    "Contact": ("", _CONTACT),
    "Person": ("Contact", (Attribute("first_name"),)),
    "Team": ("Contact", ()),
    "Service": ("", (Attribute("name"), _key("org_id", "Organization"))),
    "ServiceSubcategory": ("", (Attribute("name"),)),
    "Attachment": (
        "",
        (*_HUNG, Attribute("creation_date", "date"), _key("user_id", "User"), _key("contact_id", "Person")),
    ),
    "InlineImage": ("", (*_HUNG, Attribute("secret"))),
    "User": ("", (Attribute("login"), _key("contactid", "Person"))),
    "UserLocal": ("User", ()),
    "CMDBChangeOp": ("", (Attribute("date", "date"), *_texts("userinfo", "objclass", "objkey", "operation"))),
    "EventWebhook": ("", (Attribute("date", "date"), *_texts("message", "action", "trigger"))),
}
_OBSOLESCENT = frozenset({"Organization", "Person", "Team"})


@cache
def above(class_name: str) -> list[str]:
    """The class, and those above it."""
    found = [class_name]
    while parent := OWN[found[-1]][0]:
        found.append(parent)
    return found


@cache
def below(class_name: str) -> list[str]:
    """The class, and those below it."""
    return [name for name in OWN if class_name in above(name)]


def root_of(class_name: str) -> str:
    """The class whose ids it shares."""
    return above(class_name)[-1]


@cache
def attributes(class_name: str) -> dict[str, Attribute]:
    """All attributes of a class by name, those of the classes above it first; `id` is none of them."""
    own = [one for name in reversed(above(class_name)) for one in OWN[name][1]]
    tail = [_read("finalclass", "class"), _read("friendlyname", "label")]
    if class_name in ("Attachment", "InlineImage"):
        tail = [_read("friendlyname", "label")]
    for one in own:
        if one.kind == "key":
            tail.append(_read(f"{one.name}_friendlyname", f"{one.name}.label"))
            if one.of == "User":
                tail.append(_read(f"{one.name}_finalclass_recall", f"{one.name}.class"))
            if one.of in _OBSOLESCENT:
                tail.append(_plain(f"{one.name}_obsolescence_flag", ""))
            if one.of == "Change":
                tail.append(_read(f"{one.name}_finalclass_recall", f"{one.name}.class"))
    return {one.name: one for one in (*own, *tail)}


def is_ticket(class_name: str) -> bool:
    return root_of(class_name) == "Ticket"


PRIORITIES = {  # by impact, then urgency
    "1": {"1": "1", "2": "1", "3": "2", "4": "4"},
    "2": {"1": "1", "2": "2", "3": "3", "4": "4"},
    "3": {"1": "2", "2": "3", "3": "3", "4": "4"},
}
