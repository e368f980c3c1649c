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

from integrations.transport.errors import UnknownOutcomeError, VendorError
from integrations.vendors.itop import logs, pictures
from integrations.vendors.itop.api import ItopApi
from integrations.vendors.itop.schemas import Ticket
from integrations.vendors.itop.simulator.world import AGENT, TEAM
from integrations.vendors.simulation import Reply, Request
from tests.seeds import SEED

from .saying import SayingItop, as_started, saying

TICKET = 1


def read(api: ItopApi) -> Any:
    ticket = api.ticket(TICKET)
    return ticket, logs.fingerprints(ticket.private_log), pictures.pictures_in(ticket.description)


def hang(api: ItopApi) -> int:
    ticket = Ticket(
        id=1,
        ticket_class="UserRequest",
        ref="R",
        title="",
        status="new",
        last_update=datetime(2026, 1, 1, tzinfo=UTC),
        private_log=(),
    )
    return api.create_attachment(ticket, io.BytesIO(b"hello"), name="a", size=5, content_type="text/plain")


READS: dict[str, Callable[[ItopApi], Any]] = {
    "test connection": lambda api: [step.detail for step in api.test_connection()],
    "one ticket": read,
    "changed tickets": lambda api: api.changed_tickets("Ticket", datetime(2026, 1, 1, tzinfo=UTC), limit=2),
    "by title": lambda api: api.tickets_titled("Ticket", "x"),
    "attachments": lambda api: api.attachments_of("UserRequest", TICKET),
    "a file": lambda api: api.download_attachment(1, io.BytesIO(), io.BytesIO()),
    "a picture": lambda api: api.download_picture(1, io.BytesIO(), io.BytesIO(), secret="ab"),
    "a person": lambda api: api.named("Person", AGENT),
}
WRITES: dict[str, Callable[[ItopApi], Any]] = {
    "create": lambda api: api.create_ticket("UserRequest", {"org_id": 3, "title": "x"}),
    "update": lambda api: api.update_ticket("UserRequest", TICKET, {"title": "y"}),
    "stimulus": lambda api: api.apply_stimulus(
        "UserRequest", TICKET, "ev_assign", {"team_id": TEAM, "agent_id": AGENT}
    ),
    "log": lambda api: api.append_log("UserRequest", TICKET, "<p>x</p>", author="Jane"),
    "file": hang,
    "replace": lambda api: api.replace_attachment(1, io.BytesIO(b"x"), name="a", size=1, content_type="text/plain"),
    "delete": lambda api: api.delete_attachment(1),
}
STATUSES = (200, 200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 405, 413, 418, 429, 500, 502, 503, 504, 520)

_odd_text = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    [
        *("", "\x00", "\ud800", "1", "1e9", "9" * 30, "2026-11-22 03:31:49", "0001-01-01 00:00:00", "Found: 3"),
        *("Error: Invalid object UserRequest::1", "0000-00-00 00:00:00", "9999-12-31 23:59:59", "<img data-img-id=5>"),
    ]
)
_odd_number = st.sampled_from([0, -1, 1, 100, 2**31, 2**63, -(2**63) - 1, 10**40, 1.5, 1e300]) | st.integers()
_odd_leaf = st.none() | st.booleans() | _odd_number | _odd_text
_odd_value = st.recursive(
    _odd_leaf,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_odd_text, inner, max_size=3),
    max_leaves=6,
)
_envelope = st.dictionaries(st.sampled_from(["code", "message", "objects", "operations"]), _odd_value, max_size=4)


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
    answer=st.integers(0, 2),
    status=st.none() | st.sampled_from(STATUSES),
    body=st.none() | st.binary(max_size=60) | (_odd_value | _envelope).map(lambda value: json.dumps(value).encode()),
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


def set_the_scene() -> SayingItop:
    itop = as_started()
    itop.do("new_ticket", {"title": "x"})
    itop.do("add_log", {"ticket": TICKET, "text": "look", "picture": "a.png"})
    itop.do("attach", {"ticket": TICKET, "name": "a.txt", "text": "hello"})
    itop.calls.clear()
    return itop


def check(api: ItopApi, act: Callable[[ItopApi], Any], hows: list[Spoiling], *, is_write: bool) -> None:
    itop = set_the_scene()
    answers = 0

    def change(request: Request, reply: Reply) -> Reply:
        nonlocal answers
        for how in hows:
            if how.answer == answers:
                reply = spoiled(reply, how)
        answers += 1
        return reply

    itop.change = change
    try:
        assert_storable(act(api))
    except VendorError as refusal:
        assert_storable(refusal.message)
        assert_storable(refusal.excerpt)
        if isinstance(refusal, UnknownOutcomeError) and not is_write:
            raise AssertionError("a read has no outcome that is not known") from refusal
    writes = [call for call in itop.calls if "core/get" not in call.path and "list_operations" not in call.path]
    assert len(writes) <= 1, "a write was sent twice"


@pytest.mark.parametrize("act", [*READS, *WRITES])
def test_any_answer_is_a_value_or_a_vendor_error(act: str) -> None:
    fuzz(act, examples=12)


@pytest.mark.proof
@pytest.mark.parametrize("act", [*READS, *WRITES])
def test_thousands_of_answers_are_values_or_vendor_errors(act: str) -> None:
    fuzz(act, examples=2_000)


def fuzz(act: str, *, examples: int) -> None:
    with saying() as (_, api):

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
            is_write = act in WRITES or act == "test connection"
            check(api, (READS | WRITES)[act], hows, is_write=is_write)

        holds()
