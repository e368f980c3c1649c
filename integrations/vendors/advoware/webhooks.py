"""Hints that a party's contact data changed. The vendor describes no webhook, so whatever runs at the firm sends them:
a script beside the database, or another program. Without them the poll finds the change. Source: fact sheet, section 4.

A call is `{"betnr": 12345}`, or a list of such; only the number is taken from it, and the sender shows the secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from integrations.texts import gettext
from integrations.texts import gettext_lazy as _
from integrations.vendors.webhooks import Hint, Instruction, Received, Unreadable, Webhooks

EVENTS = (("party", _("A party's contact data changed")),)
EXAMPLE = '{"betnr": 12345}'
MOST_HINTS = 500  # of one body
LARGEST = 2**63 - 1
_ID = re.compile(r"\s*([0-9]{1,19})\s*")
_NO_PARTY = f"The body names no party: it needs betnr, as in {EXAMPLE}."
_NOT_A_NUMBER = "The betnr in the body is not the number of a party."


def parse(received: Received) -> list[Hint]:
    """A hint, `party:12345`, for each party that a call names. Raises Unreadable."""
    value = received.json()
    if not isinstance(value, list):
        return [Hint(f"party:{_betnr_of(value)}")]
    if not value or len(value) > MOST_HINTS:
        raise Unreadable(f"The body is a list of {len(value)} parts; from 1 to {MOST_HINTS} can be read.")
    hints = [_hint_of(one) for one in value]
    if all(hint.ignored for hint in hints):
        raise Unreadable(hints[0].ignored)
    return hints


def _hint_of(value: Any) -> Hint:
    """One of several; what cannot be read among others is kept with a sentence."""
    part = json.dumps(value).encode()
    try:
        return Hint(f"party:{_betnr_of(value)}", body=part)
    except Unreadable as unreadable:
        return Hint("not understood", ignored=str(unreadable), body=part)


def _betnr_of(value: Any) -> int:
    if not isinstance(value, dict):
        raise Unreadable(_NO_PARTY)
    given = next((one for name, one in value.items() if name.strip().lower() == "betnr"), None)
    if given in (None, ""):
        raise Unreadable(_NO_PARTY)
    if isinstance(given, str):
        found = _ID.fullmatch(given)
        given = int(found[1]) if found else None
    if isinstance(given, bool) or not isinstance(given, int) or not 0 < given <= LARGEST:
        raise Unreadable(_NOT_A_NUMBER)
    return given


def instructions(address: Callable[[str], str]) -> list[Instruction]:
    """What whoever looks after the firm's server sets up; nothing of it is needed for the poll."""
    return [
        Instruction(
            gettext("Who sends"),
            gettext(
                "Advoware sends nothing by itself: the portal asks for every party in turn. A hint has it ask for one "
                "at once. Anything at the firm may send it, such as a scheduled script that sees changed contact data."
            ),
        ),
        Instruction(gettext("Address"), gettext("POST to this address:"), address(EVENTS[0][0])),
        Instruction(
            gettext("Headers"),
            gettext("With the webhook secret of this connection."),
            "Content-Type: application/json\nX-Webhook-Secret: …",
        ),
        Instruction(
            gettext("Body"),
            gettext(
                "The party's number alone, or a list of such. Send no names, numbers or addresses: they are read from "
                "Advoware itself."
            ),
            EXAMPLE,
        ),
        Instruction(
            gettext("Look"),
            gettext(
                "Send one. 202 is right, 401 or 403 means the secret; the inbox of this connection shows what arrived. "
                "What is lost is found by the poll."
            ),
        ),
    ]


WEBHOOKS = Webhooks(events=EVENTS, parse=parse, instructions=instructions)
