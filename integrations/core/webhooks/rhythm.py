"""The usual rhythm of a sender, learned from how many of its webhooks came in each hour. Pure: no database, no clock.

What is expected of an hour of the week is what three of four such hours at least had: a burst makes nobody busy, a
night of maintenance nobody quiet, and a weekend expects what weekends had. Working days are alike; Saturdays and
Sundays are days of their own. Where a sender's hours say nothing, its days may: three calls a day at any time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.utils.translation import gettext

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
LEARNED_FROM = 28 * DAY  # before the last call: a silence teaches nobody that silence is usual
SHORTEST = 7 * DAY  # of watching, before anything is expected
FEWEST_CALLS = 20
FEWEST_ALIKE = 3  # hours or days of one kind; fewer say nothing
RECENT = 5  # of them; who sends less lately is expected to send less
MISSED = 6.0  # expected calls that did not come are a silence
MOST_EXPECTED = 8  # calls of an hour that count: so a silence lasts 45 minutes of expected hours at the least
WEEKDAY, SATURDAY, SUNDAY = "weekday", "saturday", "sunday"
KINDS_OF_DAY = (WEEKDAY, SATURDAY, SUNDAY)


@dataclass(frozen=True)
class Rhythm:
    """What is expected, and what is usual, by kind of day: calls in each of its 24 hours, and on the whole day.

    `why_none` says why nothing is expected at all; empty when something is.
    """

    hours: Mapping[str, list[int]]
    usual_hours: Mapping[str, list[float]]
    days: Mapping[str, int]
    usual_days: Mapping[str, float]
    why_none: str = ""

    def stored(self) -> dict[str, Any]:
        """For a JSON column; `Rhythm(**stored)` reads it."""
        return {
            "hours": dict(self.hours),
            "usual_hours": dict(self.usual_hours),
            "days": dict(self.days),
            "usual_days": dict(self.usual_days),
            "why_none": self.why_none,
        }


def kind_of_day(day: dt.date) -> str:
    return {5: SATURDAY, 6: SUNDAY}.get(day.weekday(), WEEKDAY)


def learn(calls: Mapping[dt.datetime, int], last_call: dt.datetime, zone: dt.tzinfo) -> Rhythm:
    """The rhythm of these calls by hour (aware, on the hour), up to the hour of the last call."""
    last = last_call.replace(minute=0, second=0, microsecond=0)
    first = max(min(calls, default=last), last - LEARNED_FROM)
    counted = {hour: calls.get(hour, 0) for hour in _hours(first, last)}
    total, watched = sum(counted.values()), last - first
    if total < FEWEST_CALLS or watched < SHORTEST:
        why = gettext("Too few calls yet to know a rhythm: {count} within {days} days; it takes {fewest}, and a week.")
        return _nothing(why.format(count=total, days=max(1, watched.days), fewest=FEWEST_CALLS))
    by_hour: dict[tuple[str, int], list[int]] = {}
    by_day: dict[dt.date, int] = {}
    for hour, count in counted.items():
        local = hour.astimezone(zone)
        by_hour.setdefault((kind_of_day(local), local.hour), []).append(count)
        by_day[local.date()] = by_day.get(local.date(), 0) + count
    whole = sorted(by_day)[1:-1]  # the first and the last day were not watched whole
    of_kind = {kind: [by_day[day] for day in whole if kind_of_day(day) == kind] for kind in KINDS_OF_DAY}
    found = Rhythm(
        hours={kind: [_expected(by_hour.get((kind, hour), [])) for hour in range(24)] for kind in KINDS_OF_DAY},
        usual_hours={kind: [_usual(by_hour.get((kind, hour), [])) for hour in range(24)] for kind in KINDS_OF_DAY},
        days={kind: _expected(of_kind[kind]) for kind in KINDS_OF_DAY},
        usual_days={kind: _usual(of_kind[kind]) for kind in KINDS_OF_DAY},
    )
    if any(any(hours) for hours in found.hours.values()) or any(found.days.values()):
        return found
    return _nothing(gettext("Its calls come too irregularly to expect any at a given time."))


def missed(rhythm: Rhythm, since: dt.datetime, now: dt.datetime, zone: dt.tzinfo) -> float:
    """How many expected calls did not come in a time without any: by hours, or by whole days where hours say less."""
    by_hours = 0.0
    whole_hours: dict[dt.date, int] = {}
    start = since.replace(minute=0, second=0, microsecond=0)
    for hour in _hours(start, min(now, since + LEARNED_FROM)):
        local = hour.astimezone(zone)
        share = (min(now, hour + HOUR) - max(since, hour)) / HOUR
        by_hours += max(share, 0.0) * min(rhythm.hours[kind_of_day(local)][local.hour], MOST_EXPECTED)
        if share >= 1:
            whole_hours[local.date()] = whole_hours.get(local.date(), 0) + 1
    by_days = sum(rhythm.days[kind_of_day(day)] for day, hours in whole_hours.items() if hours >= 23)
    return max(by_hours, float(by_days))


def is_silent(rhythm: Rhythm, since: dt.datetime, now: dt.datetime, zone: dt.tzinfo) -> bool:
    """Whether a time without any call is longer than is usual for this sender."""
    return missed(rhythm, since, now, zone) >= MISSED


def in_words(rhythm: Rhythm) -> str:
    """“usually a call every 12 minutes on weekdays from 8 to 18”, or why there is nothing to say."""
    if rhythm.why_none:
        return rhythm.why_none
    kinds = [kind for kind in KINDS_OF_DAY if any(rhythm.hours[kind])]
    if not kinds or all(sum(rhythm.hours[kind]) < rhythm.days[kind] / 2 for kind in kinds):
        kinds = [kind for kind in KINDS_OF_DAY if rhythm.days[kind]]
        calls = median(rhythm.usual_days[kind] for kind in kinds)
        said = (
            gettext("usually a call a day {days}") if calls < 1.5 else gettext("usually {calls:.0f} calls a day {days}")
        )
        return said.format(calls=calls, days=_days(kinds))
    busiest = kinds[0]
    busy = [hour for hour in range(24) if rhythm.hours[busiest][hour]]
    rate = sum(rhythm.usual_hours[busiest][hour] for hour in busy) / len(busy)
    when = gettext("around the clock") if len(busy) == 24 else gettext("from {begin} to {end}")
    return gettext("usually a call {every} {days} {hours}").format(
        every=_every(60 / rate), days=_days(kinds), hours=when.format(begin=busy[0], end=busy[-1] + 1)
    )


def _hours(first: dt.datetime, last: dt.datetime) -> Iterable[dt.datetime]:
    """Every hour from the first to the last, both among them."""
    for number in range(int((last - first) / HOUR) + 1):
        yield first + number * HOUR


def _expected(counts: list[int]) -> int:
    """What three of four had at least, of all of them and of the latest."""
    if len(counts) < FEWEST_ALIKE:
        return 0
    return min(_lower_quartile(counts), _lower_quartile(counts[-RECENT:]))


def _lower_quartile(counts: list[int]) -> int:
    return sorted(counts)[(len(counts) - 1) // 4]


def _usual(counts: list[int]) -> float:
    return float(median(counts)) if counts else 0.0


def _nothing(why: str) -> Rhythm:
    none: dict[str, list[int]] = {kind: [0] * 24 for kind in KINDS_OF_DAY}
    zero = dict.fromkeys(KINDS_OF_DAY, 0)
    return Rhythm(none, {kind: [0.0] * 24 for kind in KINDS_OF_DAY}, zero, dict.fromkeys(KINDS_OF_DAY, 0.0), why)


def _every(minutes: float) -> str:
    if minutes < 1.5:
        return gettext("every minute or more often")
    return gettext("every {minutes:.0f} minutes").format(minutes=minutes) if minutes < 55 else gettext("every hour")


def _days(kinds: list[str]) -> str:
    if len(kinds) == len(KINDS_OF_DAY):
        return gettext("every day")
    names = {WEEKDAY: gettext("on weekdays"), SATURDAY: gettext("on Saturdays"), SUNDAY: gettext("on Sundays")}
    first, *more = (names[kind] for kind in kinds)
    return gettext("{first} and {second}").format(first=first, second=more[0]) if more else first
