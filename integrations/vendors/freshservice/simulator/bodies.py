"""What a write brings along: JSON, or a form of several parts with files named `attachments[]`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from integrations.vendors.simulation import Request

from .refusals import invalid

MOST_BYTES = 40_000_000  # all files of a ticket together
_NUMBERS = frozenset(
    [
        *("status", "priority", "source", "urgency", "impact", "requester_id", "responder_id", "group_id"),
        *("department_id", "workspace_id", "user_id"),
    ]
)
_SWITCHED = frozenset(["private", "incoming"])
_MEMBER = re.compile(r"custom_fields\[(\w+)\]")


@dataclass(slots=True)
class Body:
    """Values by name, and files as (name, type, content)."""

    values: dict[str, Any] = field(default_factory=dict)
    files: list[tuple[str, str, bytes]] = field(default_factory=list)


def body_of(request: Request) -> Body:
    """Raises Refused."""
    content_type = request.headers.get("content-type", "")
    if content_type.lower().startswith("multipart/form-data"):
        return _form(content_type, request.body)
    try:
        values = json.loads(request.body or b"{}")
    except ValueError:
        raise invalid("body", "Request body has invalid json format", "invalid_json") from None
    if not isinstance(values, dict):
        raise invalid("body", "Request body has invalid json format", "invalid_json")
    return Body(values)


def _form(content_type: str, raw: bytes) -> Body:
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + raw)
    body = Body()
    for part in message.iter_parts():
        name = str(part.get_param("name", "", "content-disposition"))
        content = part.get_payload(decode=True)
        data = content if isinstance(content, bytes) else b""
        if name == "attachments[]":
            body.files.append((part.get_filename() or "file", part.get_content_type(), data))
            continue
        text = data.decode("utf-8", "replace")
        if member := _MEMBER.fullmatch(name):
            body.values.setdefault("custom_fields", {})[member[1]] = text
        elif name.endswith("[]"):
            body.values.setdefault(name.removesuffix("[]"), []).append(text)
        else:
            body.values[name] = _typed(name, text)
    return body


def _typed(name: str, text: str) -> Any:
    if name in _NUMBERS and text.isdecimal():
        return int(text)
    if name in _SWITCHED and text in ("true", "false"):
        return text == "true"
    return text
