"""Creating a ticket: sent once, and what each answer says about whether it exists."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from integrations.transport.errors import (
    ConfigurationError,
    RejectedError,
    TemporaryError,
    UnknownOutcomeError,
    VendorError,
)
from integrations.vendors.autotask.api import AutotaskApi
from integrations.vendors.autotask.simulator import AutotaskSimulator
from integrations.vendors.simulation import Reply

from .conftest import DRAFT, sent
from .saying import answering, saying

CREATE: dict[str, Any] = {"method": "POST", "path": "Tickets$"}
QUOTA = "The API request threshold has been exceeded."
THREADS = "The Autotask API thread threshold of 3 threads has been exceeded."


def test_a_ticket_of_company_zero_is_created_and_found_by_its_key(api: AutotaskApi) -> None:
    number = api.create_ticket(DRAFT)
    assert api.find_tickets_by_key(["key"]) == [api.get_ticket(number)]
    assert api.get_ticket(number).company_id == 0


@pytest.mark.parametrize(
    "fault",
    ["answer_lost", "truncated", "committed_500", "committed_429", "garbage", "not_received", "429", "html_503"],
)
def test_a_create_without_a_usable_answer_is_unknown_and_sent_once(
    api: AutotaskApi, autotask: AutotaskSimulator, fault: str
) -> None:
    autotask.fault(fault, **CREATE)
    with pytest.raises(UnknownOutcomeError):
        api.create_ticket(DRAFT)
    assert sent(autotask).count("POST Tickets") == 1
    assert len(api.find_tickets_by_key(["key"])) == len(autotask.tickets)


def test_a_late_commit_is_found_once_it_happened(api: AutotaskApi, autotask: AutotaskSimulator) -> None:
    autotask.fault("late_commit", **CREATE)
    with pytest.raises(UnknownOutcomeError):
        api.create_ticket(DRAFT)
    assert api.find_tickets_by_key(["key"]) == []
    autotask.commit_pending()
    assert len(api.find_tickets_by_key(["key"])) == 1


def test_a_ticket_that_searches_do_not_see_yet_is_read_by_its_id(api: AutotaskApi, autotask: AutotaskSimulator) -> None:
    autotask.index_lag = True
    number = api.create_ticket(DRAFT)
    assert (api.find_tickets_by_key(["key"]), api.get_ticket(number).external_id) == ([], "key")
    autotask.release_index()
    assert [ticket.id for ticket in api.find_tickets_by_key(["key"])] == [number]


@pytest.mark.parametrize(
    "item_id", [None, "128926", 128926.5, True, 0, -1, 2**63, [128926], {"id": 1}], ids=lambda value: repr(value)
)
def test_a_200_without_a_usable_id_is_unknown(item_id: Any) -> None:
    with saying() as (autotask, api):
        autotask.change = answering("/Tickets", Reply.of({"itemId": item_id}))
        with pytest.raises(UnknownOutcomeError) as error:
            api.create_ticket(DRAFT)
    assert (error.value.status, len(autotask.tickets)) == (200, 1)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b'{"item": {"id": 5}}', b"128926", b'{"itemId": 1,'])
def test_a_200_of_another_form_is_unknown(body: bytes) -> None:
    with saying() as (autotask, api):
        autotask.change = answering("/Tickets", Reply(200, body))
        with pytest.raises(UnknownOutcomeError):
            api.create_ticket(DRAFT)


#: status and sentence ("": no errors array) → what it means for a create
MEANINGS: list[tuple[int, str, type[VendorError]]] = [
    (500, "queueID is required", RejectedError),
    (400, "Unable to find x in the Ticket Entity.", RejectedError),
    (500, "Picklist value [3] does not exist for priority", ConfigurationError),
    (500, "IntegrationCode is invalid", ConfigurationError),
    (500, "The logged in Resource does not have the adequate permissions to create.", ConfigurationError),
    (401, "", ConfigurationError),
    (403, "", ConfigurationError),
    (404, "", ConfigurationError),
    (404, "No HTTP resource was found.", ConfigurationError),
    (405, "", ConfigurationError),
    # refused before anything was done
    (500, QUOTA, TemporaryError),
    (403, QUOTA, TemporaryError),
    (500, THREADS, TemporaryError),
    # nobody knows
    (429, QUOTA, UnknownOutcomeError),
    (429, THREADS, UnknownOutcomeError),
    (429, "", UnknownOutcomeError),
    (200, QUOTA, UnknownOutcomeError),
    (200, "queueID is required", UnknownOutcomeError),
    (500, "", UnknownOutcomeError),
    (502, "queueID is required", UnknownOutcomeError),
    (503, "Picklist value [3] does not exist for priority", UnknownOutcomeError),
    (504, QUOTA, UnknownOutcomeError),
]


@pytest.mark.parametrize(("status", "sentence", "meaning"), MEANINGS)
def test_each_refusal_of_a_create_says_whether_the_ticket_may_exist(
    status: int, sentence: str, meaning: type[VendorError]
) -> None:
    with saying() as (autotask, api):
        reply = Reply.of({"errors": [sentence]}, status=status) if sentence else Reply(status)
        autotask.change = answering("/Tickets", reply)
        with pytest.raises(VendorError) as error:
            api.create_ticket(DRAFT)
        assert sent(autotask).count("POST Tickets") == 1
    assert type(error.value) is meaning
    assert error.value.status == status


@pytest.mark.parametrize(("refused_with", "meaning"), [(500, TemporaryError), (429, UnknownOutcomeError)])
def test_a_suspended_tenant_creates_nothing(
    api: AutotaskApi, autotask: AutotaskSimulator, refused_with: int, meaning: type[VendorError]
) -> None:
    api.zone()
    autotask.suspended, autotask.quota_refusal_status = True, refused_with
    with pytest.raises(meaning):
        api.create_ticket(DRAFT)
    assert not autotask.tickets


def test_a_refusal_carries_the_vendors_sentence(api: AutotaskApi, autotask: AutotaskSimulator) -> None:
    autotask.fault("500_errors", **CREATE, value="queueID is required")
    with pytest.raises(RejectedError, match="queueID is required"):
        api.create_ticket(DRAFT)


def test_a_refusal_that_repeats_the_secret_does_not_show_it(api: AutotaskApi, autotask: AutotaskSimulator) -> None:
    from integrations.vendors.autotask.simulator import SECRET

    autotask.fault("500_errors", **CREATE, value=f"bad header {SECRET}\x00\ud800")
    with pytest.raises(RejectedError) as error:
        api.create_ticket(DRAFT)
    assert SECRET not in error.value.message
    assert error.value.message.encode().decode() == error.value.message
    assert "\x00" not in error.value.message


def test_long_texts_are_cut_to_what_every_tenant_takes(api: AutotaskApi, autotask: AutotaskSimulator) -> None:
    number = api.create_ticket(replace(DRAFT, title="t" * 300, description="d" * 9000))
    assert [len(autotask.tickets[number][name]) for name in ("title", "description")] == [255, 8000]


def test_what_no_database_stores_is_not_sent(api: AutotaskApi, autotask: AutotaskSimulator) -> None:
    number = api.create_ticket(replace(DRAFT, title="a\x00b\ud800c", description="\udfff"))
    assert [autotask.tickets[number][name] for name in ("title", "description")] == ["a�b�c", "�"]


def test_a_key_too_long_to_be_found_again_is_a_mistake_of_ours(api: AutotaskApi, autotask: AutotaskSimulator) -> None:
    with pytest.raises(ValueError, match="50"):
        api.create_ticket(replace(DRAFT, external_id="k" * 51))
    assert sent(autotask) == []


def test_a_due_date_is_sent_in_utc(api: AutotaskApi, autotask: AutotaskSimulator) -> None:
    due = datetime(2026, 12, 1, 17, 30, tzinfo=timezone(timedelta(hours=1)))
    number = api.create_ticket(replace(DRAFT, due_at=due))
    assert autotask.tickets[number]["dueDateTime"] == "2026-12-01T16:30:00.000Z"
