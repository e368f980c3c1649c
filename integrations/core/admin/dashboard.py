"""The first page: what needs somebody, how the connections are, where to go. Cheap queries only."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils.safestring import SafeString

from integrations.core import labels, registry
from integrations.core.models import AuditEntry, Connection, Job, User
from integrations.core.registry import Tile
from integrations.core.roles import may_open

CONNECTIONS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    connection: Connection
    health: SafeString


@dataclass(frozen=True, slots=True)
class Dashboard:
    sections: tuple[Section, ...]
    connections: tuple[ConnectionRow, ...]


def dashboard(user: User | AnonymousUser) -> Dashboard:
    """What this person's first page shows."""
    sections = [Section(kind.label, tuple(kind.dashboard(user))) for kind in registry.kinds() if kind.dashboard]
    sections.append(Section("Portal", tuple(_own_tiles(user))))
    return Dashboard(tuple(section for section in sections if section.tiles), _connections(user))


def _own_tiles(user: User | AnonymousUser) -> list[Tile]:
    tiles = []
    if may_open(user, "core.view_job"):
        url = reverse("admin:core_job_changelist")
        dead = Job.objects.filter(state=Job.State.DEAD).count()
        waiting = Job.objects.filter(state=Job.State.QUEUED).count()
        tiles.append(Tile("failed jobs", dead, f"{url}?state__exact=dead", "bad" if dead else "good"))
        tiles.append(Tile("jobs waiting", waiting, f"{url}?state__exact=queued"))
    if may_open(user, "core.view_connection"):
        url = reverse("admin:core_connection_changelist")
        sick = Connection.objects.visible_to(user).filter(health=Connection.Health.ATTENTION).count()
        tiles.append(
            Tile("connections need attention", sick, f"{url}?health__exact=attention", "bad" if sick else "good")
        )
        if silent := Connection.objects.visible_to(user).exclude(webhook_trouble="").count():
            tiles.append(Tile("connections without their webhooks", silent, f"{url}?webhooks=stopped", "bad"))
    if may_open(user, "core.view_auditentry"):
        url = reverse("admin:core_auditentry_changelist")
        open_ends = AuditEntry.objects.visible_to(user).filter(outcome=AuditEntry.Outcome.UNKNOWN).count()
        tiles.append(
            Tile(
                "outcomes being checked", open_ends, f"{url}?outcome__exact=unknown", "warning" if open_ends else "good"
            )
        )
    return tiles


def _connections(user: User | AnonymousUser) -> tuple[ConnectionRow, ...]:
    if not may_open(user, "core.view_connection"):
        return ()
    rows = Connection.objects.visible_to(user).select_related("client")[:CONNECTIONS_SHOWN]
    return tuple(ConnectionRow(row, labels.health(row)) for row in rows)
