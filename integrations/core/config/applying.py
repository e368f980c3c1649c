"""Applying a file: one transaction, in which every row is brought to what the file says and the plan is written down.

A dry run, or any problem, rolls all of it back. So the plan is not a guess at what would be done: it is what was done.
Nothing is ever deleted; what the file does not name stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from integrations.core import registry
from integrations.core.models import ApiToken, Client, Integration, IntegrationRole, Stream
from integrations.core.registry import IntegrationKind, OptionRows
from integrations.core.streams import approve, kind_of, streams_of, withdraw_approval

from .alerting import apply_channel, apply_rule
from .connecting import ConnectionApplier, find_connection
from .reading import ConfigProblems, File, Table
from .settling import Change, settle, shown

__all__ = ["Change", "ConfigProblems", "apply_config"]


def apply_config(
    text: str, *, dry_run: bool = False, by: str = "apply_config", environ: Mapping[str, str] | None = None
) -> list[Change]:
    """Apply the file's text and return the plan, row by row. `by` is who set the secrets.

    Raises `ConfigProblems` with every problem found, and has then changed nothing.
    """
    file = File(text) if environ is None else File(text, environ)
    top = file.top()
    applier = Applier(by)
    with transaction.atomic():
        applier.everything(top)
        file.refuse_if_wrong()
        transaction.set_rollback(dry_run)
    return applier.plan


class Applier:
    def __init__(self, by: str) -> None:
        self.plan: list[Change] = []
        self.by = by
        self.connections = ConnectionApplier(self.plan, by)

    def everything(self, top: Table) -> None:
        for table in top.tables("connections"):
            self.connections.apply(table, None)
        for table in top.tables("clients"):
            self.client(table)
        for table in top.tables("alert_channels"):
            self.note(apply_channel(table))
        for table in top.tables("alert_rules"):
            self.note(apply_rule(table))
        top.finish()

    def client(self, table: Table) -> None:
        slug = table.name()
        client = Client.objects.filter(slug=slug).first() or Client(slug=slug)
        given = {"name": table.text("name"), "time_zone": table.text("time_zone"), "is_active": table.flag("active")}
        stands = self.note(settle(table, client, f"client {slug}", _only_given(given)))
        connections, integrations = list(table.tables("connections")), list(table.tables("integrations"))
        tokens = list(table.tables("api_tokens"))
        table.finish()
        if not stands:
            return
        for inner in connections:
            self.connections.apply(inner, client)
        for inner in integrations:
            self.integration(inner, client)
        for inner in tokens:
            self.token(inner, client)

    def token(self, table: Table, client: Client) -> None:
        name, secret, scope = table.name("name"), table.secret("token"), table.text("scope")
        table.finish()
        if not secret:
            if "token" not in table.values:
                table.problem(f"API token {name}: give its token.")
            return
        what, digest = f"API token {client.slug}/{name}", ApiToken.digest_of(secret)
        token = ApiToken.objects.filter(client=client, name=name).first() or ApiToken(client=client, name=name)
        if token.revoked_at:
            table.problem(f"{what} was revoked; give the new one another name.", "name")
            return
        details = []
        if token.digest != digest:
            details.append("token: change" if token.digest else "token: set")
            token.digest = digest
        self.note(settle(table, token, what, _only_given({"scope": scope}), more=details))

    # --- integrations ---------------------------------------------------------------------------------------------

    def integration(self, table: Table, client: Client) -> None:
        slug, kind_slug = table.name(), table.name("kind")
        found = Integration.objects.filter(client=client, slug=slug).first()
        enabled, roles, options = table.flag("enabled"), table.table("roles"), table.table("options")
        streams = table.table("streams")
        table.finish()
        what = f"integration {client.slug}/{slug}"
        try:
            kind = registry.kind(kind_slug)
        except KeyError as error:
            table.problem(f"{what}: {error.args[0]}.", "kind")
            return
        if found and found.kind != kind_slug:
            table.problem(f"{what} is of the kind {found.kind}; a kind cannot be changed, use another slug.", "kind")
            return
        row = found or Integration(client=client, slug=slug, kind=kind_slug)
        if self.note(settle(table, row, what, _only_given({"is_enabled": enabled}))):
            self.roles(roles, row, kind)
            self.options(options, row, kind)
            self.streams(streams, row, kind)

    def roles(self, table: Table, integration: Integration, kind: IntegrationKind) -> None:
        for declared in kind.roles:
            slug = table.text(declared.name)
            if slug is None:
                continue
            connection = find_connection(integration.client, slug)
            if connection is None:
                table.problem(f"role {declared.name}: there is no connection “{slug}”, nor a shared one.")
            elif connection.vendor != declared.vendor.slug:
                table.problem(
                    f"role {declared.name}: the connection “{slug}” is of {connection.vendor}, "
                    f"not of {declared.vendor.slug}."
                )
            else:
                known = IntegrationRole.objects.filter(integration=integration, role=declared.name)
                row = known.first() or IntegrationRole(integration=integration, role=declared.name)
                details = [] if row.connection_id == connection.pk else [f"connection: {connection.slug}"]
                row.connection = connection
                self.note(settle(table, row, f"role {integration.slug}/{declared.name}", {}, more=details))
        table.finish()

    def options(self, table: Table, integration: Integration, kind: IntegrationKind) -> None:
        model = kind.options
        names = {f.name for f in model._meta.concrete_fields if f.editable and not f.primary_key} if model else set()
        given = {name: table.plain(name) for name in sorted(names) if name in table.values}
        table.taken |= names
        listed = [(name, rows, list(table.tables(name))) for name, rows in kind.option_rows.items()]
        table.finish()
        if model is None:
            return
        row = model._default_manager.filter(pk=integration.pk).first() or model(integration=integration)
        if kind.resolve_options is not None:
            try:
                given = kind.resolve_options(integration, given)
            except ValueError as error:
                table.problem(f"options of {integration.slug}: {error}")
                return
        what = f"{integration.client.slug}/{integration.slug}"
        if not self.note(settle(table, row, f"options of {what}", given)):
            return
        for name, rows, inners in listed:
            for inner in inners:
                self.option_row(inner, rows, row, f"{name} of {what}:")
        if kind.options_saved is not None:
            kind.options_saved(row)

    def option_row(self, table: Table, rows: OptionRows, options: Model, what: str) -> None:
        given = {name: table.plain(name) for name in (*rows.keys, *rows.values)}
        table.finish()
        try:
            key = {name: _as_stored(rows.model, name, given[name]) for name in rows.keys}
        except ValidationError as error:
            table.problem(f"{what} {' '.join(error.messages)}")
            return
        row = rows.model._default_manager.filter(options=options, **key).first() or rows.model(options=options)
        self.note(settle(table, row, f"{what} {' '.join(map(str, key.values()))}", _only_given(given)))

    def streams(self, table: Table, integration: Integration, kind: IntegrationKind) -> None:
        rows = {row.slug: row for row in streams_of(integration)} if table.values else {}
        for name in table.values:
            inner = table.table(name)
            given = {"is_enabled": inner.flag("enabled"), "interval_minutes": inner.plain("interval_minutes")}
            approved = inner.flag("approved")
            inner.finish()
            what = f"{integration.client.slug}/{integration.slug}"
            if name not in rows:
                table.problem(f"integration {what}: the kind {kind.slug} has no stream “{name}”.", name)
                continue
            said = self.approval(inner, rows[name], approved)
            self.note(settle(inner, rows[name], f"stream {what}/{name}", _only_given(given), more=said))
        table.finish()

    def approval(self, table: Table, stream: Stream, approved: bool | None) -> list[str]:
        """What the file says of the stream's first run, as details of the plan."""
        declared = kind_of(stream)
        if approved is None or approved == (stream.approved_at is not None):
            return []
        if declared is None or not declared.needs_approval:
            table.problem(f"stream {stream.slug}: its first run needs no approval.", "approved")
            return []
        approve(stream, actor=self.by) if approved else withdraw_approval(stream, actor=self.by)
        return [f"first run approved: {shown(not approved)} → {shown(approved)}"]

    def note(self, change: Change | None) -> bool:
        if change is not None:
            self.plan.append(change)
        return change is not None


def _as_stored(model: type[Model], name: str, value: object) -> object:
    """The value as the field holds it. Raises ValidationError."""
    return model._meta.get_field(name).to_python(value)  # type: ignore[union-attr]  # only plain columns come here


def _only_given(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}
