"""The configuration as a TOML file that `apply_config` reads again. Secrets stay here: their places name variables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from integrations.core import registry
from integrations.core.models import ApiToken, Client, Connection, Integration
from integrations.core.opening import WEBHOOK_SECRET
from integrations.core.streams import declared_streams


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
        "streams": {
            row.slug: {"enabled": row.is_enabled, "interval_minutes": row.interval_minutes}
            for row in declared_streams(integration)
        },
    }


def _options(integration: Integration) -> dict[str, Any]:
    model = next((kind.options for kind in registry.kinds() if kind.slug == integration.kind), None)
    row = model._default_manager.filter(pk=integration.pk).first() if model else None
    if row is None:
        return {}
    fields = [f for f in row._meta.concrete_fields if f.editable and not f.primary_key]
    return {f.name: value for f in fields if (value := f.value_from_object(row)) is not None}


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
    if isinstance(value, Iterable):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    raise TypeError(f"a {type(value).__name__} has no place in a configuration file")
