"""Linking an existing ticket: what Autotask says is shown first, and a run keeps the one live link it has."""

from __future__ import annotations

import pytest

from integrations.backup_tickets.linking import NotPossibleError, find_candidate, link_open_ticket, link_ticket
from integrations.backup_tickets.models import CompanyMapping, Run, TicketLink
from integrations.backup_tickets.tickets import create_ticket
from integrations.core.models import AuditEntry, Integration
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.resolving.acts import sent
from tests.backup_tickets.scene import Scene

State = TicketLink.State
pytestmark = pytest.mark.django_db(transaction=True)


def number_of(autotask: Autotask, ticket_id: int) -> str:
    number: str = autotask.simulator.tickets[ticket_id]["ticketNumber"]
    return number


def test_a_ticket_is_found_by_its_number_and_shown_before_it_is_linked(scene: Scene, autotask: Autotask) -> None:
    made = autotask.add_ticket("somebody else's key")
    found = find_candidate(scene.run, f"  {number_of(autotask, made).lower()} ", user=scene.operator)
    assert (found.id, found.title, found.company, found.status) == (made, "Appeared", "Bakkerij Jansen", "New")
    assert found.warnings == ()
    assert not TicketLink.objects.exists()
    link = link_ticket(scene.run, made, user=scene.operator)
    assert (link.state, link.origin, link.ticket.ticket_id) == (State.ACTIVE, TicketLink.Origin.LINKED, made)
    assert not Run.objects.get(pk=scene.run.pk).needs_attention
    assert AuditEntry.objects.get().outcome == "done"


def test_it_takes_exactly_these_calls(scene: Scene, autotask: Autotask) -> None:
    made = autotask.add_ticket("k")
    find_candidate(scene.run, number_of(autotask, made), user=scene.operator)
    link_ticket(scene.run, made, user=scene.operator)
    assert sent(autotask)[-2:] == ["POST Tickets/query", f"GET Tickets/{made}"]
    assert len(autotask.calls()) == 3, "and the zone look-up"


def test_a_number_autotask_does_not_know_is_said(scene: Scene, autotask: Autotask) -> None:
    with pytest.raises(NotPossibleError, match=r"no ticket T2020"):
        find_candidate(scene.run, "T20200101.0001", user=scene.operator)


@pytest.mark.parametrize("unmapped", [False, True])
def test_another_companys_ticket_needs_a_persons_confirmation(scene: Scene, autotask: Autotask, unmapped: bool) -> None:
    made = autotask.add_ticket("k")
    if unmapped:
        CompanyMapping.objects.all().delete()
    else:
        autotask.simulator.tickets[made]["companyID"] = 101
    with pytest.raises(NotPossibleError, match="not mapped" if unmapped else "not one of Bakkerij Jansen"):
        link_ticket(scene.run, made, user=scene.operator)
    assert not TicketLink.objects.exists()
    assert link_ticket(scene.run, made, user=scene.operator, confirmed=True).state == State.ACTIVE


def test_a_closed_ticket_is_linked_as_resolved_after_confirmation(scene: Scene, autotask: Autotask) -> None:
    made = autotask.add_ticket("k")
    autotask.set_status(made, 5)
    with pytest.raises(NotPossibleError, match="closed already"):
        link_ticket(scene.run, made, user=scene.operator)
    assert link_ticket(scene.run, made, user=scene.operator, confirmed=True).state == State.RESOLVED


def test_a_run_with_a_live_ticket_keeps_it(scene: Scene, autotask: Autotask) -> None:
    first = create_ticket(scene.run, user=scene.operator)
    other = autotask.add_ticket("k")
    assert link_ticket(scene.run, other, user=scene.operator) == first
    assert TicketLink.objects.count() == 1


def test_a_run_joins_the_open_ticket_of_its_job(scene: Scene, autotask: Autotask) -> None:
    first = create_ticket(scene.run, user=scene.operator)
    second = scene.another_run("run-2")
    link = link_open_ticket(second, user=scene.operator)
    assert link.ticket == first.ticket
    assert len(autotask.tickets()) == 1
    assert link_open_ticket(second, user=scene.operator) == link


@pytest.mark.parametrize(("became", "said"), [("closed", "was closed meanwhile"), ("deleted", "was deleted")])
def test_a_ticket_that_is_open_no_longer_is_not_joined(
    scene: Scene, autotask: Autotask, became: str, said: str
) -> None:
    first = create_ticket(scene.run, user=scene.operator)
    autotask.add_ticket("a witness that tickets can be read")
    if became == "closed":
        autotask.set_status(first.ticket.ticket_id, 5)
    else:
        autotask.delete_ticket(first.ticket.ticket_id)
    second = scene.another_run("run-2")
    with pytest.raises(NotPossibleError, match=said):
        link_open_ticket(second, user=scene.operator)
    assert not TicketLink.objects.filter(run=second).exists()
    first.refresh_from_db()
    assert first.state == (State.RESOLVED if became == "closed" else State.DELETED)


def test_while_the_integration_is_off_no_call_goes_out(scene: Scene, autotask: Autotask) -> None:
    Integration.objects.update(is_enabled=False)
    with pytest.raises(NotPossibleError, match="switched off"):
        find_candidate(scene.run, "T1", user=scene.operator)
    with pytest.raises(NotPossibleError, match="switched off"):
        link_ticket(scene.run, 1, user=scene.operator)
    assert autotask.calls() == []
