"""AutotaskApi against the simulator over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.transport.errors import NotFoundError, RejectedError, UnknownOutcomeError
from integrations.transport.session import Session
from integrations.vendors.autotask import simulator
from integrations.vendors.autotask.api import AutotaskApi
from integrations.vendors.autotask.schemas import TicketDraft
from integrations.vendors.simulation import Server

DRAFT = TicketDraft(
    title="Backup failed", description="d", company_id=0, queue=8, source=8, status=1, priority=2, external_id="key"
)


@pytest.fixture
def server() -> Iterator[Server]:
    with simulator.serve() as running:
        yield running


@pytest.fixture
def api(server: Server) -> Iterator[AutotaskApi]:
    credentials = {
        "username": simulator.USERNAME,
        "secret": simulator.SECRET + "\n",
        "integration_code": simulator.INTEGRATION_CODE,
    }
    with Session(vendor="Autotask", base_url=server.url, allow_private=True) as session:
        yield AutotaskApi(session, base_url=server.url, credentials=credentials, settings={}, facts={})


def test_every_step_of_the_connection_test_passes(api: AutotaskApi) -> None:
    assert [step.ok for step in api.test_connection()] == [True] * 4


def test_a_created_ticket_of_company_zero_is_found_by_its_key(api: AutotaskApi) -> None:
    number = api.create_ticket(DRAFT)
    assert api.find_tickets_by_key(["key"]) == [api.get_ticket(number)]
    assert api.get_ticket(number).company_id == 0


@pytest.mark.parametrize("fault", ["answer_lost", "truncated", "committed_500", "committed_429", "garbage"])
def test_a_create_without_a_usable_answer_is_unknown_and_sent_once(
    api: AutotaskApi, server: Server, fault: str
) -> None:
    server.simulator.fault(fault, method="POST", path="Tickets$")
    with pytest.raises(UnknownOutcomeError):
        api.create_ticket(DRAFT)
    assert len(api.find_tickets_by_key(["key"])) == 1


def test_a_late_commit_is_found_once_it_happened(api: AutotaskApi, server: Server) -> None:
    server.simulator.fault("late_commit", method="POST", path="Tickets$")
    with pytest.raises(UnknownOutcomeError):
        api.create_ticket(DRAFT)
    assert api.find_tickets_by_key(["key"]) == []
    server.simulator.commit_pending()
    assert len(api.find_tickets_by_key(["key"])) == 1


def test_a_refusal_carries_the_vendors_sentence(api: AutotaskApi, server: Server) -> None:
    server.simulator.fault("500_errors", method="POST", path="Tickets$", value="queueID is required")
    with pytest.raises(RejectedError, match="queueID is required"):
        api.create_ticket(DRAFT)


@pytest.mark.parametrize("as_404", [True, False])
def test_a_missing_ticket_is_not_found_in_both_dialects(api: AutotaskApi, server: Server, as_404: bool) -> None:
    server.simulator.missing_is_404 = as_404  # type: ignore[attr-defined]  # a switch of this simulator
    with pytest.raises(NotFoundError):
        api.get_ticket(1)
