"""The charts of the first page: which there are, and their figures, read by one statement for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import registry
from integrations.core.addresses import address_of
from integrations.core.charts import Chart, Part, drawn, sparkline
from integrations.core.figures.buckets import DAY, HOUR
from integrations.core.figures.kinds import series
from integrations.core.figures.own import FAILED, OK
from integrations.core.figures.reading import Times, counted_at, figures
from integrations.core.models import User
from integrations.core.registry import ChartKind, ChartPart
from integrations.core.roles import may_open_of

SHOWN = {HOUR: 48, DAY: 30}  # hours or days of one chart
SPANS = {HOUR: _("last 48 hours"), DAY: _("last 30 days")}
NOTHING = {HOUR: _("Nothing in the last 48 hours."), DAY: _("Nothing in the last 30 days.")}
STALE = timedelta(minutes=20)  # four counts
TIMES = {HOUR: "%a %H:%M", DAY: "%-d %b"}

# For those who may do something about what they see: others look at the lists behind them.
OWN = (
    ChartKind(
        _("Webhooks by hour"),
        "webhooks",
        (
            ChartPart("failed", _("Failed"), "bad"),
            ChartPart("waiting", _("Waiting"), "warning"),
            ChartPart("ignored", _("Ignored"), "neutral"),
            ChartPart("done", _("Done"), "good"),
        ),
        "core.change_webhookdelivery",
        "admin:core_webhookdelivery_changelist",
    ),
    ChartKind(
        _("Runs of streams by hour"),
        "syncs",
        (
            ChartPart("failed", _("Failed"), "bad"),
            ChartPart("interrupted", _("Interrupted"), "warning"),
            ChartPart("stopped", _("Stopped"), "neutral"),
            ChartPart("running", _("Running"), "info"),
            ChartPart("done", _("Done"), "good"),
        ),
        "core.change_stream",
        "admin:core_syncrun_changelist",
    ),
)
CALLS, CALLS_FOR = "core.calls", "core.change_connection"


class Shown(NamedTuple):
    """One chart. An empty `picture` means that there was nothing, which is then said."""

    title: str
    span: str
    url: str
    picture: SafeString
    nothing: str


class Latency(NamedTuple):
    """How a vendor answered lately: its hourly means as a line, the mean of all calls, the slowest hour's, in ms."""

    vendor: str
    line: SafeString
    mean: int
    slowest: int
    calls: int
    failed: int


@dataclass(frozen=True, slots=True)
class Charts:
    """Those that integrations declare, core's own, how vendors answer, and as of when all of it is."""

    of_work: tuple[Shown, ...]
    of_the_portal: tuple[Shown, ...]
    shows_latency: bool
    latency: tuple[Latency, ...]
    counted_at: datetime | None

    @property
    def is_stale(self) -> bool:
        """Whether the counting has stopped."""
        return self.counted_at is not None and timezone.now() - self.counted_at > STALE

    @property
    def any(self) -> bool:
        return bool(self.of_work or self.of_the_portal or self.shows_latency)


def charts(user: User | AnonymousUser) -> Charts:
    """What this person may see of their clients: two statements, however many charts."""
    declared = [(f"{kind.slug}.{chart.figure}", chart) for kind in registry.kinds() for chart in kind.charts]
    own = [(f"core.{chart.figure}", chart) for chart in OWN]
    allowed = may_open_of(user, {chart.permission for _, chart in (*declared, *own)} | {CALLS_FOR})
    declared = [(name, chart) for name, chart in declared if chart.permission in allowed]
    own = [(name, chart) for name, chart in own if chart.permission in allowed]
    kinds = series()
    names = [name for name, _ in (*declared, *own)] + [CALLS] * (CALLS_FOR in allowed)
    wanted = {name: SHOWN[kinds[name].every] for name in names}
    found = figures(user, wanted)
    pictures = [
        _shown(chart, kinds[name].every, found[name], number) for number, (name, chart) in enumerate((*declared, *own))
    ]
    return Charts(
        tuple(pictures[: len(declared)]),
        tuple(pictures[len(declared) :]),
        CALLS in wanted,
        _latency(found[CALLS]) if CALLS in wanted else (),
        counted_at(wanted) if wanted else None,
    )


def _shown(kind: ChartKind, every: str, found: Times, number: int) -> Shown:
    chart = Chart(
        str(kind.title),
        every,
        _times(found.starts, every),
        [
            Part(
                str(part.label),
                part.tone,
                [parts[part.name].number if part.name in parts else 0 for parts in found.parts],
            )
            for part in kind.parts
        ],
        number,
        kind.is_stacked,
    )
    return Shown(
        str(kind.title),
        str(SPANS[every]),
        address_of(kind.url_name) + kind.query,
        drawn(chart),
        str(NOTHING[every]),
    )


def _times(starts: Sequence[datetime], every: str) -> list[str]:
    return [f"{timezone.localtime(start):{TIMES[every]}}" for start in starts]


def _latency(found: Times) -> tuple[Latency, ...]:
    """A line for each vendor that was called; those of one page have one scale, so that they compare."""
    vendors = registry.vendors()
    slugs = sorted({part.rpartition(" ")[0] for parts in found.parts for part in parts})
    means = {slug: [_mean(parts, slug) for parts in found.parts] for slug in slugs}
    top = max((value for line in means.values() for value in line if value is not None), default=0)
    rows = []
    for slug in slugs:
        label = str(vendors[slug].label) if slug in vendors else slug
        calls, total = _calls(found.parts, slug, OK)
        failed, more = _calls(found.parts, slug, FAILED)
        slowest = max(value for value in means[slug] if value is not None)
        said = gettext("{label}: hourly means of the last 48 hours, at most {slowest} ms").format(
            label=label, slowest=f"{slowest:,.0f}"
        )
        line = sparkline(means[slug], top=top, label=said)
        mean = round((total + more) / (calls + failed))
        rows.append(Latency(label, line, mean, round(slowest), calls + failed, failed))
    return tuple(sorted(rows, key=lambda row: -row.mean))


def _mean(parts: Mapping[str, tuple[int, int]], slug: str) -> float | None:
    calls, total = map(sum, zip(*(parts.get(f"{slug} {went}", (0, 0)) for went in (OK, FAILED)), strict=True))
    return total / calls if calls else None


def _calls(all_parts: Sequence[Mapping[str, tuple[int, int]]], slug: str, went: str) -> tuple[int, int]:
    found = [parts[f"{slug} {went}"] for parts in all_parts if f"{slug} {went}" in parts]
    return sum(count for count, _ in found), sum(total for _, total in found)
