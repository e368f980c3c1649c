"""What a vendor sends by itself: how a call is told from a forged one, and what it says. Plain Python.

A vendor's `webhooks.py` makes one `Webhooks` of it, which its `VENDOR` names. A call is a hint: only which record it is
about is believed, and the record is read anew.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.texts import Text


class Unreadable(ValueError):
    """The body is not what this vendor sends; the message is a sentence that quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Received:
    """One call that came in. `event` is the last part of its address; names of `headers` are in lower case."""

    event: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body as JSON. Raises `Unreadable`."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Unreadable("The body is not JSON.") from None


@dataclass(frozen=True, slots=True)
class Hint:
    """One record that a call says something about. `subject` is like `ticket:123`; hints of one subject collapse.

    With `ignored` it is kept and nothing follows: the sentence says why. With `trouble` the vendor says that it sends
    no more: a sentence for the admin with what to do, shown with the connection until calls come again. `body` is the
    part of an array that this hint was, empty for a call of one hint. `delivery_id` is the vendor's own name of the
    call, where it has one.
    """

    subject: str
    ignored: str = ""
    trouble: str = ""
    body: bytes = field(default=b"", repr=False)
    delivery_id: str = ""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One step of setting up the sender at the vendor: what to do there, and what to paste."""

    title: str
    text: str
    code: str = ""


@dataclass(frozen=True)
class Webhooks:
    """How a vendor's calls are believed and read.

    `events` are what may stand last in the address, each with a label.
    `parse(received)` gives at least one hint; raises `Unreadable`.
    `is_signed(received, secret)` tells whether the call was made by who knows the secret; None for a vendor that sends
    the secret itself: in `X-Webhook-Secret`, or in `Authorization` as a bearer token or a Basic password.
    `headers` are kept with the delivery beside the usual ones; never one that carries a credential.
    `instructions(address)` are the steps for the admin; `address(event)` is where that event is to be sent.
    `paths` are addresses under the portal's root that are fixed in set-ups of long ago, each with its event: there the
    secret alone tells which connection calls, so only vendors that send the secret itself can have them.
    """

    events: tuple[tuple[str, Text], ...]
    parse: Callable[[Received], list[Hint]]
    instructions: Callable[[Callable[[str], str]], list[Instruction]]
    is_signed: Callable[[Received, str], bool] | None = None
    headers: frozenset[str] = frozenset()
    paths: Mapping[str, str] = field(default_factory=dict)


def presented(headers: Mapping[str, str]) -> str:
    """The secret that a call brings along, or nothing."""
    if given := headers.get("x-webhook-secret", ""):
        return given
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""
