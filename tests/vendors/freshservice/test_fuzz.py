"""Whatever comes back, what leaves the client is a value that fits into a database, or a VendorError."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from integrations.transport.errors import VendorError
from integrations.vendors.freshservice.api import FreshserviceApi
from integrations.vendors.freshservice.inline import inline_images
from integrations.vendors.freshservice.simulator import acts
from integrations.vendors.freshservice.simulator.world import AGENT, GROUP
from integrations.vendors.simulation import Reply, Request
from tests.seeds import SEED

from .saying import SayingFreshservice, saying

TICKET = 101


def every_file(api: FreshserviceApi) -> list[str]:
    """As a job does it: the ticket's files and pictures, and those of its conversations."""
    ticket = api.ticket(TICKET)
    files = [*ticket.attachments, *inline_images(ticket.description)]
    return [api.download(file, io.BytesIO()).name for file in files]


ACTS: dict[str, Callable[[FreshserviceApi], Any]] = {
    "test connection": lambda api: [step.detail for step in api.test_connection()],
    "changed tickets": lambda api: api.tickets_updated_since(datetime(2026, 1, 1, tzinfo=UTC), 1)[0],
    "one ticket": lambda api: api.ticket(TICKET),
    "conversations": lambda api: api.conversations(TICKET),
    "a person": lambda api: api.requester(AGENT),
    "a group": lambda api: api.group(GROUP),
    "categories": lambda api: api.category_choices(),
    "workspaces": lambda api: api.workspaces(),
    "files": every_file,
}
STATUSES = (200, 200, 200, 201, 204, 400, 401, 403, 404, 405, 409, 418, 429, 500, 501, 502, 503, 504, 520)
LINKS = ("", '<x>; rel="next"', '<x>; rel="prev", <y>; rel=next', "<" * 50, 'rel="next"', ">;" * 40)

_odd_text = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    [
        *("", "\x00", "\ud800", "101", "1e9", "9" * 30, "2026-11-22T00:00:00Z", "0001-01-01T00:00:00+14:00"),
        *("https://[", "https://x.attachments.freshservice.com:0/", "http://127.0.0.1:1/", "//", "file:///etc/passwd"),
        *("<img class='inline-image' data-id=5 src='https://x", "9999-12-31T23:59:59-14:00", "2026-02-30"),
    ]
)
_odd_number = st.sampled_from([0, -1, 1, 101, 2**31, 2**63, -(2**63) - 1, 10**40, 1.5, 1e300]) | st.integers()
_odd_leaf = st.none() | st.booleans() | _odd_number | _odd_text
_odd_value = st.recursive(
    _odd_leaf,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_odd_text, inner, max_size=3),
    max_leaves=6,
)
_named = st.sampled_from(["ticket", "tickets", "conversations", "errors", "description", "message", "ticket_fields"])
_envelope = st.dictionaries(_named, _odd_value, max_size=4)


@dataclasses.dataclass(frozen=True)
class Spoiling:
    """What becomes of the n-th answer: another status, other bytes, a Link header, or one place changed."""

    answer: int
    status: int | None
    body: bytes | None
    link: str
    place: int
    value: Any


spoilings = st.builds(
    Spoiling,
    answer=st.integers(0, 3),
    status=st.none() | st.sampled_from(STATUSES),
    body=st.none() | st.binary(max_size=60) | (_odd_value | _envelope).map(lambda value: json.dumps(value).encode()),
    link=st.sampled_from(LINKS),
    place=st.integers(0, 300),
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
    headers = {**reply.headers, "Link": how.link} if how.link else reply.headers
    if how.body is not None:
        return Reply(status, how.body, headers)
    if not reply.body:
        return Reply(status, b"", headers)
    value = json.loads(reply.body)
    spots = list(places(value))
    if spots:
        container, key = spots[how.place % len(spots)]
        container[key] = how.value
    return Reply(status, json.dumps(value).encode(), headers)


def assert_storable(value: Any) -> None:
    """No database of ours refuses it."""
    if isinstance(value, str):
        value.encode()
        assert "\x00" not in value
    elif isinstance(value, bool | float | None):
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


def set_the_scene(freshservice: SayingFreshservice) -> None:
    freshservice.reset()
    freshservice.limited = False
    with freshservice.lock:
        acts.new_ticket(freshservice, "No power", group_id=GROUP)
        acts.reply(freshservice, TICKET, "We look at it.")
        acts.note(freshservice, TICKET, "Once more.")
        acts.attach(freshservice, "a.txt", ticket=TICKET, text="hello", content_type="text/plain")
        acts.insert_image(freshservice, ticket=TICKET)


def check(freshservice: SayingFreshservice, api: FreshserviceApi, act: str, hows: list[Spoiling]) -> None:
    set_the_scene(freshservice)
    answers = 0

    def change(request: Request, reply: Reply) -> Reply:
        nonlocal answers
        for how in hows:
            if how.answer == answers:
                reply = spoiled(reply, how)
        answers += 1
        return reply

    freshservice.change = change
    try:
        assert_storable(ACTS[act](api))
    except VendorError as refusal:
        assert_storable(refusal.message)
    assert freshservice.files.strangers == 0


@pytest.mark.parametrize("act", ACTS)
def test_any_answer_is_a_value_or_a_vendor_error(act: str) -> None:
    fuzz(act, examples=20)


@pytest.mark.proof
@pytest.mark.parametrize("act", ACTS)
def test_thousands_of_answers_are_values_or_vendor_errors(act: str) -> None:
    fuzz(act, examples=2_000)


def fuzz(act: str, *, examples: int) -> None:
    with saying() as (freshservice, api):

        @seed(1613 + SEED)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        )
        @given(st.lists(spoilings, min_size=1, max_size=2))
        def holds(hows: list[Spoiling]) -> None:
            check(freshservice, api, act, hows)

        holds()
