"""M1: exactly these calls to Autotask for each thing an operator does; the table of docs/backup-tickets.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations.backup_tickets import checking, linking, noting, resolving
from integrations.backup_tickets.tickets import create_ticket
from integrations.core.running import run_due_jobs
from integrations.core.webhooks.receiving import take
from integrations.vendors.autotask.webhooks import WEBHOOKS
from integrations.vendors.webhooks import Received
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.resolving.acts import open_ticket, sent
from tests.backup_tickets.scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)

Act = Callable[[Scene, int], Any]
READ, COUNT = "GET Tickets/N", "POST TimeEntries/query/count"
NOTE, CLOSE = "POST Tickets/N/Notes", "PATCH Tickets"


def take_webhook(scene: Scene, number: int) -> None:
    """What came about a ticket was believed; it is worked off."""
    body = b'{"Action":"Update","EntityType":"Ticket","Id":%d}' % number
    take(scene.connection.pk, Received("ticket", {}, body), WEBHOOKS, ip=None)
    run_due_jobs()


ACTS: dict[str, tuple[Act, list[str]]] = {
    "create": (
        lambda scene, _: create_ticket(scene.another_run("new"), user=scene.operator),
        ["POST Tickets", "GET Tickets/M"],
    ),
    "find a ticket by its number": (
        lambda scene, number: linking.find_candidate(scene.another_run("new"), f"T{number}", user=scene.operator),
        ["POST Tickets/query"],
    ),
    "link": (
        lambda scene, number: linking.link_ticket(scene.another_run("new"), number, user=scene.operator),
        [READ],
    ),
    "join": (lambda scene, _: linking.link_open_ticket(scene.another_run("new"), user=scene.operator), [READ]),
    "note": (lambda scene, _: noting.add_note(scene.run, "Seen.", user=scene.operator), [READ, NOTE]),
    "check now": (lambda scene, _: checking.check_now(scene.run, user=scene.operator), [READ]),
    "webhook about a ticket": (take_webhook, [READ]),
    "webhook about a ticket that no run has": (lambda scene, number: take_webhook(scene, number + 1), []),
    "resolve": (
        lambda scene, _: resolving.resolve(scene.run, user=scene.operator),
        [READ, COUNT, NOTE, COUNT, CLOSE, READ, COUNT],
    ),
}


@pytest.mark.parametrize("what", ACTS)
def test_it_takes_exactly_these_calls(scene: Scene, autotask: Autotask, what: str) -> None:
    link = open_ticket(scene, autotask)
    assert link.ticket is not None
    number = link.ticket.ticket_id
    autotask.simulator.tickets[number]["ticketNumber"] = f"T{number}"
    act, calls = ACTS[what]
    act(scene, number)
    assert [call.replace(str(number), "N").replace(str(number + 1), "M") for call in sent(autotask)] == calls


def test_resolving_a_ticket_with_time_entries_takes_three(scene: Scene, autotask: Autotask) -> None:
    link = open_ticket(scene, autotask)
    assert link.ticket is not None
    autotask.book_time(link.ticket.ticket_id)
    resolving.resolve(scene.run, user=scene.operator)
    assert [call.replace(str(link.ticket.ticket_id), "N") for call in sent(autotask)] == [READ, COUNT, NOTE]
