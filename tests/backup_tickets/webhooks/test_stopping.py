"""A webhook that was switched off or has fallen silent is shown with the connection; tickets are made as before."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from integrations.backup_tickets.models import TicketLink
from integrations.backup_tickets.tickets import create_ticket
from integrations.core import roles
from integrations.core.models import Connection
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.people import browser, person

from .conftest import Wire, id_of, states

pytestmark = pytest.mark.django_db(transaction=True)
SILENT = "no webhook has come since"


def closed_ago(wire: Wire, link: TicketLink, *, minutes: float) -> None:
    """Somebody closed the ticket so long ago, and the webhook about it got lost."""
    at = timezone.now() - dt.timedelta(minutes=minutes)
    ticket = wire.autotask.simulator.tickets[id_of(link)]
    ticket |= {"status": 5, "completedDate": at.strftime("%Y-%m-%dT%H:%M:%SZ")}


def test_autotask_says_that_it_gave_up_and_the_admin_reads_what_to_do(wire: Wire) -> None:
    (link,) = wire.tickets()
    wire.do("webhook", failures_allowed=2, url=f"{wire.portal_url}no-such-event")
    for title in ("One", "Two"):
        wire.do("set_ticket", id=id_of(link), title=title)
    while wire.autotask.simulator.sender.waiting:
        wire.pump(all=True)
    assert wire.answers == [401] * 10 + [202]
    page = f"/admin/core/connection/{wire.connection.pk}/webhooks/"
    seen = browser(person("ada", roles.ADMIN)).get(page).content.decode()
    assert "Autotask has switched its webhook off" in seen
    assert "-X PATCH" in seen, "the step that switches it on again"


def test_tickets_are_made_all_the_same_and_the_note_goes_when_calls_come_again(wire: Wire) -> None:
    (link,) = wire.tickets()
    wire.do("switch_webhook_off")
    wire.pump()
    assert "isActive to true" in wire.connection.webhook_trouble
    assert create_ticket(wire.scene.run, user=wire.scene.operator).state == TicketLink.State.ACTIVE
    assert wire.connection.health == Connection.Health.OK
    assert wire.connection.webhook_trouble, "a good call to Autotask says nothing about calls from there"
    wire.do("webhook", is_active=True)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=11), tick=True):
        wire.do("set_ticket", id=id_of(link), status=8)
        wire.pump()
    assert wire.connection.webhook_trouble == ""


def test_a_closing_of_which_no_webhook_told_and_none_since_is_noted_by_the_validation(
    wire: Wire, autotask: Autotask
) -> None:
    (link,) = wire.tickets()
    closed_ago(wire, link, minutes=30)
    assert SILENT in wire.validate().outcome
    assert SILENT in wire.connection.webhook_trouble
    assert states([link]) == [TicketLink.State.RESOLVED]


def test_a_webhook_that_may_be_on_its_way_or_another_that_came_since_is_no_silence(wire: Wire) -> None:
    young, old, other = wire.tickets(3)
    closed_ago(wire, young, minutes=3)
    assert SILENT not in wire.validate().outcome
    closed_ago(wire, old, minutes=30)
    wire.do("set_ticket", id=id_of(other), status=8)
    wire.pump()
    assert SILENT not in wire.validate().outcome
    assert wire.connection.webhook_trouble == ""


def test_a_connection_without_a_webhook_secret_misses_none(wire: Wire) -> None:
    (link,) = wire.tickets()
    Connection.objects.update(webhook_digest="")
    closed_ago(wire, link, minutes=30)
    assert wire.validate().outcome == "Read 1 open tickets, 1 of them were closed meanwhile."
    assert wire.connection.webhook_trouble == ""


def test_autotasks_own_word_is_not_replaced_by_the_silence_that_follows_from_it(wire: Wire) -> None:
    (link,) = wire.tickets()
    wire.do("switch_webhook_off")
    wire.pump()
    said = wire.connection.webhook_trouble
    with time_machine.travel(timezone.now() + dt.timedelta(hours=2), tick=True):
        closed_ago(wire, link, minutes=30)
        wire.validate()
    assert wire.connection.webhook_trouble == said
