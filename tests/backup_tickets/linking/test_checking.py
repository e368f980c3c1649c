"""P4: what is read about a known ticket moves its links; a deletion is proven before it is believed."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from integrations.backup_tickets.checking import NotPossibleError, check_now, refresh_if_stale, refresh_ticket
from integrations.backup_tickets.models import Run, Ticket, TicketLink
from integrations.backup_tickets.tickets import create_ticket
from integrations.core.models import AuditEntry, Connection, Job
from integrations.transport.errors import VendorError
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.resolving.acts import open_ticket
from tests.backup_tickets.scene import Scene

State = TicketLink.State
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_ticket_closed_in_autotask_is_resolved_here_and_one_opened_again_is_open(
    scene: Scene, autotask: Autotask
) -> None:
    link = open_ticket(scene, autotask)
    for status, state in ((5, State.RESOLVED), (8, State.ACTIVE)):
        autotask.set_status(link.ticket.ticket_id, status)
        check_now(scene.run, user=scene.operator)
        link.refresh_from_db()
        assert link.state == state


def test_a_deleted_ticket_keeps_its_number_and_sets_its_run_free(scene: Scene, autotask: Autotask) -> None:
    link = open_ticket(scene, autotask)
    number = link.ticket.number
    autotask.add_ticket("a witness that tickets can be read")
    autotask.delete_ticket(link.ticket.ticket_id)
    assert check_now(scene.run, user=scene.operator).state == Ticket.State.DELETED
    link.refresh_from_db()
    assert (link.state, link.ticket.number, link.cause) == (State.DELETED, number, "Ticket deleted in Autotask.")
    assert Run.objects.get(pk=scene.run.pk).needs_attention
    assert AuditEntry.objects.filter(action="backup_tickets.notice_deletion", outcome="done").count() == 1
    assert create_ticket(scene.run, user=scene.operator).state == State.ACTIVE


def test_lost_permission_is_not_taken_for_deletion(scene: Scene, autotask: Autotask) -> None:
    link = open_ticket(scene, autotask)
    create_ticket(scene.another_run("run-2"), user=scene.operator)
    autotask.simulator.restricted = True
    with pytest.raises(NotPossibleError, match="Nothing was changed"):
        check_now(scene.run, user=scene.operator)
    link.refresh_from_db()
    assert link.state == State.ACTIVE
    assert Connection.objects.get().health == "ok"


def test_the_log_of_deleted_tickets_is_proof_where_nothing_else_can_be_read(scene: Scene, autotask: Autotask) -> None:
    link = open_ticket(scene, autotask)
    autotask.delete_ticket(link.ticket.ticket_id)
    assert check_now(scene.run, user=scene.operator).state == Ticket.State.DELETED


@pytest.mark.parametrize("fault", ["html_503", "garbage", "not_received"])
@pytest.mark.parametrize("missing_is_404", [False, True])
def test_trouble_flips_nothing(scene: Scene, autotask: Autotask, fault: str, missing_is_404: bool) -> None:
    link = open_ticket(scene, autotask)
    autotask.simulator.missing_is_404 = missing_is_404
    autotask.simulator.fault(fault, method="GET", path=r"/Tickets/\d+$", times=1000)
    with pytest.raises(VendorError):
        check_now(scene.run, user=scene.operator)
    link.refresh_from_db()
    assert link.state == State.ACTIVE


def test_a_ticket_that_is_found_again_comes_back_unless_its_run_has_another(scene: Scene, autotask: Autotask) -> None:
    link = open_ticket(scene, autotask)
    autotask.add_ticket("a witness that tickets can be read")
    kept = dict(autotask.simulator.tickets[link.ticket.ticket_id])
    autotask.delete_ticket(link.ticket.ticket_id)
    check_now(scene.run, user=scene.operator)
    autotask.simulator.tickets[link.ticket.ticket_id] = kept
    check_now(scene.run, user=scene.operator)
    link.refresh_from_db()
    assert (link.state, link.cause) == (State.ACTIVE, "")


def test_a_snapshot_older_than_five_minutes_is_read_in_the_background_once(
    scene: Scene, autotask: Autotask, claim: object
) -> None:
    link = open_ticket(scene, autotask)
    assert not refresh_if_stale(scene.run, link), "it was just read"
    Ticket.objects.update(read_at=timezone.now() - dt.timedelta(minutes=6))
    link.refresh_from_db()
    autotask.set_status(link.ticket.ticket_id, 5)
    assert refresh_if_stale(scene.run, link)
    assert refresh_if_stale(scene.run, link)
    assert Job.objects.filter(kind="backup_tickets.refresh_ticket").count() == 1
    refresh_ticket(claim, scene.run.pk)  # type: ignore[arg-type]  # a claim that is never lost
    link.refresh_from_db()
    assert link.state == State.RESOLVED
    assert refresh_ticket(claim, scene.run.pk) == "Read meanwhile."  # type: ignore[arg-type]
