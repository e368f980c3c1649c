"""Whether rounds become figures rightly: a benchmark that always says “met” is worth nothing."""

from __future__ import annotations

import datetime as dt

import pytest

from benchmarks import Figure
from benchmarks.judging import bounded, compared, faster, in_turns, page_cost, ratio
from benchmarks.page import render


def test_both_are_measured_in_turns_and_take_turns_in_beginning() -> None:
    order: list[str] = []

    def measured(name: str) -> float:
        order.append(name)
        return float(len(order))

    ours, theirs = in_turns(3, lambda: measured("ours"), lambda: measured("theirs"))
    assert order == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert (ours, theirs) == ([1, 4, 5], [2, 3, 6])


def test_the_ratio_is_the_middle_of_the_pairs_so_that_one_bad_round_decides_nothing() -> None:
    assert ratio([1, 1, 100], [2, 2, 2]) == 0.5
    assert ratio([10, 20, 30], [20, 40, 60]) == 0.5  # the whole machine got slower: each pair did


def test_rounds_without_a_partner_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratio([1, 2], [1])


@pytest.mark.parametrize(("ours", "met"), [(49.0, True), (50.0, True), (51.0, False)])
def test_what_costs_more_than_allowed_is_missed(ours: float, met: bool) -> None:
    figure = compared("M9", "a page", [ours], [100.0], most=0.5, unit="ms", than="theirs")
    assert figure.met is met
    assert str(figure).endswith("≤ 0.5× met" if met else "≤ 0.5× missed")


@pytest.mark.parametrize(("ours", "met"), [(999.0, False), (1000.0, True)])
def test_what_does_less_than_asked_is_missed(ours: float, met: bool) -> None:
    assert faster("M7", "jobs", [ours], [100.0], least=10, unit="per s", than="theirs").met is met


@pytest.mark.parametrize(("seen", "met"), [(8, True), (9, False)])
def test_a_bound_is_a_bound(seen: int, met: bool) -> None:
    assert bounded("M9", "statements", seen, most=8, unit="").met is met


def test_a_row_says_figure_goal_and_verdict() -> None:
    seen = compared("M3", "a call", [23.0, 24.0, 25.0], [20.0, 20.0, 20.0], most=1.15, unit="ms", than="a bare one's")
    assert str(seen) == "M3 a call: 1.2× of a bare one's (24 ms to 20 ms) ≤ 1.15× missed"


def test_the_page_counts_and_shows_what_was_missed() -> None:
    figures = [Figure("M9", "a page: 0.4×", "≤ 0.5×", True), Figure("M10", "a search: 0.3×", "≤ 0.2×", False)]
    page = render(figures, machine="Machine: 2 cores.", at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC))
    assert "on 2026-01-02: 1 met, 1 missed" in page
    assert "| M10 | a search: 0.3× | ≤ 0.2× | **missed** |" in page
    assert "Machine: 2 cores." in page


def test_what_a_page_costs_is_judged_by_all_three_and_stands_in_a_table_of_its_own() -> None:
    good = page_cost("Overview, SQLite", statements=12, size=40_000, milliseconds=60)
    heavy = page_cost("Jobs, SQLite", statements=12, size=500_000, milliseconds=60)
    assert (good.met, heavy.met) == (True, False)
    assert not page_cost("Jobs, SQLite", statements=41, size=1, milliseconds=1).met
    assert not page_cost("Jobs, SQLite", statements=1, size=1, milliseconds=301).met
    page = render([good, heavy], machine="Machine: 2 cores.", at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC))
    assert "| Overview | SQLite | 12 statements | 40 kB | 60 ms | met |" in page
    assert "| Jobs | SQLite | 12 statements | 500 kB | 60 ms | **missed** |" in page
