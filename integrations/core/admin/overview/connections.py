"""Each connection at a glance, those that want somebody first."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Case, Count, QuerySet, Value, When
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from integrations.core import labels
from integrations.core.budgets import Usage, usages
from integrations.core.models import Connection, User

SHOWN = 10
OLD = dt.timedelta(days=365)  # credentials that nobody changed for so long are said to be old
NEARLY_SPENT = 0.8  # of a quota
SAID = {"minute": _("{used} of {allowed} in the last minute"), "hour": _("{used} of {allowed} in the last hour")}


@dataclass(frozen=True, slots=True)
class Quota:
    """The limit that a connection is nearest to."""

    used: int
    allowed: int
    span: str  # "minute" or "hour"

    @property
    def said(self) -> str:
        return SAID[self.span].format(used=intcomma(self.used), allowed=intcomma(self.allowed))

    @property
    def percent(self) -> int:
        return round(100 * self.used / self.allowed) if self.allowed else 100

    @property
    def tone(self) -> str:
        return "warning" if self.percent >= 100 * NEARLY_SPENT else ""


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """`quota` is None where the vendor has no limit we know; `secrets_at` is when its oldest secret was set."""

    connection: Connection
    health: SafeString
    quota: Quota | None
    secrets_at: dt.datetime | None

    @property
    def secrets_are_old(self) -> bool:
        return self.secrets_at is not None and timezone.now() - self.secrets_at > OLD


@dataclass(frozen=True, slots=True)
class ConnectionRows:
    rows: tuple[ConnectionRow, ...]
    more: int


def connections(user: User | AnonymousUser) -> ConnectionRows:
    """The worst of those this person may see: a fixed number of statements."""
    visible = Connection.objects.visible_to(user)
    shown = list(_worst_first(visible)[:SHOWN])
    used = usages(shown)
    rows = tuple(ConnectionRow(row, labels.health(row), _quota(used.get(row.pk)), _oldest(row)) for row in shown)
    return ConnectionRows(rows, visible.count() - len(rows))


def _worst_first(rows: QuerySet[Connection]) -> QuerySet[Connection]:
    how_bad = Case(
        When(is_paused=True, then=Value(3)),
        When(health=Connection.Health.ATTENTION, then=Value(0)),
        When(health=Connection.Health.TROUBLE, then=Value(1)),
        When(webhook_trouble__gt="", then=Value(2)),
        When(health=Connection.Health.UNKNOWN, then=Value(4)),
        default=Value(5),
    )
    return rows.select_related("client").order_by(how_bad, "client__name", "slug", "pk")


def _quota(usage: Usage | None) -> Quota | None:
    """Of several limits the one of which most is used."""
    if usage is None:
        return None
    limits = [Quota(of.calls, of.calls_per_minute, "minute") for of in usage.minute]
    if usage.calls_per_hour is not None:
        limits.append(Quota(usage.calls, usage.calls_per_hour, "hour"))
    return max(limits, key=lambda quota: quota.percent, default=None)


def _oldest(row: Connection) -> dt.datetime | None:
    stamps = [dt.datetime.fromisoformat(stamp["at"]) for stamp in row.credentials_set.values()]
    return min(stamps, default=None)


def need_attention(user: User | AnonymousUser) -> tuple[int, int]:
    """How many connections need attention, and how many have lost their webhooks."""
    found = Connection.objects.visible_to(user).aggregate(
        sick=Count(Case(When(health=Connection.Health.ATTENTION, then=Value(1)))),
        silent=Count(Case(When(webhook_trouble__gt="", then=Value(1)))),
    )
    return found["sick"], found["silent"]
