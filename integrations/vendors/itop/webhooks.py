"""Webhooks of iTop (the module combodo-webhook-integration). Source: fact sheet, section 7, and recorded calls.

The admin writes the body by hand around placeholders: numbers come as texts, "undefined" stands for nothing, a
placeholder that iTop does not know stays as it was written. Only the id is taken from it, and whether it is a ticket's
or an attachment's. There is no signature, no delivery id and no time, nothing is sent twice, and the answer is not
looked at: iTop waits for it inside somebody's click.
"""

from __future__ import annotations

import json
import re
from typing import Any

from integrations.texts import gettext
from integrations.texts import gettext_lazy as _
from integrations.vendors.webhooks import Hint, Received, Unreadable, Webhooks

from .lifecycle import TICKET_CLASSES
from .webhook_setup import ATTACHMENT, EVENTS, PATHS, instructions

MOST_HINTS = 500  # of one body
LARGEST = 2**63 - 1
_ID = re.compile(r"\s*([0-9]{1,19})\s*")
_BROKEN = {
    key: re.compile(rf'"{key}"\s*:\s*"?\s*([0-9]{{1,19}})\s*["\s,}}]', re.IGNORECASE) for key in ("attachment_id", "id")
}
_EXAMPLE = '{"class":"UserRequest","id":"123"}'
_NO_ID = f"The body names no ticket and no attachment: it needs an id, as in {_EXAMPLE}."
_NOT_AN_ID = "The id in the body is not a number."
_LITERAL = "The placeholder of the id was sent as it stands: iTop does not know it for the class of this trigger."
_DRAFT = _("An upload in a form that is not saved yet; iTop sends it again once it is.")


def parse(received: Received) -> list[Hint]:
    """A hint for each object that a call names. Raises Unreadable."""
    try:
        value = json.loads(received.body, object_pairs_hook=_first_counts)
    except (ValueError, RecursionError):
        return [_hint_of_broken(received)]
    if isinstance(value, list):
        return _hints_of_array(value, received.event)
    return [_hint_of(value, received.event)]


def _first_counts(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two members of one name the first: a title may bring another along, later in the body."""
    members: dict[str, Any] = {}
    for name, value in pairs:
        members.setdefault(name.strip().lower(), value)
    return members


def _hints_of_array(values: list[Any], event: str) -> list[Hint]:
    """One by one; what cannot be read among others is kept with a sentence."""
    if not values or len(values) > MOST_HINTS:
        raise Unreadable(f"The body is an array of {len(values)} parts; from 1 to {MOST_HINTS} can be read.")
    hints: list[Hint] = []
    problem = Unreadable(_NO_ID)
    for value in values:
        part = json.dumps(value).encode()
        try:
            hint = _hint_of(value, event)
        except Unreadable as unreadable:
            problem = unreadable
            hint = Hint("not understood", ignored=str(unreadable))
        hints.append(Hint(hint.subject, hint.ignored, body=part))
    if all(hint.subject == "not understood" for hint in hints):
        raise problem
    return hints


def _hint_of(members: Any, event: str) -> Hint:
    if not isinstance(members, dict):
        raise Unreadable("The body is not a JSON object.")
    given = members.get("attachment_id")
    if event != ATTACHMENT and given in (None, ""):
        return _ticket(members)
    number = _number(members.get("id") if given in (None, "") else given)
    item_class, item = members.get("item_class"), members.get("item_id")
    if _is_literal(item_class):
        # A trigger of newer releases runs on the ticket, which has no such attribute: so the id is the ticket's.
        return Hint(f"ticket:{number}")
    subject = f"attachment:{number}"
    if isinstance(item, int | str) and str(item).strip() in ("0", ""):
        return Hint(subject, ignored=str(_DRAFT))
    return _unless_strange(subject, item_class)


def _ticket(members: dict[str, Any]) -> Hint:
    return _unless_strange(f"ticket:{_number(members.get('id'))}", members.get("class"))


def _unless_strange(subject: str, class_name: Any) -> Hint:
    named = class_name.strip() if isinstance(class_name, str) else ""
    if named and not _is_literal(named) and named != "undefined" and named not in TICKET_CLASSES:
        return Hint(subject, ignored=gettext("It is about no ticket, but an object of another class."))
    return Hint(subject)


def _hint_of_broken(received: Received) -> Hint:
    """A quote or a line break in a text breaks the JSON; the id stands there all the same."""
    text = received.body.decode("utf-8", "replace")
    for key, pattern in _BROKEN.items():
        found = pattern.search(text)
        if found and 0 < int(found[1]) <= LARGEST:
            is_attachment = key == "attachment_id" or received.event == ATTACHMENT
            return Hint(f"{'attachment' if is_attachment else 'ticket'}:{int(found[1])}")
    raise Unreadable(f"The body is not JSON, and no id can be found in it: send {_EXAMPLE}, without texts.")


def _number(value: Any) -> int:
    """Raises Unreadable."""
    if value in (None, ""):
        raise Unreadable(_NO_ID)
    if _is_literal(value):
        raise Unreadable(_LITERAL)
    if isinstance(value, str):
        found = _ID.fullmatch(value)
        value = int(found[1]) if found else None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LARGEST:
        raise Unreadable(_NOT_AN_ID)
    return value


def _is_literal(value: Any) -> bool:
    """Whether it is a placeholder that iTop left as it was written."""
    return isinstance(value, str) and value.count("$") >= 2


WEBHOOKS = Webhooks(events=EVENTS, parse=parse, instructions=instructions, paths=PATHS)
