"""The usual rhythm of a sender: nights and weekends alarm nobody, growing traffic neither, and real silence does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from integrations.core.webhooks.rhythm import Rhythm, in_words, is_silent, learn, missed

UTC, BERLIN = dt.UTC, ZoneInfo("Europe/Berlin")
LAST = dt.datetime(2026, 11, 27, 17, 50, tzinfo=UTC)  # a Friday
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
Traffic = Callable[[dt.datetime], int]


def office(at: dt.datetime) -> int:
    return 5 if at.weekday() < 5 and 8 <= at.hour < 18 else 0


def always(at: dt.datetime) -> int:
    return 5


def growing(at: dt.datetime) -> int:
    return office(at) * (1 + (at - (LAST - 28 * DAY)).days // 3)


def shrinking(at: dt.datetime) -> int:
    return office(at) * 20 if at < LAST - 3 * DAY else min(office(at), 1)


def bursts(at: dt.datetime) -> int:
    return 500 if (at.day, at.hour) in {(3, 2), (11, 14), (20, 23)} else 0


def thrice_a_day(at: dt.datetime) -> int:
    return int(at.weekday() < 5 and at.hour in {8 + at.day * 7 % 10, 9 + at.day * 3 % 9, 17})


def with_a_night_of_work(at: dt.datetime) -> int:
    return 300 if at.date() == dt.date(2026, 11, 18) and at.hour < 5 else office(at)


def learned(traffic: Traffic, *, zone: dt.tzinfo = UTC, days: int = 28, until: dt.datetime = LAST) -> Rhythm:
    last = until.replace(minute=0)
    hours = (last - number * HOUR for number in range(days * 24))
    return learn({hour: traffic(hour) for hour in hours if traffic(hour)}, until, zone)


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=UTC)


SATURDAY_NIGHT, MONDAY_8, MONDAY_9 = at(28, 23), at(30, 8), at(30, 9)
TABLE = [
    ("the evening after", office, at(27, 23), False),
    ("a weekend", office, SATURDAY_NIGHT, False),
    ("Monday before anybody works", office, MONDAY_8, False),
    ("an hour into Monday", office, MONDAY_9, False),
    ("two hours into Monday", office, at(30, 9, 15), True),
    ("a busy sender, half an hour", lambda when: 60, at(27, 18, 34), False),
    ("a busy sender, three quarters", lambda when: 60, at(27, 18, 36), True),
    ("around the clock, by night", always, at(28, 2), True),
    ("growing traffic, at the pace of before", growing, at(30, 8, 15), False),
    ("growing traffic, long into Monday", growing, at(30, 12), True),
    ("shrinking traffic, at the pace of now", shrinking, at(30, 12), False),
    ("shrinking traffic, a whole day", shrinking, at(30, 18), True),
    ("bursts now and then, a week", bursts, LAST + 7 * DAY, False),
    ("three calls a day, one day", thrice_a_day, at(30, 23, 59), False),
    ("three calls a day, four days", thrice_a_day, LAST + 7 * DAY, True),
    ("a night of maintenance long ago, by night", with_a_night_of_work, at(28, 6), False),
]


@pytest.mark.parametrize(("what", "traffic", "now", "silent"), TABLE, ids=[row[0] for row in TABLE])
def test_who_is_silent(what: str, traffic: Traffic, now: dt.datetime, silent: bool) -> None:
    assert is_silent(learned(traffic), LAST, now, UTC) is silent


def test_hours_are_those_of_the_sender() -> None:
    """Work begins at 8 in Berlin: at 8 UTC on Monday an hour of it is over."""

    def berlin(when: dt.datetime) -> int:
        return office(when.astimezone(BERLIN))

    last = at(27, 16, 50)
    rhythm = learned(berlin, zone=BERLIN, until=last)
    assert "on weekdays from 8 to 18" in in_words(rhythm)
    assert missed(rhythm, last, at(30, 7), BERLIN) == pytest.approx(5 / 6)  # ten minutes of Friday
    assert is_silent(rhythm, last, at(30, 8, 15), BERLIN)


def test_a_silence_teaches_nobody_that_silence_is_usual() -> None:
    """What is learned ends with the last call, however long ago that was."""
    assert is_silent(learned(office), LAST, LAST + 40 * DAY, UTC)


@pytest.mark.parametrize(
    ("traffic", "days", "words"),
    [
        (office, 28, "usually a call every 12 minutes on weekdays from 8 to 18"),
        (always, 28, "usually a call every 12 minutes every day around the clock"),
        (lambda when: 80, 28, "usually a call every minute or more often every day around the clock"),
        (lambda when: int(office(when) > 0), 28, "usually a call every hour on weekdays from 8 to 18"),
        (thrice_a_day, 28, "usually 3 calls a day on weekdays"),
        (bursts, 28, "Its calls come too irregularly to expect any at a given time."),
        (office, 3, "Too few calls yet to know a rhythm: 150 within 2 days; it takes 20, and a week."),
        (
            lambda when: int(when.hour == 12 and when.day % 7 == 0),
            28,
            "Too few calls yet to know a rhythm: 3 within 20 days; ",
        ),
    ],
)
def test_it_is_said_in_words(traffic: Traffic, days: int, words: str) -> None:
    assert in_words(learned(traffic, days=days)).startswith(words)


def test_a_sender_without_a_rhythm_is_never_silent() -> None:
    for traffic, days in ((office, 3), (bursts, 28)):
        assert not is_silent(learned(traffic, days=days), LAST, LAST + 60 * DAY, UTC)


def test_it_is_stored_and_read_again() -> None:
    rhythm = learned(office)
    assert Rhythm(**rhythm.stored()) == rhythm
