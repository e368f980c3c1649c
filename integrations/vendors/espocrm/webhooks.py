"""Webhooks of EspoCRM. Source: fact sheet, section 8, and recorded calls.

A body is an array of partial records, up to 50, without an event, an id of the call or a time; what it says of
addresses is the writer's input. So only the ids are taken. It is signed over its bytes with the secret of its webhook;
a call can be repeated by whoever saw it, which does no harm to a hint.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from typing import Any

from integrations.vendors.webhooks import Hint, Received, Unreadable, Webhooks

from .schemas import ID
from .webhook_setup import EVENTS, instructions

SIGNATURE = "signature"
OLD_SIGNATURE = "x-signature"  # to go away with 11.0; believed where the newer one is missing
MOST_HINTS = 500  # of one body; EspoCRM sends 50
_BETWEEN = re.compile(r"[\s,;]+")
_NO_ID = "A record of the body has no id."


def is_signed(received: Received, secret: str) -> bool:
    """Whether the body, byte by byte, was signed with one of these secrets (`webhook_setup`), in hex or raw."""
    given = received.headers.get(SIGNATURE) or received.headers.get(OLD_SIGNATURE) or ""
    try:
        shown = base64.b64decode(given, validate=True).partition(b":")[2]
    except ValueError:
        return False
    digests = [hmac.digest(one.encode(), received.body, hashlib.sha256) for one in _BETWEEN.split(secret) if one]
    # All are compared, so that the time tells nothing about which one fits.
    fits = [hmac.compare_digest(shown, form) for one in digests for form in (one.hex().encode(), one)]
    return any(fits)


def signature(webhook_id: str, secret: str, body: bytes) -> str:
    """What EspoCRM shows in the header Signature."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return base64.b64encode(f"{webhook_id}:{digest}".encode()).decode()


def parse(received: Received) -> list[Hint]:
    """A hint for each record of the body. Raises Unreadable."""
    body = received.json()
    records = body if isinstance(body, list) else [body]
    if not 0 < len(records) <= MOST_HINTS:
        raise Unreadable(f"The body is an array of {len(records)} records; from 1 to {MOST_HINTS} can be read.")
    hints = [_hint_of(one) for one in records]
    if all(hint.ignored for hint in hints):
        raise Unreadable(hints[0].ignored)
    return hints


def _hint_of(record: Any) -> Hint:
    """What cannot be read among others is kept with a sentence."""
    part = json.dumps(record).encode()
    found = record.get("id") if isinstance(record, dict) else None
    if not isinstance(found, str) or not ID.fullmatch(found):
        return Hint("not understood", ignored=_NO_ID, body=part)
    return Hint(f"party:{found}", body=part)


# The signature is not among the kept headers: beside the body it would let a weak secret be guessed.
WEBHOOKS = Webhooks(events=EVENTS, parse=parse, instructions=instructions, is_signed=is_signed)
