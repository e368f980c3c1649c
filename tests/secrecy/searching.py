"""Where secrets could have ended up, and every spelling they could have there."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Iterator

from django.contrib.sessions.models import Session
from django.db import connection
from django_q.models import OrmQ, Task


def spellings(secret: str) -> set[str]:
    """The secret as it stands, and as base64, URL, JSON, HTML or Python would write it."""
    raw = secret.encode()
    found = {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    found |= {urllib.parse.quote(secret), urllib.parse.quote_plus(secret), raw.hex(), repr(raw)[2:-1]}
    found |= {secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")}
    found |= {found_ for shift in range(3) if len(found_ := _inside_base64(raw, shift)) > 8}
    return found


def _inside_base64(raw: bytes, shift: int) -> str:
    """What base64 makes of it when that many bytes stand before it, without the ends that depend on its neighbours."""
    coded = base64.b64encode(b"\0" * shift + raw).decode()
    first = 0 if shift == 0 else 4
    return coded[first:].rstrip("=")[: -1 if len(raw) % 3 else None]


def everything_stored() -> Iterator[tuple[str, str]]:
    """Every value of every table as `(table.column, text)`, also what is packed inside it."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 — our own tables
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
                    yield f"{table}.{column}", text
    yield from ((f"session {session.pk}", json.dumps(session.get_decoded())) for session in Session.objects.all())
    yield from ((f"wake-up {message.pk}", str(message.task)) for message in OrmQ.objects.all())
    yield from ((f"task {task.pk}", f"{task.args} {task.kwargs} {task.result}") for task in Task.objects.all())


def leaks(secrets: dict[str, str], texts: Iterator[tuple[str, str]]) -> list[str]:
    """`name of the secret in place`, for each place that holds a secret in any spelling."""
    wanted = {name: spellings(secret) for name, secret in secrets.items()}
    return [
        f"{name} in {place}"
        for place, text in texts
        for name, written in wanted.items()
        if any(spelling in text for spelling in written)
    ]
