"""What PHP makes of a call's body: the fields of a form, urlencoded or in several parts, and what it drops in
silence."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from integrations.vendors.simulation import Request

SHOWN = 2_000  # characters of a text that the ledger keeps


@dataclass(slots=True)
class Form:
    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def document(self) -> str:
        """The JSON, from a field or else from a file of that name; empty where there is none."""
        return self.fields.get("json_data") or self.files.get("json_data", b"").decode("utf-8", "replace")


def form_of(request: Request, *, largest_upload: int = 0, largest_form: int = 0) -> Form:
    """A JSON body is not read at all; the query may hold fields too, but never credentials."""
    kind = request.headers.get("content-type", "").lower()
    form = Form({name: value for name, value in request.query.items() if not name.startswith("auth_")})
    if largest_form and len(request.body) > largest_form:
        return form
    if kind.startswith("application/x-www-form-urlencoded"):
        form.fields |= dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    elif kind.startswith("multipart/form-data"):
        _read_parts(form, request, largest_upload)
    return form


def _read_parts(form: Form, request: Request, largest_upload: int) -> None:
    head = b"Content-Type: " + request.headers["content-type"].encode() + b"\r\n\r\n"
    for part in BytesParser(policy=HTTP).parsebytes(head + request.body).iter_parts():
        name = str(part.get_param("name", "", "content-disposition"))
        content = part.get_payload(decode=True)
        raw = content if isinstance(content, bytes) else b""
        if part.get_filename() is None:
            form.fields[name] = raw.decode("utf-8", "replace")
        elif not largest_upload or len(raw) <= largest_upload:
            form.files[name] = raw


def parsed(document: str) -> dict[str, Any] | None:
    """The JSON as an object; None for what is none."""
    try:
        value = json.loads(document)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def for_the_ledger(form: Form) -> str:
    """Who asked for what, without passwords and without the contents of files."""
    given = parsed(form.document())
    shown = form.document()[:SHOWN] if given is None else json.dumps(_shortened(given))
    return json.dumps({"auth_user": form.fields.get("auth_user", "")})[:-1] + f', "json_data": {shown or "null"}}}'


def _shortened(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {inner: _shortened(one, inner) for inner, one in value.items()}
    if isinstance(value, list):
        return [_shortened(one) for one in value]
    if name == "password":
        return "***"
    if isinstance(value, str) and (name == "data" or len(value) > SHOWN):
        return value if len(value) <= 100 else f"({len(value)} characters)"
    return value
