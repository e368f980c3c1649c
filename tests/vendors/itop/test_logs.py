"""Entries of a log are told apart without ids, in their order, whatever appears, repeats or vanishes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from integrations.vendors.itop.logs import compared, fingerprints, hash_of, is_empty, normalised
from integrations.vendors.itop.schemas import LogEntry
from integrations.vendors.itop.simulator.markup import DEBRIS
from tests.seeds import SEED

from .saying import capture


def entry(html: str = "<p>hello</p>", *, stamp: str = "2026-11-22 03:31:49", author: str = "Agnes Weber") -> LogEntry:
    return LogEntry(stamp=stamp, author=author, html=html)


def new(entries: list[LogEntry], known: Any) -> list[str]:
    return [one.html for _, one in compared(entries, known).new]


def test_what_was_read_before_is_known_and_what_came_since_is_new_in_its_order() -> None:
    first, second, third = entry("<p>1</p>"), entry("<p>2</p>"), entry("<p>3</p>")
    known = fingerprints([first])
    difference = compared([first, second, third], known)
    assert [one.html for _, one in difference.new] == ["<p>2</p>", "<p>3</p>"]
    assert [mark for mark, _ in difference.new] == list(fingerprints([first, second, third]))[1:]
    assert difference.gone == ()


def test_two_equal_entries_of_one_second_are_two() -> None:
    assert len(set(fingerprints([entry(), entry(), entry()]))) == 3
    assert new([entry(), entry()], fingerprints([entry()])) == ["<p>hello</p>"]


def test_of_two_equal_entries_the_one_that_is_left_is_known() -> None:
    difference = compared([entry()], fingerprints([entry(), entry()]))
    assert (difference.new, len(difference.gone)) == ((), 1)


@pytest.mark.parametrize(
    "other",
    [entry("<p>Hello</p>"), entry(stamp="2026-11-22 03:31:50"), entry(author="Otto Lang"), entry("<p>hello!</p>")],
)
def test_another_text_date_or_author_is_another_entry(other: LogEntry) -> None:
    assert fingerprints([entry()]) != fingerprints([other])


def test_an_entry_dated_before_the_others_is_new_although_it_is_appended_last() -> None:
    old = entry("<p>imported</p>", stamp="2020-01-01 00:00:00")
    assert new([entry(), old], fingerprints([entry()])) == ["<p>imported</p>"]


def test_an_entry_that_a_parallel_append_swallowed_is_gone_and_the_others_stay_known() -> None:
    known = fingerprints([entry("<p>1</p>"), entry("<p>ours</p>")])
    difference = compared([entry("<p>1</p>"), entry("<p>theirs</p>")], known)
    assert [one.html for _, one in difference.new] == ["<p>theirs</p>"]
    assert difference.gone == (known[1],)


def test_a_picture_alone_is_something_to_say_although_its_text_is_empty() -> None:
    picture = LogEntry(stamp="2026-11-22 03:31:51", text="", html='<p><img src="data:image/png;base64,aGk="></p>')
    assert not is_empty(picture)
    assert is_empty(entry("<p> </p>"))
    assert is_empty(entry(DEBRIS))
    assert not is_empty(entry())


def test_the_debris_of_an_empty_entry_in_the_recorded_log_is_empty_and_the_picture_is_not() -> None:
    entries = capture("get_logs")["response"]["body"]["objects"]["UserRequest::8"]["fields"]["private_log"]["entries"]
    assert [is_empty(entry(one["message_html"])) for one in entries] == [False, False, True, False]


def test_what_is_the_same_to_people_has_the_same_hash() -> None:
    one = '<p>look <img src="http://a.example.com/x?id=1&amp;s=ab" data-img-id="1" data-img-secret="ab"></p>'
    moved = '<p>look\n  <img src="https://b.example.com/x?id=1&amp;s=ab" data-img-id="1" data-img-secret="ab"> </p>'
    assert hash_of(one) == hash_of(one.replace("a.example", "b.example"))
    assert hash_of("<p>a\r\n b</p>") == hash_of("<p>a b</p>")
    assert hash_of(one) != hash_of(one.replace('data-img-id="1"', 'data-img-id="2"'))
    assert normalised(moved).startswith("<p>look <img 1>")
    assert hash_of('<img src="data:,a">') != hash_of('<img src="data:,b">')


def test_the_text_of_an_entry_and_its_reading_by_another_zone_change_nothing() -> None:
    plain = LogEntry(stamp="2026-11-22 03:31:49", author="A", html="<p>x</p>", text="x")
    other = LogEntry(stamp="2026-11-22 03:31:49", author="A", html="<p>x</p>", text="", user_id=9)
    assert fingerprints([plain]) == fingerprints([other])


_entries = st.lists(
    st.builds(
        entry,
        st.sampled_from(["<p>a</p>", "<p>b</p>", ""]),
        stamp=st.sampled_from(["2026-11-22 03:31:49", "2026-11-22 03:31:50"]),
        author=st.sampled_from(["A", "B"]),
    ),
    max_size=8,
)


@seed(34 + SEED)
@settings(max_examples=100, deadline=None, database=None)
@given(_entries, _entries)
def test_what_is_appended_and_only_that_is_new(before: list[LogEntry], appended: list[LogEntry]) -> None:
    difference = compared([*before, *appended], fingerprints(before))
    assert [one for _, one in difference.new] == appended
    assert difference.gone == ()
    assert compared([*before, *appended], fingerprints([*before, *appended])).new == ()
