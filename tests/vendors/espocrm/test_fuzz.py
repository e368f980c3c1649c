"""Whatever comes back, what leaves the client is a value that fits into a database, or a VendorError."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from integrations.transport.errors import VendorError
from integrations.vendors.espocrm.api import EspocrmApi
from integrations.vendors.espocrm.schemas import Email
from integrations.vendors.simulation import Reply, Request
from tests.seeds import SEED

from .saying import ROOT, SayingEspocrm, saying

PARTY = "6b0255e5275bd7d6f"
ACTS: dict[str, Callable[[EspocrmApi], Any]] = {
    "test connection": lambda api: [step.detail for step in api.test_connection()],
    "settings": lambda api: api.instance(anew=True),
    "types": lambda api: api.phone_types(),
    "one party": lambda api: api.party(PARTY),
    "changed parties": lambda api: api.changed_parties(datetime(2026, 1, 1, tzinfo=UTC)),
    "parties of a number": lambda api: api.parties_numbered(12),
    "a change": lambda api: api.update_party(PARTY, emails=[Email(address="a@x.de", primary=True)]),
    "webhooks": lambda api: api.subscriptions(),
    "a webhook": lambda api: api.subscribe("CBeteiligte.update", "https://portal.example.com/x"),
}
STATUSES = (200, 200, 200, 201, 204, 400, 401, 403, 404, 409, 418, 429, 500, 502, 503, 520)
REASONS = ("", "duplicate", "modified", "Max size", "Controller 'x'", "Not existing attribute 'x'", "No access.")

_odd_text = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    ["", "\x00", "\ud800", "2026-11-22 00:00:00", "0001-01-01 00:00:00", "2026-02-30 00:00:00", "9" * 30, PARTY]
)
_odd_number = st.sampled_from([0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**40, 1.5, 1e300]) | st.integers()
_odd_value = st.recursive(
    st.none() | st.booleans() | _odd_number | _odd_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_odd_text, inner, max_size=3),
    max_leaves=6,
)
_named = st.sampled_from(["id", "list", "total", "messageTranslation", "version", "versionNumber", "emailAddressData"])


@dataclasses.dataclass(frozen=True)
class Spoiling:
    """What becomes of the n-th answer: another status, reason or body, or one place of it changed."""

    answer: int
    status: int | None
    reason: str
    body: bytes | None
    place: int
    value: Any


spoilings = st.builds(
    Spoiling,
    answer=st.integers(0, 3),
    status=st.none() | st.sampled_from(STATUSES),
    reason=st.sampled_from(REASONS),
    body=st.none()
    | st.binary(max_size=40)
    | st.dictionaries(_named, _odd_value, max_size=4).map(lambda value: json.dumps(value).encode()),
    place=st.integers(0, 60),
    value=_odd_value,
)


def spoiled(reply: Reply, how: Spoiling) -> Reply:
    body = reply.body
    if how.body is not None:
        body = how.body
    elif body.startswith((b"{", b"[")):
        body = json.dumps(_changed(json.loads(body), how)).encode()
    headers = {**reply.headers, **({"X-Status-Reason": how.reason} if how.reason else {})}
    return dataclasses.replace(reply, status=how.status or reply.status, body=body, headers=headers)


def _changed(value: Any, how: Spoiling) -> Any:
    """One place of it is another value, or gone."""
    places = list(_places(value))
    if not places:
        return how.value
    holder, key = places[how.place % len(places)]
    if how.place % 5 == 4 and isinstance(holder, dict):
        del holder[key]
    else:
        holder[key] = how.value
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        yield value, key
        yield from _places(inner)


def assert_storable(value: Any) -> None:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, str):
        assert "\x00" not in value
        value.encode()
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int):
        assert -(2**63) <= value < 2**63
    elif isinstance(value, dict):
        for key, inner in value.items():
            assert_storable(key)
            assert_storable(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            assert_storable(inner)


@pytest.fixture
def scene() -> Iterator[tuple[SayingEspocrm, EspocrmApi]]:
    with saying() as (espocrm, api):
        espocrm.data.next_ids = [PARTY]
        espocrm.do("new_party", {"last_name": "A", "number": 12, "emails": ["a@x.de"], "phones": ["+4930555"]})
        espocrm.do("subscribe", {"event": "CBeteiligte.update", "url": "https://portal.example.com/x"})
        yield espocrm, api


@pytest.mark.parametrize("act", ACTS)
@seed(43 + SEED)
@settings(
    max_examples=25,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(how=spoilings)
def test_any_answer_is_a_value_that_can_be_stored_or_a_vendor_error(
    scene: tuple[SayingEspocrm, EspocrmApi], act: str, how: Spoiling
) -> None:
    espocrm, api = scene
    seen = 0

    def change(request: Request, real: Reply) -> Reply:
        nonlocal seen
        seen += request.path.startswith(ROOT)
        return spoiled(real, how) if seen == how.answer + 1 else real

    espocrm.change = change
    api.calls.forget_refusal()
    try:
        assert_storable(ACTS[act](api))
    except VendorError as error:
        assert_storable([error.message, error.excerpt])
