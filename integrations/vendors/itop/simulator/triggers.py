"""Triggers and actions of the simulated iTop: what happens to an object, and which actions it runs (fact sheet, section
7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from integrations.vendors.itop import webhook_setup as setup
from integrations.vendors.itop.lifecycle import CLASSES, states

from . import queries
from .accounts import CONSOLE, CRON, PORTAL, Actor
from .model import below
from .world import Record

CREATE, UPDATE, DELETE, ENTER, LEAVE = "create", "update", "delete", "state_enter", "state_leave"
KINDS = (CREATE, UPDATE, DELETE, ENTER, LEAVE)


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to an object. `changed` are the attributes that did, `state` is the one entered or left."""

    kind: str
    record: Record = field(repr=False)
    actor: Actor
    changed: frozenset[str] = frozenset()
    state: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """One webhook action. `payload` is JSON with placeholders, sent as it is written where it is not parsed first."""

    name: str
    path: str
    payload: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """`contexts` and `attributes` are empty for any; `oql` is a filter, with `:current_user->login` and the like."""

    description: str
    kind: str
    target: str
    actions: tuple[str, ...]
    attributes: tuple[str, ...] = ()
    state: str = ""
    contexts: tuple[str, ...] = ()
    oql: str = ""

    def fires(self, event: Event, value: Callable[[str], Any]) -> bool:
        """Whether it runs its actions. `value(name)` shows an attribute of the event's object."""
        if self.kind != event.kind or event.record["class"] not in below(self.target):
            return False
        if self.attributes and not event.changed & set(self.attributes):
            return False
        if self.state and self.state != event.state:
            return False
        if self.contexts and event.actor.context not in self.contexts:
            return False
        return not self.oql or self._passes(event, value)

    def _passes(self, event: Event, value: Callable[[str], Any]) -> bool:
        query = queries.parse(self.oql)
        told = {
            ":current_user->login": event.actor.account.login,
            ":current_user->id": event.actor.account.user_id,
            ":current_contact_id": event.actor.account.contact_id,
        }
        fits = query.fits(lambda name: told[name] if name in told else value(name))
        return fits and event.record["class"] in below(query.class_name)


OWN_CONTEXTS = (CONSOLE, PORTAL, CRON)
_BRIEFS = {  # the payloads as the source document has them
    setup.CREATED: (
        '{"event": "ticket.create", "class": "$this->finalclass$", "id": "$this->id$", "ref": "$this->ref$", '
        '"title": "$this->title$", "description": "$this->description$", "status": "$this->status$", '
        '"caller_id": "$this->caller_id->name$", "org_id": "$this->org_id->name$", '
        '"team_id": "$this->team_id->name$", "operator_id": "$this->agent_id->name$", "priority": "$this->priority$"}'
    ),
    setup.UPDATED: '{"class": "$this->finalclass$", "id": "$this->id$"}',
    setup.ATTACHMENT: (
        '{"event": "attachment.update", "source": "external", "attachment_id": "$this->id$", '
        '"item_class": "$this->item_class$", "item_id": "$this->item_id$"}'
    ),
    setup.LOG: '{"event": "update private log", "id": "$this->id$"}',
    setup.STATE: '{"event": "ticket assigned ", "id": "$this->id$"}',
}


def actions_of(payloads: str) -> dict[str, Action]:
    """The five actions, by name: with the payloads of the `brief`, or with those of the `instructions`."""
    written = _BRIEFS if payloads == "brief" else {one.event: one.payload for one in setup.SETUPS}
    return {event: Action(event, event, written[event]) for event, _ in setup.EVENTS}


def triggers_of(*, own_login: str = "", contexts: tuple[str, ...] = ()) -> list[Trigger]:
    """The triggers that the instructions ask for, for every class; a filter leaves out what `own_login` does."""
    found: list[Trigger] = []

    def add(description: str, kind: str, target: str, action: str, **others: Any) -> None:
        oql = f"SELECT {target} WHERE :current_user->login != '{own_login}'" if own_login else ""
        found.append(Trigger(description, kind, target, (action,), contexts=contexts, oql=oql, **others))

    for name in CLASSES:
        add(f"ticket created {name}", CREATE, name, setup.CREATED)
        add(f"ticket update {name}", UPDATE, name, setup.UPDATED)
        add(f"private log {name}", UPDATE, name, setup.LOG, attributes=("private_log",))
        for state in states(name):
            add(f"{state} {name}", ENTER, name, setup.STATE, state=state)
    for kind in (CREATE, UPDATE, DELETE):
        add(f"attachment {kind}", kind, "Attachment", setup.ATTACHMENT)
    return found
