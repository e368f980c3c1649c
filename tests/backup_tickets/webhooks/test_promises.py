"""P5, P6 and P8 for Autotask as the sender, over HTTP; judged on its ledger and on what is true there."""

from __future__ import annotations

import pytest

from integrations.backup_tickets.models import Ticket
from integrations.core.models import WebhookDelivery
from integrations.core.opening import set_secrets
from tests.backup_tickets.autotask import Autotask

from .conftest import Wire, id_of
from .posting import SECRET, post

pytestmark = pytest.mark.django_db(transaction=True)
COMPLETE = 5


def believed() -> dict[int, int | None]:
    """Status by ticket, as the portal knows them."""
    return dict(Ticket.objects.values_list("ticket_id", "status_id"))


def true(autotask: Autotask) -> dict[int, int]:
    return {number: row["status"] for number, row in autotask.simulator.tickets.items()}


# --- P5: a 2xx means that it is kept and worked -----------------------------------------------------------------------


def test_what_was_refused_for_a_wrong_secret_comes_again_and_has_its_effect(wire: Wire, autotask: Autotask) -> None:
    (link,) = wire.tickets()
    connection = wire.connection
    set_secrets(connection, {"webhook_secret": "one-that-somebody-mistyped"}, by="anna")
    connection.save()
    wire.do("set_ticket", id=id_of(link), status=COMPLETE)
    wire.pump()
    set_secrets(connection, {"webhook_secret": SECRET}, by="anna")
    connection.save()
    wire.do("pass_minutes", minutes=0.6)
    wire.pump()
    assert wire.answers == [401, 202]
    wire.work()
    assert believed() == true(autotask)


# --- P6: one event, one effect ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_shuffled_and_repeated_calls_leave_what_is_true_with_one_read_for_each_ticket(
    wire: Wire, autotask: Autotask, seed: int
) -> None:
    numbers = [id_of(link) for link in wire.tickets(5)]
    wire.do("webhook", copies=3, shuffled=True, seed=seed)
    for number in numbers:
        for status in (8, 7, COMPLETE):
            wire.do("set_ticket", id=number, status=status)
    wire.pump()
    assert wire.answers == [202] * 45
    assert sorted(wire.work()) == sorted(f"GET Tickets/{number}" for number in numbers)
    assert believed() == true(autotask)


def test_a_call_that_comes_again_later_changes_nothing(wire: Wire, autotask: Autotask) -> None:
    (link,) = wire.tickets()
    wire.do("webhook", copies=2)
    wire.do("set_ticket", id=id_of(link), status=8)
    wire.pump()
    wire.work()
    wire.do("set_ticket", id=id_of(link), status=COMPLETE)
    wire.pump()
    wire.work()
    body = bytes(WebhookDelivery.objects.earliest("pk").body)  # of the time when it was open
    assert post(body).status_code == 202
    wire.work()
    assert believed() == true(autotask)


# --- P8: what is lost heals with the next validation ------------------------------------------------------------------


@pytest.mark.parametrize("drop_rate", [0.0, 0.5, 1.0])
def test_lost_webhooks_heal_within_one_validation(wire: Wire, autotask: Autotask, drop_rate: float) -> None:
    numbers = [id_of(link) for link in wire.tickets(6)]
    wire.do("webhook", drop_rate=drop_rate, seed=3)
    for number in numbers[:4]:
        wire.do("set_ticket", id=number, status=COMPLETE)
    wire.do("delete_ticket", id=numbers[4])
    wire.pump()
    wire.work()
    wire.validate()
    gone = Ticket.objects.get(ticket_id=numbers[4])
    assert gone.state == Ticket.State.DELETED
    known = believed()
    del known[numbers[4]]
    assert known == true(autotask)
