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
from integrations.vendors.advoware.api import AdvowareApi
from integrations.vendors.advoware.simulator import CLIENT
from integrations.vendors.simulation import Reply, Request
from tests.seeds import SEED

from .saying import SayingAdvoware, as_started, client_of

READS: dict[str, Callable[[AdvowareApi], Any]] = {
    "test connection": lambda api: [step.detail for step in api.test_connection()],
    "a party": lambda api: api.party(CLIENT),
}
WRITES: dict[str, Callable[[AdvowareApi], Any]] = {
    "create": lambda api: api.create_kommunikation(CLIENT, tlf="030 1", komm_kz=1, bemerkung="", online=True),
    "change": lambda api: api.update_kommunikation(CLIENT, 88003, tlf="x", bemerkung="", online=True),
}
STATUSES = (200, 200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 405, 413, 418, 429, 500, 502, 503, 504, 520)

_odd_text = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    [
        *("", "\x00", "\ud800", "1", "9" * 30, "2026-11-22T03:31:49.1234567Z", "0001-01-01T00:00:00"),
        *("9999-12-31T23:59:59", "nicht angemeldet", "falsches Kennwort", "https://evil.example.com/", "http://["),
    ]
)
_odd_number = st.sampled_from([0, -1, 1, 88003, CLIENT, 2**31, 2**63, -(2**63) - 1, 10**40, 1.5, 1e300]) | st.integers()
_odd_value = st.recursive(
    st.none() | st.booleans() | _odd_number | _odd_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_odd_text, inner, max_size=3),
    max_leaves=6,
)
_members = ["access_token", "expiration_utc", "relayUrl", "securityGateway", "betNr", "id", "rowId", "kommunikation"]
_envelope = st.dictionaries(st.sampled_from([*_members, "message", "title"]), _odd_value, max_size=4)


@dataclasses.dataclass(frozen=True)
class Spoiling:
    """What becomes of the n-th answer: another status, other bytes, or one place changed."""

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
    place=st.integers(0, 60),
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
    try:
        value = json.loads(reply.body)
    except ValueError:
        return Reply(status, reply.body, reply.headers)
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
        for one in [*value, *value.values()] if isinstance(value, dict) else value:
            assert_storable(one)


def check(act: Callable[[AdvowareApi], Any], hows: list[Spoiling], *, is_write: bool) -> None:
    """From the first look-up on, with nothing kept."""
    advoware: SayingAdvoware = as_started()
    facts: dict[str, Any] = {}
    answers = 0

    def change(request: Request, reply: Reply) -> Reply:
        nonlocal answers
        for how in hows:
            if how.answer == answers:
                reply = spoiled(reply, how)
        answers += 1
        return reply

    advoware.change = advoware.change_login = change
    with client_of(advoware, facts=facts, settings={"probe_party": str(CLIENT)}) as api:
        try:
            assert_storable(act(api))
        except VendorError as refusal:
            assert_storable(refusal.message)
            assert_storable(refusal.excerpt)
            if isinstance(refusal, UnknownOutcomeError) and not is_write:
                raise AssertionError("a read has no outcome that is not known") from refusal
    assert json.loads(json.dumps(facts)) == facts
    assert_storable(facts)
    assert len([call for call in advoware.calls if call.committed]) <= 1, "a write was carried out twice"


@pytest.mark.parametrize("act", [*READS, *WRITES])
def test_any_answer_is_a_value_or_a_vendor_error(act: str) -> None:
    fuzz(act, examples=15)


@pytest.mark.proof
@pytest.mark.parametrize("act", [*READS, *WRITES])
def test_thousands_of_answers_are_values_or_vendor_errors(act: str) -> None:
    fuzz(act, examples=2_000)


def fuzz(act: str, *, examples: int) -> None:
    @seed(1617 + SEED)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(st.lists(spoilings, min_size=1, max_size=2))
    def holds(hows: list[Spoiling]) -> None:
        check((READS | WRITES)[act], hows, is_write=act in WRITES)

    holds()
