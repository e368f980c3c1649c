"""What an answer says about the quota, and when the budget hears of it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from integrations.transport.answers import Answer
from integrations.transport.budget import cost_of, rest_asked_for
from integrations.transport.errors import TemporaryError

from .conftest import OpenSession, RawServer, answering, hanging_up


def answer(status: int, headers: Mapping[str, str]) -> Answer:
    return Answer(status, headers, b"", "https://v.example/")


@pytest.mark.parametrize(
    ("status", "headers", "rest"),
    [
        (429, {"Retry-After": "17"}, 17),
        (429, {"retry-after": "17"}, 17),
        (429, {"Retry-After": "0"}, 0),
        (429, {}, 0),  # nothing to go by: the session backs off by itself
        (429, {"Retry-After": "soon"}, 0),
        (429, {"X-RateLimit-Remaining": "0"}, 60),
        (429, {"X-RateLimit-Remaining": "0", "Retry-After": "5"}, 5),
        (200, {"X-RateLimit-Remaining": "0"}, 60),
        (200, {"x-ratelimit-remaining": "0"}, 60),
        (200, {"X-RateLimit-Remaining": "0", "Retry-After": "5"}, 5),
        (200, {"X-RateLimit-Remaining": "1", "Retry-After": "5"}, 0),
        (200, {"X-RateLimit-Remaining": "-"}, 0),
        (503, {"Retry-After": "17"}, 0),  # of this call, not of the quota
        (200, {}, 0),
    ],
)
def test_a_rest_is_asked_for_by_a_429_or_when_nothing_remains(
    status: int, headers: Mapping[str, str], rest: float
) -> None:
    assert rest_asked_for(answer(status, headers)) == rest


def test_a_rest_may_be_asked_for_as_a_date() -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 25 < rest_asked_for(answer(429, {"Retry-After": then})) <= 30


@pytest.mark.parametrize(
    ("said", "cost"), [("1", 1), ("3", 3), ("0", 1), ("-2", 1), ("", 1), ("many", 1), ("٣", 1), ("9" * 9, 100)]
)
def test_a_call_costs_what_the_vendor_says_within_reason(said: str, cost: int) -> None:
    assert cost_of(answer(200, {"X-RateLimit-Used-CurrentRequest": said})) == cost
    assert cost_of(answer(200, {})) == 1


class Turnstile:
    """A budget that writes down what it is asked and told."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    @contextmanager
    def take(self, endpoint: str, *, interactive: bool, wait: float, hold: float) -> Iterator[None]:
        self.steps.append("in")
        try:
            yield
        finally:
            self.steps.append("out")

    def told(self, endpoint: str, answer: Answer) -> None:
        self.steps.append(f"{answer.status} to {endpoint}, rest {rest_asked_for(answer):.0f}")


def test_the_budget_hears_of_each_answer_before_the_slot_is_free(server: RawServer, open_session: OpenSession) -> None:
    turnstile = Turnstile()
    server.plays(hanging_up, answering(b"", "429 Too Many", Retry_After="1"), answering(b"{}"))
    open_session(budget=turnstile).call("GET", "/things")
    assert turnstile.steps == [
        "in",
        "out",
        "in",
        "429 to /things, rest 1",
        "out",
        "in",
        "200 to /things, rest 0",
        "out",
    ]


def test_what_goes_to_another_host_than_the_accounts_takes_nothing_from_its_budget(
    server: RawServer, open_session: OpenSession
) -> None:
    """A file behind a signed address: no key goes there, so nobody counts it, and its 429 is not the account's."""
    turnstile, elsewhere = Turnstile(), RawServer()
    session = open_session(budget=turnstile)
    try:
        elsewhere.plays(answering(b"", "429 Too Many", Retry_After="9"))
        with pytest.raises(TemporaryError):
            session.download(f"{elsewhere.url}/a", io.BytesIO(), anonymous=True)
        server.plays(answering(b"", "302 Found", Location=f"{elsewhere.url}/a"))
        elsewhere.plays(answering(b"file"))
        session.download("/a", file := io.BytesIO())
    finally:
        elsewhere.stop()
    assert file.getvalue() == b"file"
    assert turnstile.steps == ["in", "302 to /a, rest 0", "out"]
