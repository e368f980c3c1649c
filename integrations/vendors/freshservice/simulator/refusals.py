"""How Freshservice refuses, in the shapes that were recorded."""

from __future__ import annotations

from collections.abc import Iterable

from integrations.vendors.simulation import Reply


class Refused(Exception):
    """Raised by whatever cannot carry out a call."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def invalid(field: str, message: str, code: str = "invalid_value") -> Refused:
    return invalid_all([(field, message, code)])


def invalid_all(problems: Iterable[tuple[str, str, str]]) -> Refused:
    errors = [{"field": field, "message": message, "code": code} for field, message, code in problems]
    return Refused(Reply.of({"description": "Validation failed", "errors": errors}, status=400))


def not_found() -> Refused:
    """Without a body."""
    return Refused(Reply(404))


def not_allowed(method: str, allowed: Iterable[str]) -> Refused:
    names = ", ".join(allowed)
    body = {
        "code": "method_not_allowed",
        "message": f"{method} method is not allowed. It should be one of these method(s): {names}",
    }
    reply = Reply.of(body, status=405)
    return Refused(Reply(405, reply.body, {**reply.headers, "Allow": names}))


def wrong_key() -> Reply:
    body = {"code": "invalid_credentials", "message": "You have to be logged in to perform this action."}
    return Reply.of(body, status=401)


def denied() -> Reply:
    body = {"code": "access_denied", "message": "You are not authorized to perform this action."}
    return Reply.of(body, status=403)


def too_many(seconds: int) -> Reply:
    reply = Reply.of({"message": "You have exceeded the limit of requests per minute"}, status=429)
    return Reply(429, reply.body, {**reply.headers, "Retry-After": str(seconds)})
