"""Autotask's ticket webhooks. Source: the vendor's help (creating a webhook, secret key and payload verification, error
handling) and public receivers (fact sheet, section 15).

A call is signed over its exact bytes. `Guid` names the webhook, not the call, so a call has no name of its own; it
comes up to five times within two minutes. Its fields are as they were then: only the ticket's id is taken.
"""

from __future__ import annotations

import base64
import hmac
from typing import Any

from integrations.texts import Text
from integrations.texts import gettext_lazy as _
from integrations.vendors.webhooks import Hint, Received, Unreadable, Webhooks

from .webhook_setup import DEACTIVATED, TICKET, instructions

EVENTS = ((TICKET, _("A ticket changed")), (DEACTIVATED, _("The webhook was switched off")))
SIGNATURE = "x-hook-signature"
LARGEST = 2**63 - 1
TICKETS = ("ticket", "tickets")  # receivers have seen both

# Why nothing follows from it; empty where something does.
ACTIONS: dict[str, Text] = {
    "update": "",
    "delete": "",
    "create": _("A new ticket is of no run yet; the portal reads those it makes itself."),
}
_OTHER_ENTITY = _("Only tickets are followed; leave the other webhooks of this address out.")
_OTHER_ACTION = _("Only updates and deletions are followed.")
SWITCHED_OFF = _(
    "Autotask has switched its webhook off or deleted it: after 25 failed calls in a row, by hand, or because its "
    "owner is gone. Until it is back, changes of tickets are found by the scheduled validation alone. See that "
    "Autotask can reach the portal, then set the webhook's isActive to true; the last step of the set-up says how."
)


def is_signed(received: Received, secret: str) -> bool:
    """Whether the body, byte by byte, was signed with this secret.

    Unverified: that the call which says that the webhook is off is signed too. Unsigned, it is refused as any other.
    """
    given = received.headers.get(SIGNATURE, "").strip()
    return hmac.compare_digest(given.encode("utf-8", "replace"), signature(received.body, secret).encode())


def signature(body: bytes, secret: str) -> str:
    """What stands in the header, as in the vendor's help. Unverified on a live tenant: that it is base64, not hex."""
    digest = hmac.new(secret.encode(), body, "sha1").digest()
    return f"sha1={base64.b64encode(digest).decode()}"


def parse(received: Received) -> list[Hint]:
    """One hint at the ticket that a call is about, or that the webhook is off. Raises Unreadable.

    The vendor describes nowhere what it sends to the address for deactivations: anything signed will do there, but for
    an ordinary call, which means that the two addresses were mixed up.
    """
    to_the_other = received.event == DEACTIVATED
    try:
        said = _members(received)
    except Unreadable:
        if not to_the_other:
            raise
        said = {}
    action = _word(said.get("action"))
    if action == "deactivated" or (to_the_other and action not in ACTIONS):
        return [Hint("webhook", trouble=str(SWITCHED_OFF))]
    return [_hint(action, _word(said.get("entitytype")), said.get("id"))]


def _members(received: Received) -> dict[str, Any]:
    body = received.json()
    if not isinstance(body, dict):
        raise Unreadable("The body is not a JSON object.")
    return {name.lower(): value for name, value in body.items()}


def _word(value: Any) -> str:
    return value.strip().lower() if isinstance(value, str) else ""


def _hint(action: str, entity: str, given: Any) -> Hint:
    if not action or not entity:
        raise Unreadable("The body does not say what happened (Action) to what (EntityType).")
    number = _number(given)
    if number is None:
        raise Unreadable("The body names no record: its Id is not a number.")
    if entity not in TICKETS:
        return Hint(f"{entity}:{number}", ignored=str(_OTHER_ENTITY))
    return Hint(f"ticket:{number}", ignored=str(ACTIONS.get(action, _OTHER_ACTION)))


def _number(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 19:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value <= LARGEST else None


# The signature is not among the kept headers: beside the body it would let a weak secret be guessed.
WEBHOOKS = Webhooks(events=EVENTS, parse=parse, instructions=instructions, is_signed=is_signed)
