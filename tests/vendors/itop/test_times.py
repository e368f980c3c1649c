"""Times without an offset, by a clock on the wall that is put forward and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from integrations.transport.errors import ConfigurationError
from integrations.vendors.itop import times
from tests.seeds import SEED

PARIS, JAKARTA, HOWE = (ZoneInfo(name) for name in ("Europe/Paris", "Asia/Jakarta", "Australia/Lord_Howe"))
SECOND = timedelta(seconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_recorded_time_is_an_hour_behind_the_wall_in_winter() -> None:
    assert times.heard("2026-11-22 03:31:49", PARIS) == utc("2026-11-22 02:31:49")
    assert times.heard("2026-07-01 03:31:49", PARIS) == utc("2026-07-01 01:31:49")
    assert times.heard("2026-07-01 03:31:49", JAKARTA) == utc("2026-06-30 20:31:49")
    assert times.spoken(utc("2026-06-30 20:31:49"), JAKARTA) == "2026-07-01 03:31:49"


@pytest.mark.parametrize("text", ["", "0000-00-00 00:00:00", "0000-00-00"])
def test_an_unset_time_is_none(text: str) -> None:
    assert times.heard(text, PARIS) is None


@pytest.mark.parametrize("text", ["soon", "2026-13-01 00:00:00", "2026-11-22T03:31:49Z", "2026-11-22 03:31", "x" * 99])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"does not match|remains|beyond"):
        times.heard(text, PARIS)


def test_a_time_at_the_end_of_the_calendar_is_refused_or_read() -> None:
    with pytest.raises(ValueError, match="beyond the calendar"):
        times.heard("0001-01-01 00:00:00", JAKARTA)
    assert times.heard("9999-12-31 23:59:59", JAKARTA) == utc("9999-12-31 16:59:59")
    assert times.asked_from(utc("9999-12-31 16:59:59"), JAKARTA) == "9999-12-31 23:59:59"


def test_a_time_of_the_hour_that_comes_twice_is_read_as_the_earlier_of_its_moments() -> None:
    assert times.heard("2026-10-25 02:30:00", PARIS) == utc("2026-10-25 00:30:00")
    assert times.spoken(utc("2026-10-25 01:30:00"), PARIS) == "2026-10-25 02:30:00"


def test_a_time_that_the_clock_skipped_is_read_with_the_offset_before() -> None:
    assert times.heard("2026-03-29 02:30:00", PARIS) == utc("2026-03-29 01:30:00")


@pytest.mark.parametrize(
    ("moment", "asked"),
    [
        ("2026-10-24 23:59:59", "2026-10-25 01:59:59"),
        ("2026-10-25 00:00:00", "2026-10-25 02:00:00"),
        ("2026-10-25 00:50:00", "2026-10-25 02:00:00"),  # what changes at 02:10 by the second count must be found
        ("2026-10-25 00:59:59", "2026-10-25 02:00:00"),
        ("2026-10-25 01:00:00", "2026-10-25 02:00:00"),
        ("2026-10-25 01:50:00", "2026-10-25 02:50:00"),
        ("2026-03-29 00:59:59", "2026-03-29 01:59:59"),
        ("2026-03-29 01:00:00", "2026-03-29 03:00:00"),
    ],
)
def test_who_asks_since_a_moment_asks_from_the_earliest_time_the_clock_shows_after_it(moment: str, asked: str) -> None:
    assert times.asked_from(utc(moment), PARIS) == asked


@seed(31 + SEED)
@settings(max_examples=150, deadline=None, database=None)
@given(
    st.sampled_from([PARIS, JAKARTA, HOWE, ZoneInfo("America/Sao_Paulo"), ZoneInfo("Africa/Casablanca")]),
    st.datetimes(datetime(2000, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001 — a zone follows
    st.integers(0, 5 * 3600),
)
def test_nothing_that_happens_at_a_moment_or_later_is_left_out_and_nothing_read_is_later_than_it_was(
    zone: ZoneInfo, moment: datetime, later: int
) -> None:
    since = moment.replace(tzinfo=UTC)
    happened = since + later * SECOND
    stamp = times.spoken(happened, zone)
    assert stamp >= times.asked_from(since, zone)
    read = times.heard(stamp, zone)
    assert read is not None
    assert read <= happened < read + timedelta(hours=2) + SECOND


@pytest.mark.parametrize("name", ["Paris", "Europe/Parys", "../etc/passwd", "Europe", "GMT+25", "\x00"])
def test_a_zone_that_does_not_exist_is_a_matter_of_configuration(name: str) -> None:
    with pytest.raises(ConfigurationError, match="time zone"):
        times.zone_of(name)


def test_without_a_zone_an_itop_is_in_paris_as_its_configuration_is() -> None:
    assert (times.zone_of("").key, times.zone_of(" Asia/Jakarta ").key) == ("Europe/Paris", "Asia/Jakarta")
