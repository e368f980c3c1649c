"""What happens after a create call whose outcome is not known."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from integrations.backup_tickets.models import Run, TicketLink
from integrations.backup_tickets.recovery import recover_creation
from integrations.backup_tickets.tickets import create_ticket
from integrations.core.jobs import Again
from integrations.core.models import AuditEntry
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.scene import Scene

State = TicketLink.State
pytestmark = pytest.mark.django_db(transaction=True)


def at(link: TicketLink, seconds: float) -> time_machine.travel:
    """That many seconds after the outcome became unknown."""
    assert link.unknown_since is not None
    return time_machine.travel(link.unknown_since + dt.timedelta(seconds=seconds), tick=True)


def test_the_ticket_is_found_by_its_key_and_adopted(scene: Scene, autotask: Autotask, claim: object) -> None:
    autotask.lose_the_answer()
    link = create_ticket(scene.run, user=scene.operator)
    with at(link, 5):
        said = recover_creation(claim, link.pk)
    link.refresh_from_db()
    assert link.state == State.ACTIVE
    assert link.ticket.number in said
    entry = AuditEntry.objects.get()
    assert (entry.outcome, "adopted" in entry.detail) == ("done", True)


def test_looked_up_again_at_30_120_and_300_seconds_and_then_given_up(
    scene: Scene, autotask: Autotask, claim: object
) -> None:
    autotask.lose_the_call()
    link = create_ticket(scene.run, user=scene.operator)
    for now, then in ((5, 30), (30, 120), (120, 300)):
        with at(link, now), pytest.raises(Again) as again:
            recover_creation(claim, link.pk)
        assert again.value.at == link.unknown_since + dt.timedelta(seconds=then)
        link.refresh_from_db()
        assert link.state == State.UNKNOWN
    with at(link, 300), pytest.raises(Again) as again:
        recover_creation(claim, link.pk)
    link.refresh_from_db()
    assert link.state == State.ABANDONED
    assert "try again" in link.cause
    assert again.value.at == link.unknown_since + dt.timedelta(minutes=15)
    assert Run.objects.get(pk=scene.run.pk).needs_attention
    assert AuditEntry.objects.get().outcome == "refused"


def given_up(scene: Scene, autotask: Autotask, claim: object) -> TicketLink:
    autotask.lose_the_call()
    link = create_ticket(scene.run, user=scene.operator)
    with at(link, 301), pytest.raises(Again):
        recover_creation(claim, link.pk)
    link.refresh_from_db()
    return link


def test_a_ticket_that_comes_late_is_adopted_while_the_run_has_none(
    scene: Scene, autotask: Autotask, claim: object
) -> None:
    link = given_up(scene, autotask, claim)
    autotask.add_ticket(link.key)
    with at(link, 3600):
        recover_creation(claim, link.pk)
    link.refresh_from_db()
    assert link.state == State.ACTIVE
    assert AuditEntry.objects.filter(action="backup_tickets.adopt_ticket", outcome="done").count() == 1


def test_a_ticket_that_comes_late_beside_another_is_reported_once_and_changes_nothing(
    scene: Scene, autotask: Autotask, claim: object
) -> None:
    link = given_up(scene, autotask, claim)
    other = create_ticket(scene.run, user=scene.operator)
    late = autotask.add_ticket(link.key)
    for seconds in (3600, 7200):
        with at(link, seconds):
            recover_creation(claim, link.pk)
    link.refresh_from_db()
    other.refresh_from_db()
    assert (link.state, other.state) == (State.ABANDONED, State.ACTIVE)
    assert [stray["id"] for stray in link.strays] == [late]
    assert AuditEntry.objects.filter(action="backup_tickets.report_extra_ticket").count() == 1


def test_the_watch_ends_after_a_day(scene: Scene, autotask: Autotask, claim: object) -> None:
    link = given_up(scene, autotask, claim)
    with at(link, 24 * 3600 + 1):
        assert recover_creation(claim, link.pk) == "Not found within a day."


def test_of_two_tickets_the_lowest_is_adopted_and_the_other_reported(
    scene: Scene, autotask: Autotask, claim: object
) -> None:
    autotask.lose_the_call()
    link = create_ticket(scene.run, user=scene.operator)
    first, second = autotask.add_ticket(link.key), autotask.add_ticket(link.key)
    with at(link, 5):
        recover_creation(claim, link.pk)
    link.refresh_from_db()
    assert link.ticket.ticket_id == first
    assert [stray["id"] for stray in link.strays] == [second]


def test_a_look_up_without_an_answer_decides_nothing(scene: Scene, autotask: Autotask, claim: object) -> None:
    autotask.lose_the_call()
    link = create_ticket(scene.run, user=scene.operator)
    autotask.break_queries()
    with at(link, 400), pytest.raises(Again):
        recover_creation(claim, link.pk)
    link.refresh_from_db()
    assert link.state == State.UNKNOWN


def test_while_the_integration_is_off_no_look_up_goes_out_and_then_it_goes_on(
    scene: Scene, autotask: Autotask, claim: object
) -> None:
    autotask.lose_the_answer()
    link = create_ticket(scene.run, user=scene.operator)
    calls = len(autotask.calls())
    scene.integration.is_enabled = False
    scene.integration.save()
    with at(link, 60), pytest.raises(Again):
        recover_creation(claim, link.pk)
    assert len(autotask.calls()) == calls
    scene.integration.is_enabled = True
    scene.integration.save()
    with at(link, 120):
        recover_creation(claim, link.pk)
    link.refresh_from_db()
    assert link.state == State.ACTIVE


def test_a_click_still_at_work_is_left_alone_and_a_dead_one_is_taken_over(
    scene: Scene, autotask: Autotask, claim: object
) -> None:
    now = timezone.now()
    link = TicketLink.objects.create(
        run=scene.run, connection=scene.connection, key="bkp-dead", send_before=now + dt.timedelta(seconds=20)
    )
    autotask.add_ticket("bkp-dead")
    with pytest.raises(Again):
        recover_creation(claim, link.pk)
    link.refresh_from_db()
    assert link.state == State.CREATING
    with time_machine.travel(now + dt.timedelta(seconds=61), tick=True):
        recover_creation(claim, link.pk)
    link.refresh_from_db()
    assert link.state == State.ACTIVE


def test_recovery_of_a_decided_link_calls_nobody(scene: Scene, autotask: Autotask, claim: object) -> None:
    link = create_ticket(scene.run, user=scene.operator)
    calls = len(autotask.calls())
    assert recover_creation(claim, link.pk).startswith("Nothing to do")
    assert len(autotask.calls()) == calls
