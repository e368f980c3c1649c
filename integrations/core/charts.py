"""Charts as inline SVG, drawn here and not in the browser: bars by time, and small lines. Pure functions.

Parts differ by colour, by pattern and by their place, and the same figures stand in a table below. All colours are
classes of `portal.css`, so light and dark follow the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.texts import Text

from .markup import NOTHING, filled, joined

WIDTH, HEIGHT = 420, 150
LEFT, RIGHT, TOP, BOTTOM = 32, 4, 8, 18  # around the plot: the numbers at its left, the times below it
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
STEPS = (1, 2, 4, 6, 8, 10)  # the axis ends at one of them, times a power of ten
LINE_WIDTH, LINE_HEIGHT = 120, 24


class Part(NamedTuple):
    """One kind of what a chart shows; `values` has one number for each of the chart's times."""

    label: Text
    tone: str  # "good", "info", "warning", "bad", "neutral"; each part of a chart has another
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars by time: of each moment in `times` (as people read it, oldest first) its parts, stacked or side by side.

    `per` says what a moment is: "day", "hour". `number` tells the charts of one page apart.
    """

    title: Text
    per: str
    times: Sequence[str]
    parts: Sequence[Part]
    number: int
    is_stacked: bool = True

    @property
    def is_empty(self) -> bool:
        return not any(any(part.values) for part in self.parts)

    @property
    def largest(self) -> int:
        """The highest bar."""
        columns = zip(*(part.values for part in self.parts), strict=True)
        return max((sum(column) if self.is_stacked else max(column) for column in columns), default=0)


# What tells a tone from the others besides its colour: the same in all charts, and nothing over what is well.
_PATTERNS = {
    "bad": '<path class="ch-ink" d="M-1 1l2-2M0 6l6-6M5 7l2-2"/>',
    "warning": '<path class="ch-dot" d="M1 1h2v2h-2zM4 4h2v2h-2z"/>',
    "neutral": '<path class="ch-ink" d="M0 1.5h6M0 4.5h6"/>',
    "info": '<path class="ch-ink" d="M1.5 0v6M4.5 0v6"/>',
    "good": "",
}
_PATTERN = (
    '<pattern id="{id}" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<rect class="ch-{tone}" width="6" height="6"/>{lines}</pattern>'
)
_SVG = (
    '<svg class="ch-plot" viewBox="0 0 420 150" role="img" aria-labelledby="{id}-title" aria-describedby="{id}-desc">'
    '<title id="{id}-title">{title}</title><desc id="{id}-desc">{desc}</desc>'
    "<defs>{patterns}</defs>{grid}{bars}{times}{over}</svg>"
)
_GRID = (
    '<path class="ch-grid" d="M{left} {y}H{right}"/>'
    '<text class="ch-text" x="{at}" y="{below}" text-anchor="end">{n}</text>'
)
_BARS = '<path class="ch-part" d="{d}" fill="url(#{id})"/>'
_TIME = '<text class="ch-text" x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>'
_OVER = '<rect class="ch-over" x="{x}" y="{y}" width="{w}" height="{h}"><title>{said}</title></rect>'
_KEY = (
    '<li><svg class="ch-key" viewBox="0 0 12 12" aria-hidden="true"><rect width="12" height="12" fill="url(#{id})"/>'
    "</svg>{label} <b>{sum}</b></li>"
)
_TABLE = (
    '<details class="ch-details"><summary>{said}</summary>'
    '<div class="ch-scroll" tabindex="0" role="region" aria-label="{title}"><table class="ch-table">'
    '<thead><tr><th scope="col">{per}</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{rest}</details>'
)
_REST = '<p class="p-muted">{said}</p>'


class _By(NamedTuple):
    """How a chart by this time is described, its title as one, the head of its times, and what is not listed."""

    described: Text
    title: Text
    head: Text
    rest: Text


_BY = {
    "hour": _By(
        _("By hour, {first} to {last}: {sums}. Most: {most:,}, {when}."),
        _("{title}, by hour"),
        _("Hour"),
        _("Each hour that is not listed had none."),
    ),
    "day": _By(
        _("By day, {first} to {last}: {sums}. Most: {most:,}, {when}."),
        _("{title}, by day"),
        _("Day"),
        _("Each day that is not listed had none."),
    ),
}


def drawn(chart: Chart) -> SafeString:
    """The picture, its legend and its table. For a chart without anything in it: nothing."""
    if chart.is_empty:
        return NOTHING
    return joined([_picture(chart), _legend(chart), _table(chart)])


def _picture(chart: Chart) -> SafeString:
    top = axis_end(chart.largest)
    step = PLOT_WIDTH / len(chart.times)
    bars = (
        filled(_BARS, d="".join(_bars(chart, place, top, step)), id=_pattern_id(chart, place))
        for place in range(len(chart.parts))
    )
    return filled(
        _SVG,
        id=f"ch-{chart.number}",
        title=chart.title,
        desc=description(chart),
        patterns=joined(
            filled(_PATTERN, id=_pattern_id(chart, place), tone=part.tone, lines=SafeString(_PATTERNS[part.tone]))
            for place, part in enumerate(chart.parts)
        ),
        grid=joined(_grid(top)),
        bars=joined(bars),
        times=joined(_times(chart)),
        over=joined(_said(chart, step)),
    )


def axis_end(largest: int) -> int:
    """Where the axis ends: a round number that the highest bar does not pass, and that can be halved."""
    power = 1
    while True:
        for step in STEPS:
            if step * power >= largest:
                return step * power
        power *= 10


def description(chart: Chart) -> str:
    """The chart in a sentence, for who cannot see it."""
    sums = ", ".join(f"{sum(part.values):,} {part.label.lower()}" for part in chart.parts)
    totals = [sum(column) for column in zip(*(part.values for part in chart.parts), strict=True)]
    most = max(range(len(totals)), key=totals.__getitem__)
    return _BY[chart.per].described.format(
        first=chart.times[0], last=chart.times[-1], sums=sums, most=totals[most], when=chart.times[most]
    )


def _pattern_id(chart: Chart, place: int) -> str:
    return f"ch-{chart.number}-{place}"


def _grid(top: int) -> Iterator[SafeString]:
    for value in (0, top // 2, top) if top % 2 == 0 else (0, top):
        y = TOP + PLOT_HEIGHT * (1 - value / top)
        yield filled(_GRID, left=LEFT, y=_n(y), right=WIDTH - RIGHT, at=LEFT - 4, below=_n(y + 3.5), n=short(value))


def _bars(chart: Chart, place: int, top: int, step: float) -> Iterator[str]:
    """The bars of one part as one path."""
    width, shift = step * 0.8, step * 0.1
    if not chart.is_stacked:
        width, shift = width / len(chart.parts), shift + place * width / len(chart.parts)
    for position, value in enumerate(chart.parts[place].values):
        if not value:
            continue
        below = sum(part.values[position] for part in chart.parts[:place]) if chart.is_stacked else 0
        y = TOP + PLOT_HEIGHT * (1 - (below + value) / top)
        yield f"M{_n(LEFT + step * position + shift)} {_n(y)}h{_n(width)}v{_n(PLOT_HEIGHT * value / top)}h-{_n(width)}z"


def _times(chart: Chart) -> Iterator[SafeString]:
    last = len(chart.times) - 1
    for position, x, anchor in ((0, LEFT, "start"), (last // 2, LEFT + PLOT_WIDTH / 2, "middle"), (last, WIDTH, "end")):
        yield filled(_TIME, x=_n(x), y=HEIGHT - 5, anchor=anchor, text=chart.times[position])


def _said(chart: Chart, step: float) -> Iterator[SafeString]:
    """What is shown under the pointer."""
    for position, moment in enumerate(chart.times):
        there = [f"{part.values[position]:,} {part.label.lower()}" for part in chart.parts if part.values[position]]
        if there:
            said = f"{moment}: {', '.join(there)}"
            yield filled(_OVER, x=_n(LEFT + step * position), y=TOP, w=_n(step), h=PLOT_HEIGHT, said=said)


def _legend(chart: Chart) -> SafeString:
    keys = (
        filled(_KEY, id=_pattern_id(chart, place), label=part.label, sum=f"{sum(part.values):,}")
        for place, part in enumerate(chart.parts)
    )
    return filled('<ul class="ch-legend">{keys}</ul>', keys=joined(keys))


def _table(chart: Chart) -> SafeString:
    """The figures, newest first, without the moments that had none."""
    by, rows = _BY[chart.per], []
    for position in reversed(range(len(chart.times))):
        if any(part.values[position] for part in chart.parts):
            cells = joined(filled("<td>{n}</td>", n=f"{part.values[position]:,}") for part in chart.parts)
            rows.append(filled('<tr><th scope="row">{time}</th>{cells}</tr>', time=chart.times[position], cells=cells))
    return filled(
        _TABLE,
        said=gettext("The figures as a table"),
        title=by.title.format(title=chart.title),
        per=by.head,
        heads=joined(filled('<th scope="col">{label}</th>', label=part.label) for part in chart.parts),
        rows=joined(rows),
        rest=filled(_REST, said=by.rest) if len(rows) < len(chart.times) else NOTHING,
    )


def short(number: int) -> str:
    """A number for an axis: 950, 1.2k, 40k, 3M."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number / size:.1f}".removesuffix(".0") + letter
    return str(number)


