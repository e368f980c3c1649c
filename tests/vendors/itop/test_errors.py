"""Answers that do not arrive as they were sent, and sentences that nobody has seen: what they say about a call."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.transport.errors import (
    RejectedError,
    TemporaryError,
    UnknownOutcomeError,
    VendorError,
)
from integrations.vendors.itop.answers import NotDone
from integrations.vendors.itop.api import ItopApi
from integrations.vendors.itop.simulator import ItopSimulator
from integrations.vendors.simulation import Reply

from .saying import always
from .test_writing import NEW

WRITES: list[Any] = [
    lambda api: api.create_ticket("UserRequest", NEW),
    lambda api: api.update_ticket("UserRequest", 1, {"title": "y"}),
    lambda api: api.apply_stimulus("UserRequest", 1, "ev_wait_for_approval", {}),
    lambda api: api.append_log("UserRequest", 1, "<p>x</p>"),
]
KINDS = ["create", "update", "stimulus", "log"]
SPOILING = [
    "answer_lost",
    "late_commit",
    "truncated",
    "garbage",
    "committed_500",
    "html_500",
    "committed_429",
    "html_503",
]


@pytest.mark.parametrize("fault", SPOILING)
@pytest.mark.parametrize("write", WRITES, ids=KINDS)
def test_a_write_whose_answer_is_spoiled_is_sent_once_and_its_outcome_unknown(
    itop: ItopSimulator, api: ItopApi, write: Any, fault: str
) -> None:
    itop.do("new_ticket", {"title": "x"})
    itop.fault(fault)
    with pytest.raises(UnknownOutcomeError):
        write(api)
    assert len(itop.calls) == 1


def test_a_late_write_is_carried_out_when_nobody_waits_any_more(itop: ItopSimulator, api: ItopApi) -> None:
    itop.fault("late_commit", path="core/create")
    with pytest.raises(UnknownOutcomeError):
        api.create_ticket("UserRequest", NEW | {"title": "late [R-000099]"})
    assert api.tickets_titled("Ticket", "[R-000099]") == []
    itop.commit_pending()
    assert len(api.tickets_titled("Ticket", "[R-000099]")) == 1


@pytest.mark.parametrize("write", WRITES, ids=KINDS)
@pytest.mark.parametrize(
    "body",
    [
        {"code": 0, "message": None},
        {"code": 0, "message": None, "objects": "odd"},
        {"code": 0, "message": None, "objects": {"UserRequest::1": {"key": "1", "class": "UserRequest", "fields": {}}}},
        {"code": 100, "message": "Error: MySQL server has gone away"},
        {"code": 100, "message": "Error: something that nobody has seen yet"},
        {"message": "no code"},
        [],
    ],
)
def test_an_answer_to_a_write_that_cannot_be_understood_says_nothing_about_the_write(
    itop: ItopSimulator, api: ItopApi, write: Any, body: Any
) -> None:
    itop.change = always(body)  # type: ignore[attr-defined]
    with pytest.raises(UnknownOutcomeError):
        write(api)


@pytest.mark.parametrize(
    ("write", "error"), list(zip(WRITES, [UnknownOutcomeError, *[NotDone] * 3], strict=True)), ids=KINDS
)
def test_a_success_without_an_object_is_unknown_for_a_create_and_not_done_for_a_change(
    itop: ItopSimulator, api: ItopApi, write: Any, error: type[VendorError]
) -> None:
    itop.change = always({"code": 0, "message": None, "objects": None})  # type: ignore[attr-defined]
    with pytest.raises(error):
        write(api)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("Error: Deadlock found when trying to get lock", TemporaryError),
        ("Error: This iTop is in maintenance", TemporaryError),
        ("Error: something that nobody has seen yet", RejectedError),
    ],
)
def test_a_read_that_is_refused_without_a_known_sentence_is_not_repeated_for_ever(
    itop: ItopSimulator, api: ItopApi, said: str, error: type[VendorError]
) -> None:
    itop.change = always({"code": 100, "message": said})  # type: ignore[attr-defined]
    with pytest.raises(error):
        api.ticket(1)
    assert len(itop.calls) == 1


@pytest.mark.parametrize("code", [2, 3, 4, 5, 6, 10, 11, 12, 13])
def test_every_code_is_a_vendor_error_with_its_number(itop: ItopSimulator, api: ItopApi, code: int) -> None:
    itop.change = always({"code": code, "message": "Error: said so"})  # type: ignore[attr-defined]
    with pytest.raises(VendorError, match=rf"said so \({code}\)"):
        api.ticket(1)


def test_a_read_survives_what_passes_and_ends_at_what_stays(itop: ItopSimulator, api: ItopApi) -> None:
    number = itop.do("new_ticket", {"title": "x"})
    itop.fault("answer_lost", times=2)
    assert api.ticket(number).id == number
    itop.fault("html_503", times=2)
    assert api.ticket(number).id == number
    itop.is_out_of_order = True
    itop.calls.clear()
    with pytest.raises(TemporaryError) as raised:
        api.ticket(number)
    assert (raised.value.status, len(itop.calls)) == (500, 1)


def test_somebody_who_edits_while_the_answer_is_on_its_way_is_seen_by_the_next_read(
    itop: ItopSimulator, api: ItopApi
) -> None:
    number = itop.do("new_ticket", {"title": "x"})
    itop.fault("meanwhile", value={"action": "edit_ticket", "ticket": number, "title": "theirs"})
    assert api.update_ticket("UserRequest", number, {"title": "ours"}).title == "ours"
    assert api.ticket(number).title == "theirs"


def test_an_answer_that_never_ends_or_is_too_large_is_bounded(itop: ItopSimulator, api: ItopApi) -> None:
    itop.change = lambda request, real: Reply(200, b" " * 21_000_000)  # type: ignore[attr-defined]
    with pytest.raises(VendorError, match="more than the 20000000 bytes"):
        api.ticket(1)
