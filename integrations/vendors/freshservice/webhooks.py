"""Webhooks of Freshservice's Workflow Automator. Source: public receivers and set-up guides (fact sheet, section 10).

The admin writes the body by hand, so it may look like anything: wrapped or bare, the id as a number, as text or as
`INC-123`, and broken where a subject with a quote was put into it. Only the ticket's id is taken from it. There is no
signature, no delivery id and no time; the sender shows the secret itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from integrations.texts import gettext
from integrations.texts import gettext_lazy as _
from integrations.vendors.webhooks import Hint, Instruction, Received, Unreadable, Webhooks

EVENTS = (("ticket", _("A ticket changed")),)
WRAPPINGS = ("freshservice_webhook", "freshdesk_webhook")
KEYS = (  # in the order in which they are believed
    *("ticket_id_numeric", "id_numeric", "ticket_id", "ticketid", "ticket_number", "ticketnumber"),
    *("ticket", "display_id", "id"),
)
RECOMMENDED = '{"ticket_id":"{{ticket.id_numeric}}","event":"ticket_updated"}'
LARGEST = 2**63 - 1
_ID = re.compile(r"\s*(?:(?:INC|SR)-|#)?\s*([0-9]{1,19})\s*", re.IGNORECASE)
_BROKEN = {
    key: re.compile(rf'"{key}"\s*:\s*"?((?:(?:INC|SR)-|#)?[0-9]{{1,19}})\s*["\s,}}]', re.IGNORECASE) for key in KEYS
}

_NO_TICKET = f"The body names no ticket: it needs ticket_id, as in {RECOMMENDED}."
_NOT_AN_ID = "The ticket's id in the body is not a number, INC-… or SR-…."
_PLACEHOLDER = "The placeholder of the ticket's id was sent as it stands: pick it from the automator's own list."


def parse(received: Received) -> list[Hint]:
    """One hint at the ticket that a call names. Raises Unreadable."""
    return [Hint(f"ticket:{_ticket_in(received.body)}")]


def _ticket_in(body: bytes) -> int:
    try:
        value = json.loads(body, object_pairs_hook=_first_counts)
    except (ValueError, RecursionError):
        return _ticket_in_broken(body.decode("utf-8", "replace"))
    if not isinstance(value, dict):
        raise Unreadable("The body is not a JSON object.")
    for name in WRAPPINGS:
        if isinstance(value.get(name), dict):
            value = value[name]
            break
    return _ticket_of(value)


def _first_counts(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two members of one name the first: a subject may bring another along, later in the body."""
    members: dict[str, Any] = {}
    for name, value in pairs:
        members.setdefault(name.lower(), value)
    return members


def _ticket_of(members: dict[str, Any]) -> int:
    inner = members.get("ticket")
    if isinstance(inner, dict):
        members = {**members, "ticket": None, **{name: inner[name] for name in KEYS if name in inner}}
    given = [members[name] for name in KEYS if members.get(name) not in (None, "")]
    for value in given:
        if (number := _number(value)) is not None:
            return number
    if any(isinstance(value, str) and "{{" in value for value in given):
        raise Unreadable(_PLACEHOLDER)
    raise Unreadable(_NOT_AN_ID if given else _NO_TICKET)


def _ticket_in_broken(text: str) -> int:
    """A quote or a line break in a text field breaks the JSON; the ticket's id stands there all the same."""
    for pattern in _BROKEN.values():
        if (found := pattern.search(text)) and (number := _number(found[1])) is not None:
            return number
    raise Unreadable(f"The body is not JSON, and no ticket_id can be found in it: send {RECOMMENDED}, without texts.")


def _number(value: Any) -> int | None:
    if isinstance(value, str):
        found = _ID.fullmatch(value)
        value = int(found[1]) if found else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value <= LARGEST else None


def instructions(address: Callable[[str], str]) -> list[Instruction]:
    """How an admin of Freshservice sets the automators up; they cannot be made by the API."""
    return [
        Instruction(
            gettext("An agent for the portal"),
            gettext(
                "Make an agent that only the portal uses, with the right to read all tickets concerned. Its API key "
                "(under its profile settings) belongs to this connection."
            ),
        ),
        Instruction(
            gettext("A new automator for each workspace"),
            gettext(
                "Open Admin → Automation & Productivity → Workflow Automator, pick the workspace, then New Automator → "
                "Event based → module Ticket. Repeat all steps in every workspace that is to be read."
            ),
        ),
        Instruction(
            gettext("Events"),
            gettext(
                "Choose: Ticket is raised, Ticket is updated, Note is added, Reply is sent. Each that is left out is "
                "found by the catch-up only."
            ),
        ),
        Instruction(
            gettext("Condition"),
            gettext(
                "Leave out what the portal does itself: the event is not performed by the agent made for the portal."
            ),
        ),
        Instruction(
            gettext("Action"),
            gettext("Choose Trigger Webhook, request type POST, and this callback URL:"),
            address(EVENTS[0][0]),
        ),
        Instruction(
            gettext("Secret"),
            gettext(
                "Add this custom header with the webhook secret of this connection. Where custom headers are not "
                "offered, choose Basic authentication: any user name, and the secret as the password."
            ),
            "X-Webhook-Secret: …",
        ),
        Instruction(
            gettext("Content"),
            gettext(
                "Choose encoding JSON and content Advanced, and paste this. Do not add subject, description or notes: "
                "a quote in them would break the body."
            ),
            RECOMMENDED,
        ),
        Instruction(
            gettext("Activate and look"),
            gettext(
                "Activate the automator and change a ticket. The automator's execution log shows the answer: 202 is "
                "right, 401 or 403 means the secret."
            ),
        ),
    ]


WEBHOOKS = Webhooks(events=EVENTS, parse=parse, instructions=instructions)
