"""The connections of a file, checked against what their vendor declares."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from integrations.core import registry
from integrations.core.crypto import UnreadableSecret
from integrations.core.models import Client, Connection
from integrations.core.opening import WEBHOOK_SECRET, is_anothers_secret, secrets_that_differ, set_secrets
from integrations.vendors import Field, Vendor

from .reading import Table
from .settling import Change, settle


def find_connection(client: Client, slug: str) -> Connection | None:
    """The client's own connection of that slug, else the house's."""
    own = Connection.objects.filter(client=client, slug=slug).first()
    found: Connection | None = own or Connection.objects.filter(client=None, slug=slug).first()
    return found


class ConnectionApplier:
    def __init__(self, plan: list[Change], by: str) -> None:
        self.plan = plan
        self.by = by

    def apply(self, table: Table, client: Client | None) -> None:
        slug, vendor_slug = table.name(), table.name("vendor")
        what = f"connection {client.slug if client else 'house'}/{slug}"
        row = Connection.objects.filter(client=client, slug=slug).first() or Connection(client=client, slug=slug)
        try:
            vendor = registry.vendor(vendor_slug)
        except KeyError as error:
            table.problem(f"{what}: {error.args[0]}.", "vendor")
            return
        if row.vendor and row.vendor != vendor_slug:
            table.problem(f"{what} is of {row.vendor}; a vendor cannot be changed, use another slug.", "vendor")
            return
        wanted: dict[str, Any] = {"vendor": vendor_slug} | self._plain(table, row, vendor)
        secrets = self._credentials(table, row, vendor, wanted, what)
        wanted["settings"] = row.settings | self._settings(table, vendor, what)
        table.finish()
        details = self._set_secrets(table, row, secrets, what)
        was_new, before = row._state.adding, (row.base_url, row.identity)
        change = settle(table, row, what, wanted, more=details, skip=["credentials"])
        if change is None:
            return
        self.plan.append(change)
        if not was_new and (details or before != (row.base_url, row.identity)):
            # What another address or account told us, and how it fared, says nothing about this one.
            Connection.objects.filter(pk=row.pk).update(facts={}, health=Connection.Health.UNKNOWN, health_cause="")

    def _plain(self, table: Table, row: Connection, vendor: Vendor) -> dict[str, Any]:
        base_url = table.text("base_url")
        if base_url is None and row._state.adding:
            base_url = vendor.base_url_default
        if base_url:
            base_url = base_url.strip().rstrip("/")
            parts = urlsplit(base_url)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
                table.problem("base_url must be a whole address without a name or password in it.", "base_url")
        given = {
            "base_url": base_url,
            "environment": table.text("environment"),
            "allow_private_address": table.flag("allow_private_address"),
            "is_paused": table.flag("paused"),
            "call_log_level": table.text("call_log_level"),
        }
        return {name: value for name, value in given.items() if value is not None}

    def _credentials(
        self, table: Table, row: Connection, vendor: Vendor, wanted: dict[str, Any], what: str
    ) -> dict[str, str]:
        """The given secrets by name; what is not secret goes into the wanted identity."""
        inner = table.table("credentials")
        values = {declared.name: inner.secret(declared.name) for declared in vendor.credentials}
        inner.finish()
        secret_names = vendor.secret_names()
        known = row.identity.keys() | row.credentials_set.keys()
        for declared in vendor.credentials:
            if declared.required and declared.name not in inner.values and declared.name not in known:
                inner.problem(f"{what}: the credential {declared.name} is missing.")
        given = {name: value for name, value in values.items() if value}
        wanted["identity"] = row.identity | {name: given[name] for name in given if name not in secret_names}
        secrets = {name: given[name] for name in given if name in secret_names}
        if webhook := table.secret("webhook_secret"):
            if is_anothers_secret(row, webhook):
                table.problem(f"{what}: another connection has this webhook secret; each needs one of its own.")
            secrets[WEBHOOK_SECRET] = webhook
        return secrets

    def _settings(self, table: Table, vendor: Vendor, what: str) -> dict[str, Any]:
        inner = table.table("settings")
        given = {d.name: inner.plain(d.name) for d in vendor.settings if d.name in inner.values}
        inner.taken |= {declared.name for declared in vendor.settings}
        inner.finish()
        for declared in vendor.settings:
            if declared.name in given and not _is_choice(declared, given[declared.name]):
                choices = ", ".join(value for value, _ in declared.choices)
                inner.problem(f"{what}: {declared.name} must be one of {choices}.", declared.name)
            elif declared.name in given and (problem := _problem(declared, given[declared.name])):
                inner.problem(f"{what}: {declared.name}: {problem}", declared.name)
        return given

    def _set_secrets(self, table: Table, row: Connection, given: dict[str, str], what: str) -> list[str]:
        """Seal what is new or different; the details say which, never what."""
        try:
            different = {name: given[name] for name in sorted(secrets_that_differ(row, given))}
            details = [f"{name}: {'change' if name in row.credentials_set else 'set'}" for name in different]
            if different:
                set_secrets(row, different, by=self.by)
        except UnreadableSecret as error:
            table.problem(f"{what}: its stored secrets cannot be read: {error}.", "credentials")
            return []
        return details


def _problem(declared: Field, value: object) -> str:
    return declared.problem_of(str(value)) if declared.problem_of else ""


def _is_choice(declared: Field, value: object) -> bool:
    return not declared.choices or value in [choice for choice, _ in declared.choices]
