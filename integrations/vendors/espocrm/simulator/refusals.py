"""How EspoCRM refuses: a status, a sentence in a header, and seldom a body."""

from __future__ import annotations

from typing import Any

from integrations.vendors.simulation import Reply

JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html; charset=UTF-8"}


class Refused(Exception):
    """Raised by whatever cannot carry out a call."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.headers.get("X-Status-Reason", str(reply.status)))
        self.reply = reply


def refused(status: int, reason: str) -> Refused:
    """With a sentence and no body."""
    return Refused(Reply(status, b"", {**JSON, "X-Status-Reason": reason}))


def invalid(entity: str, field: str, kind: str) -> Refused:
    """Only the first field that fails is named, never which of its values."""
    told = {"label": "validationFailure", "scope": None, "data": {"field": field, "type": kind}}
    reply = Reply.of({"messageTranslation": told}, status=400)
    reason = f"Field validation failure; entityType: {entity}, field: {field}, type: {kind}."
    return Refused(Reply(400, reply.body, {**reply.headers, "X-Status-Reason": reason}))


def conflict(reason: str, body: Any) -> Refused:
    reply = Reply.of(body, status=409)
    return Refused(Reply(409, reply.body, {**reply.headers, "X-Status-Reason": reason}))


def unknown_login(*, nothing_shown: bool) -> Reply:
    return Reply(401, b"", {**HTML, "WWW-Authenticate": 'Basic realm=""'} if nothing_shown else HTML)


def blocked() -> Reply:
    """Neither a body nor a reason: also for whoever has a valid key."""
    return Reply(403, b"", HTML)


def broken_json() -> Reply:
    return Reply(500, b"", JSON)
