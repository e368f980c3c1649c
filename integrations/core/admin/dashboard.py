"""The first page, by role: what needs somebody, what changed, how the portal stands, and charts. Cheap queries only.

Whoever may change connections, streams and jobs sees how they are; operators see their work, and what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from integrations.core import registry
from integrations.core.models import AuditEntry, User
from integrations.core.registry import Panel, Tile
from integrations.core.roles import may_open

from .overview import charts, connections, queue, streams
from .overview.actions import own_actions


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """None and empty stand for what is not for this person."""

    sections: tuple[Section, ...]
    panels: tuple[Panel, ...]
    charts: charts.Charts
    connections: connections.ConnectionRows | None
    streams: streams.StreamRows | None
    inbox: queue.Inbox | None
    jobs: queue.Jobs | None

    @property
    def begins_with_the_portal(self) -> bool:
        """Whether this person looks after the portal itself, so that its state comes before the work."""
        return self.streams is not None


def dashboard(request: HttpRequest) -> Dashboard:
    """What this person's first page shows."""
    user = request.user
    sections = [Section(str(kind.label), tuple(kind.dashboard(user))) for kind in registry.kinds() if kind.dashboard]
    jobs = queue.jobs() if may_open(user, "core.view_job") else None
    sections.append(Section(gettext("Portal"), tuple(_own_tiles(user, jobs))))
    return Dashboard(
        sections=tuple(section for section in sections if section.tiles),
        panels=tuple(_panels(request)),
        charts=charts.charts(user),
        connections=connections.connections(user) if may_open(user, "core.view_connection") else None,
        streams=streams.streams(user) if may_open(user, "core.change_stream") else None,
        inbox=queue.inbox(user) if may_open(user, "core.change_webhookdelivery") else None,
        jobs=jobs if user.has_perm("core.change_job") else None,
    )


def _panels(request: HttpRequest) -> Iterator[Panel]:
    for kind in registry.kinds():
        if kind.panels:
            yield from kind.panels(request)
    if request.user.get_all_permissions():
        yield own_actions(request.user)


def _own_tiles(user: User | AnonymousUser, jobs: queue.Jobs | None) -> list[Tile]:
    tiles = []
    if jobs:
        tiles.append(_needs(gettext("failed jobs"), jobs.dead, "core_job", "state__exact=dead", "bad"))
    if may_open(user, "core.view_connection"):
        sick, silent = connections.need_attention(user)
        tiles.append(
            _needs(gettext("connections need attention"), sick, "core_connection", "health__exact=attention", "bad")
        )
        if silent:
            lost = gettext("connections without their webhooks")
            tiles.append(_needs(lost, silent, "core_connection", "webhooks=stopped", "bad"))
    if may_open(user, "core.view_auditentry"):
        open_ends = AuditEntry.objects.visible_to(user).filter(outcome=AuditEntry.Outcome.UNKNOWN).count()
        tiles.append(
            _needs(gettext("outcomes being checked"), open_ends, "core_auditentry", "outcome__exact=unknown", "warning")
        )
    return tiles


def _needs(label: str, count: int, model: str, query: str, tone: str) -> Tile:
    """A tile that is good when there is nothing to do."""
    return Tile(label, count, f"{reverse(f'admin:{model}_changelist')}?{query}", tone if count else "good")
