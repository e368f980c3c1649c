"""What the placeholders of a webhook's payload become (the table of the fact sheet, section 7)."""

from __future__ import annotations

import json
import re
from typing import Any

from .markup import text_of
from .triggers import Action, Event, Trigger
from .world import World

UNDEFINED = "undefined"  # in English; it follows the language of the action
_PLACEHOLDER = re.compile(r"\$([A-Za-z_]+(?:->[A-Za-z_0-9]+(?:\([a-z_]*\))?){0,2})\$")
_LABELS = {
    "status": {"new": "New", "assigned": "Assigned", "pending": "Pending", "resolved": "Resolved", "closed": "Closed"},
    "priority": {"1": "Critical", "2": "High", "3": "Medium", "4": "Low"},
}


class Filling:
    """Fills one payload for one event."""

    def __init__(self, world: World, event: Event, trigger: Trigger, action: Action) -> None:
        self._world, self._event, self._trigger, self._action = world, event, trigger, action

    def body(self, *, parses_first: bool) -> str | None:
        """The payload as it is sent; None where the values broke its JSON, and so nothing is sent."""
        if parses_first:
            return _as_php(self._inside(json.loads(self._action.payload)))
        pasted = self.text(self._action.payload)
        try:
            json.loads(pasted)
        except ValueError:
            return None
        return pasted

    def text(self, template: str) -> str:
        """With what is known filled in; all else stays as it is written."""
        return _PLACEHOLDER.sub(lambda found: self._value(found[1], found[0]), template)

    def _inside(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._inside(one) for one in value]
        return {name: self._inside(one) for name, one in value.items()} if isinstance(value, dict) else value

    def _value(self, name: str, written: str) -> str:
        subject, _, rest = name.partition("->")
        found = self._of_object(rest) if subject == "this" else self._of_others().get(name)
        return written if found is None else found

    def _of_others(self) -> dict[str, str]:
        account = self._event.actor.account
        return {
            "current_user->login": account.login,
            "current_contact->friendlyname": account.name,
            "current_contact_id": str(account.contact_id),
            "trigger->description": self._trigger.description,
            "trigger->finalclass": _FINAL_CLASSES[self._trigger.kind],
            "action->name": self._action.name,
            "APP_URL": self._world.root,
        }

    def _of_object(self, rest: str) -> str | None:
        record, world = self._event.record, self._world
        first, _, second = rest.partition("->")
        called = re.fullmatch(r"([a-z_]+)\(([a-z_]*)\)", first)
        if called:
            return self._called(called[1], called[2])
        if first == "id":
            return str(record["id"])
        attribute = world.attributes(record["class"]).get(first)
        if attribute is None:
            return None
        if second:
            if attribute.kind != "key":
                return None
            target = world.target(record, first)
            if target is None:
                return UNDEFINED
            return world.label(target) if second == "friendlyname" else _maybe(target.get(second))
        if attribute.kind == "log":
            return _whole_log(record[first])
        return str(world.shown(record, first))

    def _called(self, function: str, name: str) -> str | None:
        record, world = self._event.record, self._world
        if function == "url":
            return f"{world.root}pages/UI.php?operation=details&class={record['class']}&id={record['id']}"
        if name not in world.attributes(record["class"]):
            return None
        value = record[name] if name in record else world.shown(record, name)
        if function == "label":
            return _LABELS.get(name, {}).get(str(value), str(value))
        if function == "text":
            return text_of(str(value))
        if function == "html":
            return f'<div class="HTML ibo-is-html-content" >{value}</div>'
        if function in ("head", "head_html") and isinstance(value, list):
            return str(value[-1]["message" if function == "head" else "message_html"]) if value else ""
        return None


_FINAL_CLASSES = {
    "create": "TriggerOnObjectCreate",
    "update": "TriggerOnObjectUpdate",
    "delete": "TriggerOnObjectDelete",
    "state_enter": "TriggerOnStateEnter",
    "state_leave": "TriggerOnStateLeave",
}


def _maybe(value: Any) -> str | None:
    return None if value is None else str(value)


def _whole_log(entries: list[dict[str, Any]]) -> str:
    """Newest first, each under a line that names its date and its author."""
    lines = (f"\n========== {one['date']} : {one['user_login']} ({one['user_id']}) ============\n" for one in entries)
    return "".join(f"{line}\n{one['message']}" for line, one in reversed(list(zip(lines, entries, strict=True))))


def _as_php(value: Any) -> str:
    """JSON as PHP writes it: no blanks, slashes and everything beyond ASCII escaped."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/")
