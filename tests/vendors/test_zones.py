"""Names of time zones as people enter them."""

from __future__ import annotations

import pytest

from integrations.vendors.zones import zone_problem


@pytest.mark.parametrize(
    "name", ["", "  ", "Asia/Jakarta", " Europe/Paris ", "UTC", "Etc/GMT-7", "America/Argentina/Salta"]
)
def test_a_zone_that_exists_is_no_problem(name: str) -> None:
    assert zone_problem(name) == ""


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Asia/Jakata", "Asia/Jakarta"),
        ("asia/jakarta", "Asia/Jakarta"),
        ("Jakarta", "Asia/Jakarta"),
        ("jakrata", "Asia/Jakarta"),
        ("Europe/Jakarta", "Asia/Jakarta"),
        ("new york", "America/New_York"),
    ],
)
def test_what_is_meant_is_named(name: str, meant: str) -> None:
    assert zone_problem(name) == f"There is no time zone {name!r}. Is {meant} meant?"


@pytest.mark.parametrize("name", ["Mars/Phobos", "../etc/passwd", "posix/", "\x00", "x" * 5000, "Asia"])
def test_what_nobody_can_mean_gets_examples(name: str) -> None:
    assert zone_problem(name).endswith("Enter one such as Europe/Paris or Asia/Jakarta.")
    assert len(zone_problem(name)) < 400


@pytest.mark.parametrize("name", ["UTC+7", "GMT +07:00", "+7", "utc-3"])
def test_an_offset_is_no_zone(name: str) -> None:
    assert "is an offset, which changes with the seasons" in zone_problem(name)
