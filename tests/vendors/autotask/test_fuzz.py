"""Whatever comes back, what leaves the client is a value that fits into a database, or a VendorError."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from integrations.transport.errors import UnknownOutcomeError, VendorError
from integrations.vendors.autotask.api import AutotaskApi
from integrations.vendors.simulation import Reply, Request
from tests.seeds import SEED

from .conftest import DRAFT
from .saying import SayingAutotask, client_of, saying

ACTS: dict[str, Callable[[AutotaskApi], Any]] = {
    "test connection": lambda api: [step.detail for step in api.test_connection()],
    "reference data": lambda api: api.ticket_picklists(),
    "search companies": lambda api: api.search_companies("a"),
    "one company": lambda api: api.get_company(0),
    "companies": lambda api: api.companies_by_id([0, 101]),
    "one ticket": lambda api: api.get_ticket(128926),
    "keys": lambda api: api.find_tickets_by_key(["key"]),
    "a number": lambda api: api.find_ticket_by_number("T20261122.0001"),
    "create": lambda api: api.create_ticket(DRAFT),
}
STATUSES = (200, 200, 200, 201, 204, 400, 401, 403, 404, 405, 409, 418, 429, 500, 501, 502, 503, 504, 520)
SENTENCES = (
    "queueID is required",
    "thread threshold",
    "Picklist value [1] does not exist",
    "request threshold exceeded",
)

_odd_text = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    [
        *("", "\x00", "\ud800", "128926", "1e9", "9" * 30, "2026-11-22T00:00:00Z", "0001-01-01T00:00:00+14:00"),
        *("https://[", "https://autotask.example/", "http://127.0.0.1:1/", "//", *SENTENCES),
    ]
)
_odd_number = st.sampled_from([0, -1, 1, 128926, 2**31, 2**63, -(2**63) - 1, 10**40, 1.5, 1e300]) | st.integers()
_odd_leaf = st.none() | st.booleans() | _odd_number | _odd_text
_odd_value = st.recursive(
    _odd_leaf,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_odd_text, inner, max_size=3),
    max_leaves=6,
)
_named = st.sampled_from(["item", "items", "itemId", "fields", "info", "errors", "url", "pageDetails"])
_envelope = st.dictionaries(_named, _odd_value, max_size=4)


@dataclasses.dataclass(frozen=True)
class Spoiling:
    """What becomes of the n-th answer (0: the zone look-up): another status, other bytes, or one place changed."""

    answer: int
    status: int | None
    body: bytes | None
    place: int
    value: Any


spoilings = st.builds(
    Spoiling,
    answer=st.integers(0, 3),
    status=st.none() | st.sampled_from(STATUSES),
    body=st.none() | st.binary(max_size=60) | (_odd_value | _envelope).map(lambda value: json.dumps(value).encode()),
    place=st.integers(0, 200),
    value=_odd_value,
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        yield value, key
        yield from places(inner)


def spoiled(reply: Reply, how: Spoiling) -> Reply:
    status = reply.status if how.status is None else how.status
    if how.body is not None:
        return Reply(status, how.body, reply.headers)
    if not reply.body:
        return Reply(status, b"", reply.headers)
    value = json.loads(reply.body)
    spots = list(places(value))
    if spots:
        container, key = spots[how.place % len(spots)]
        container[key] = how.value
    return Reply(status, json.dumps(value).encode(), reply.headers)


def assert_storable(value: Any) -> None:
    """No database of ours refuses it."""
    if isinstance(value, str):
        value.encode()
        assert "\x00" not in value
    elif isinstance(value, bool | None):
        pass
    elif isinstance(value, int):
        assert -(2**63) <= value < 2**63
    elif isinstance(value, datetime):
        assert value.utcoffset() is not None
    elif dataclasses.is_dataclass(value):
        for one in dataclasses.fields(value):
            assert_storable(getattr(value, one.name))
    else:
        for one in value.values() if isinstance(value, dict) else value:
            assert_storable(one)


def check(autotask: SayingAutotask, api: AutotaskApi, act: str, hows: list[Spoiling]) -> None:
    autotask.reset()
    number = autotask.data.last_id = 128926
    autotask.tickets[number] = {"id": number, "ticketNumber": "T20261122.0001", "title": "t", "companyID": 0}
    autotask.tickets[number] |= {"status": 1, "priority": 2, "externalID": "key", "createDate": "2026-11-22T00:00:00Z"}
    answers = 0

    def change(request: Request, reply: Reply) -> Reply:
        nonlocal answers
        for how in hows:
            if how.answer == answers:
                reply = spoiled(reply, how)
        answers += 1
        return reply

    autotask.change = change
    error: VendorError | None = None
    try:
        assert_storable(ACTS[act](api))
    except VendorError as refusal:
        error = refusal
    if error is not None:
        assert_storable(error.message)
        if len(autotask.tickets) == 2 and all(how.status is None for how in hows):
            assert isinstance(error, UnknownOutcomeError)  # it exists, and nothing said that it does not
    creates = [call for call in autotask.calls if call.method == "POST" and call.path.endswith("/Tickets")]
    assert len([call for call in creates if call.status != 401]) <= 1


@pytest.mark.parametrize("act", ACTS)
def test_any_answer_is_a_value_or_a_vendor_error(act: str) -> None:
    fuzz(act, examples=40)


@pytest.mark.proof
@pytest.mark.parametrize("act", ACTS)
def test_thousands_of_answers_are_values_or_vendor_errors(act: str) -> None:
    fuzz(act, examples=2_000)


def fuzz(act: str, *, examples: int) -> None:
    """A fresh client for each example: each looks its zone up, and that answer is spoiled too."""
    with saying() as (autotask, _):

        @seed(1612 + SEED)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        )
        @given(st.lists(spoilings, min_size=1, max_size=2))
        def holds(hows: list[Spoiling]) -> None:
            with client_of(autotask) as api:
                check(autotask, api, act, hows)

        holds()