_LINE = (
    '<svg class="ch-line" viewBox="0 0 120 24" role="img" aria-label="{label}">'
    '<path class="ch-grid" d="M0 22.5H120"/><path class="ch-stroke" d="{d}"/>{dots}</svg>'
)
_DOT = '<circle class="ch-point" cx="{x}" cy="{y}" r="1.6"/>'


def sparkline(values: Sequence[float | None], *, top: float, label: str) -> SafeString:
    """A small line by time, broken where there is no value (None); `top` is the highest of all lines beside it."""
    step = (LINE_WIDTH - 4) / max(1, len(values) - 1)
    points = [
        None if value is None else (2 + step * position, 22 - 20 * value / (top or 1))
        for position, value in enumerate(values)
    ]
    path, dots, before = [], [], None
    for position, point in enumerate(points):
        after = points[position + 1] if position + 1 < len(points) else None
        if point is not None:
            path.append(f"{'L' if before else 'M'}{_n(point[0])} {_n(point[1])}")
            if before is None and after is None:  # a line of one point is none
                dots.append(filled(_DOT, x=_n(point[0]), y=_n(point[1])))
        before = point
    return filled(_LINE, label=label, d="".join(path), dots=joined(dots))


def _n(number: float) -> str:
    """As short as a picture needs it."""
    return f"{number:.1f}".removesuffix(".0")
