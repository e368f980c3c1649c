"""The configuration as a TOML file that `apply_config` reads again. Secrets stay here: their places name variables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model

from integrations.core import registry
from integrations.core.models import ApiToken, Client, Connection, Integration, Stream
from integrations.core.opening import WEBHOOK_SECRET
from integrations.core.registry import OptionRows
from integrations.core.streams import declared_streams, kind_of

from . import alerting


def export_config() -> str:
    """Everything an admin can configure, as TOML; each secret as `{ env = "CLIENT_CONNECTION_NAME" }`."""
    lines: list[str] = []
    for connection in Connection.objects.filter(client=None):
        lines += _table("connections", _connection(connection))
    for client in Client.objects.order_by("slug"):
        own = {"slug": client.slug, "name": client.name, "time_zone": client.time_zone, "active": client.is_active}
        tokens = ApiToken.objects.filter(client=client, revoked_at=None)
        own["api_tokens"] = [
            {"name": t.name, "token": _variable(client.slug, "token", t.name), "scope": t.scope} for t in tokens
        ]
        lines += _table("clients", own)
        for connection in client.connections.all():
            lines += _table("clients.connections", _connection(connection))
        for integration in client.integrations.all():
            lines += _table("clients.integrations", _integration(integration))
    for channel, values in alerting.channels():
        secret = _variable("alert_channel", channel.name, "secret") if channel.secret else None
        lines += _table("alert_channels", values | {"secret": secret})
    for rule in alerting.rules():
        lines += _table("alert_rules", rule)
    return "\n".join(lines) + "\n"


def _connection(connection: Connection) -> dict[str, Any]:
    owner = connection.owner_slug
    secrets = {name: _variable(owner, connection.slug, name) for name in sorted(connection.credentials_set)}
    webhook = secrets.pop(WEBHOOK_SECRET, None)
    return {
        "slug": connection.slug,
        "vendor": connection.vendor,
        "base_url": connection.base_url,
        "environment": connection.environment,
        "credentials": connection.identity | secrets,
        "settings": connection.settings,
        "webhook_secret": webhook,
        "allow_private_address": connection.allow_private_address,
        "paused": connection.is_paused,
        "call_log_level": connection.call_log_level,
    }


def _integration(integration: Integration) -> dict[str, Any]:
    return {
        "slug": integration.slug,
        "kind": integration.kind,
        "enabled": integration.is_enabled,
        "roles": {row.role: row.connection.slug for row in integration.roles.select_related("connection")},
        "options": _options(integration),
        "streams": {row.slug: _stream(row) for row in declared_streams(integration)},
    }


def _stream(stream: Stream) -> dict[str, Any]:
    declared = kind_of(stream)
    said = {"enabled": stream.is_enabled, "interval_minutes": stream.interval_minutes}
    is_approved = declared is not None and declared.needs_approval and stream.approved_at is not None
    return said | {"approved": True} if is_approved else said


def _options(integration: Integration) -> dict[str, Any]:
    kind = next((kind for kind in registry.kinds() if kind.slug == integration.kind), None)
    row = kind.options._default_manager.filter(pk=integration.pk).first() if kind and kind.options else None
    if kind is None or row is None:
        return {}
    fields = [f for f in row._meta.concrete_fields if f.editable and not f.primary_key]
    options = {f.name: value for f in fields if (value := f.value_from_object(row)) is not None}
    return options | {name: found for name, rows in kind.option_rows.items() if (found := _rows(rows, row))}


def _rows(rows: OptionRows, options: Model) -> list[dict[str, Any]]:
    names = (*rows.keys, *rows.values)
    found = rows.model._default_manager.filter(options=options).order_by(*rows.keys)
    return [dict(zip(names, values, strict=True)) for values in found.values_list(*names)]


def _variable(*parts: str) -> dict[str, str]:
    return {"env": re.sub(r"[^A-Z0-9]+", "_", "_".join(parts).upper())}


# --- writing TOML: only the shapes above ------------------------------------------------------------------------------


def _table(name: str, values: Mapping[str, Any]) -> Iterator[str]:
    indent = "  " * name.count(".")
    yield f"{indent}[[{name}]]"
    for key, value in values.items():
        if value is not None and value not in ({}, []):
            yield f"{indent}{_key(key)} = {_value(value)}"
    yield ""


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None) + " }"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Iterable):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    raise TypeError(f"a {type(value).__name__} has no place in a configuration file")
