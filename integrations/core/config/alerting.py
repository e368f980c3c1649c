"""Alert channels and rules in a configuration file.

[[alert_channels]]
name = "night watch"
client = "elite"                 # left out: everything, the house's too
minimum_severity = "warning"     # notice, warning, urgent
emails = ["night@example.com"]   # or: url = "https://…", secret = { env = "…" }, allow_private_address = false

[[alert_rules]]
slug = "stream_failing"
threshold = 5
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integrations.core.alerts.delivery import SECRET
from integrations.core.alerts.rules import declared
from integrations.core.crypto import Sealed, UnreadableSecret
from integrations.core.models import AlertChannel, AlertRule, Client, Severity

from .reading import Table
from .settling import Change, settle

_SEVERITIES = {severity.name.lower(): severity.value for severity in Severity}


def apply_channel(table: Table) -> Change | None:
    """Bring the channel of that name to what the table says; None when it was refused."""
    name = table.name("name")
    what = f"alert channel {name}"
    row = AlertChannel.objects.filter(name=name).first() or AlertChannel(name=name)
    slug, severity, secret = table.text("client"), table.text("minimum_severity"), table.secret("secret")
    emails = table.plain("emails")
    given: dict[str, Any] = {
        "emails": "\n".join(map(str, emails)) if isinstance(emails, list) else emails,
        "url": table.text("url"),
        "allow_private_address": table.flag("allow_private_address"),
        "is_enabled": table.flag("enabled"),
        "minimum_severity": _SEVERITIES.get(severity or ""),
    }
    table.finish()
    details = []
    if severity and severity not in _SEVERITIES:
        table.problem(f"{what}: minimum_severity must be one of {', '.join(_SEVERITIES)}.", "minimum_severity")
    if slug is not None:
        client = Client.objects.filter(slug=slug).first()
        if client is None:
            table.problem(f"{what}: there is no client “{slug}”.", "client")
        elif row.client_id != client.pk:
            row.client = client
            details.append(f"client: {slug}")
    details += _secret(table, row, secret, what)
    if given["url"] and not row.secret and "secret" not in table.values:
        table.problem(f"{what}: a webhook is signed; give its secret.", "url")
    return settle(table, row, what, _given(given), more=details, skip=["secret"])


def _secret(table: Table, row: AlertChannel, secret: str | None, what: str) -> list[str]:
    """Seal it where it is new or different; the details say that, never what."""
    if not secret:
        return []
    try:
        stored = row.secret.open().get(SECRET, "")
    except UnreadableSecret as error:
        table.problem(f"{what}: its stored secret cannot be read: {error}.", "secret")
        return []
    if stored == secret:
        return []
    row.secret = Sealed.of({SECRET: secret})
    return ["secret: change" if stored else "secret: set"]


def apply_rule(table: Table) -> Change | None:
    """Bring the rule of that name to what the table says; None when it was refused."""
    slug = table.name()
    given = {"is_enabled": table.flag("enabled"), "threshold": table.plain("threshold")}
    table.finish()
    if slug not in declared():
        table.problem(f"alert rule {slug}: known are {', '.join(declared())}.", "slug")
        return None
    row = AlertRule.objects.filter(slug=slug).first() or AlertRule(slug=slug)
    return settle(table, row, f"alert rule {slug}", _given(given))


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def channels() -> Iterator[tuple[AlertChannel, dict[str, Any]]]:
    """Every channel as a file says it, without its secret."""
    for row in AlertChannel.objects.select_related("client"):
        yield (
            row,
            {
                "name": row.name,
                "client": row.client.slug if row.client else None,
                "minimum_severity": Severity(row.minimum_severity).name.lower(),
                "emails": row.addresses,
                "url": row.url or None,
                "allow_private_address": row.allow_private_address,
                "enabled": row.is_enabled,
            },
        )


def rules() -> Iterator[dict[str, Any]]:
    """The rules that an admin changed."""
    for row in AlertRule.objects.filter(slug__in=declared()):
        if row.threshold is not None or not row.is_enabled:
            yield {"slug": row.slug, "enabled": row.is_enabled, "threshold": row.threshold}
