"""What is remembered of one attempt of one call: redacted before it exists, so that no keeper can leak it."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from integrations.transport.redaction import MASK, Redactor, is_sensitive_name

BODY_LIMIT = 20_000  # characters of a body that are kept

_FORM = "x-www-form-urlencoded"
_TEXTUAL = ("json", "text", "xml", "javascript", _FORM)


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One attempt, as the call log stores it. `status` is None when no whole answer came; `error` says why."""

    at: datetime
    method: str
    host: str
    route: str
    query: str
    status: int | None
    error: str
    duration_ms: int
    request_headers: Mapping[str, str]
    request_body: str
    response_headers: Mapping[str, str]
    response_body: str
    about: str
    attempt: int


def body_for_record(body: Sized | None, content_type: str, redactor: Redactor) -> str:
    """The redacted beginning of a body; of one that is no text only its size and type."""
    if not body:
        return ""
    if not isinstance(body, bytes):
        return f"({len(body)} bytes, made while they were sent)"
    if content_type and not any(kind in content_type.lower() for kind in _TEXTUAL):
        return f"({len(body)} bytes of {redactor.text(content_type)[:100]})"
    # A slice a little longer than the limit: the cut must see whole secrets that begin before it.
    text = body[: BODY_LIMIT * 8].decode("utf-8", "replace")
    return redactor.cut(_form(text) if _FORM in content_type.lower() else text, BODY_LIMIT)


def _form(text: str) -> str:
    """A form as a person reads it; decoded, so that what is secret by name is found inside its fields too."""
    fields = parse_qsl(text, keep_blank_values=True)
    return "&".join(f"{name}={MASK if is_sensitive_name(name) else value}" for name, value in fields)
