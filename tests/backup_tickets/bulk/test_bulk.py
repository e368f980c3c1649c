"""One act on many runs: shown first, each row by the rules of a single click, nothing sent twice (P1, P2 in bulk)."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from integrations.backup_tickets import bulk
from integrations.backup_tickets.models import BackupJob, BulkAction, BulkItem, CompanyMapping, Run, TicketLink
from integrations.backup_tickets.tickets import create_ticket
from integrations.core import roles
from integrations.core.models import Client, Integration
from integrations.core.running import run_due_jobs
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.fixtures import Held
from tests.backup_tickets.people import browser, person
from tests.backup_tickets.resolving.acts import sent
from tests.backup_tickets.scene import Scene, failed_run

pytestmark = pytest.mark.django_db(transaction=True)
Act, State = BulkAction.Act, BulkItem.State


def several(scene: Scene, count: int) -> list[Run]:
    jobs = [BackupJob.objects.create(customer=scene.customer, name=f"Job {n}") for n in range(count)]
    return [failed_run(job, f"bulk-{n}") for n, job in enumerate(jobs)]


def chosen(scene: Scene, act: str, runs: list[Run]) -> BulkAction:
    """Shown and confirmed, not yet worked on."""
    action = bulk.propose(Act(act), [run.pk for run in runs], user=scene.operator)
    assert bulk.confirm(action)
    return action


def results(action: BulkAction) -> list[tuple[str, str]]:
    return list(action.items.values_list("state", "sentence"))


def test_the_page_shows_each_ticket_first_and_creates_them_after_the_confirmation(
    scene: Scene, autotask: Autotask
) -> None:
    runs = several(scene, 3)
    operator = browser(scene.operator)
    fields = {"act": "create", "run": [run.pk for run in runs], "back": "status=error"}
    page = operator.post(reverse("admin:backup_tickets_run_bulk"), fields, follow=True)
    text = page.content.decode()
    for run in runs:
        assert f"[Backupchecks] Bakkerij Jansen - {run.job} - Error" in text
    assert "Create tickets: 3 runs" in text
    assert autotask.calls() == []
    here = page.redirect_chain[-1][0]
    operator.post(here, {"confirm": "1"})
    run_due_jobs()
    text = operator.get(here).content.decode()
    assert "All 3 runs worked on." in text
    assert f"{reverse('admin:backup_tickets_run_changelist')}?status=error" in text
    assert len(autotask.tickets()) == 3
    for link in TicketLink.objects.select_related("ticket"):
        assert f"Ticket {link.ticket} created." in text


def test_a_run_that_cannot_have_a_ticket_says_why_and_the_others_get_theirs(scene: Scene, autotask: Autotask) -> None:
    runs = several(scene, 2)
    create_ticket(runs[0], user=scene.operator)
    succeeded = failed_run(scene.job, "good", status=Run.Status.SUCCESS)
    action = chosen(scene, Act.CREATE, [*runs, succeeded])
    run_due_jobs()
    assert [state for state, _ in results(action)] == [State.LEFT_ALONE, State.DONE, State.LEFT_ALONE]
    assert "already has a ticket" in results(action)[0][1]
    assert "succeeded" in results(action)[2][1]
    assert len(autotask.tickets()) == 2


def test_a_second_confirmation_and_the_job_twice_create_nothing_twice(
    scene: Scene, autotask: Autotask, claim: Held
) -> None:
    action = chosen(scene, Act.CREATE, several(scene, 2))
    assert not bulk.confirm(action)
    run_due_jobs()
    bulk.carry_out(claim, action.pk)  # type: ignore[arg-type]
    assert len(autotask.tickets()) == 2


def test_a_run_that_a_dead_process_left_is_not_sent_again(scene: Scene, autotask: Autotask) -> None:
    runs = several(scene, 2)
    action = chosen(scene, Act.CREATE, runs)
    action.items.filter(run=runs[0]).update(state=State.WORKING)  # its process died there
    run_due_jobs()
    (first, why), (second, _) = results(action)
    assert (first, second) == (State.CHECKING, State.DONE)
    assert "interrupted" in why
    assert not runs[0].links.exists()
    assert len(autotask.tickets()) == 1


def test_what_changed_since_it_was_shown_is_not_sent(scene: Scene, autotask: Autotask) -> None:
    action = chosen(scene, Act.CREATE, several(scene, 1))
    CompanyMapping.objects.update(company_id=101, company_name="Another")
    run_due_jobs()
    assert results(action) == [
        (State.LEFT_ALONE, "What would be sent has changed since you looked at it; nothing was sent.")
    ]
    assert autotask.tickets() == []


def test_a_lost_answer_is_being_checked_and_the_next_run_goes_on(scene: Scene, autotask: Autotask) -> None:
    runs = several(scene, 2)
    autotask.lose_the_answer()
    action = chosen(scene, Act.CREATE, runs)
    run_due_jobs()
    assert [state for state, _ in results(action)] == [State.CHECKING, State.DONE]
    assert len(autotask.tickets()) == 2


def test_after_three_failures_in_a_row_the_rest_is_not_tried(scene: Scene, autotask: Autotask) -> None:
    for _ in range(5):
        autotask.refuse("The queue is closed.")
    action = chosen(scene, Act.CREATE, several(scene, 5))
    run_due_jobs()
    states = [state for state, _ in results(action)]
    assert states == [State.FAILED] * 3 + [State.WAITING] * 2
    action.refresh_from_db()
    assert (action.state, action.cause) == (BulkAction.State.STOPPED, bulk.ENDED)
    assert "The queue is closed." in results(action)[0][1]
    shown = browser(scene.operator).get(reverse("admin:backup_tickets_run_bulk_action", args=[action.pk]))
    assert shown.content.decode().count("not tried</span>") == 2


def test_stop_leaves_the_rest_alone(scene: Scene, autotask: Autotask) -> None:
    action = chosen(scene, Act.CREATE, several(scene, 2))
    door = reverse("admin:backup_tickets_run_bulk_action", args=[action.pk])
    browser(scene.operator).post(door, {"stop": "1"})
    run_due_jobs()
    assert autotask.calls() == []
    assert {state for state, _ in results(action)} == {State.WAITING}


def test_runs_of_a_job_join_its_open_ticket_and_one_resolving_serves_all(scene: Scene, autotask: Autotask) -> None:
    link = create_ticket(scene.run, user=scene.operator)
    later = [scene.another_run(f"later-{n}") for n in range(2)]
    action = chosen(scene, Act.LINK, later)
    run_due_jobs()
    assert results(action) == [(State.DONE, f"Linked to ticket {link.ticket}.")] * 2
    action = chosen(scene, Act.RESOLVE, [scene.run, *later])
    run_due_jobs()
    assert [state for state, _ in results(action)] == [State.DONE, State.LEFT_ALONE, State.LEFT_ALONE]
    assert set(TicketLink.objects.values_list("state", flat=True)) == {"resolved"}
    assert len(autotask.simulator.data.notes) == 1


def test_checking_begins_at_once_and_reads_each_ticket(scene: Scene, autotask: Autotask) -> None:
    runs = several(scene, 2)
    tickets = [create_ticket(run, user=scene.operator).ticket for run in runs]
    autotask.set_status(tickets[0].ticket_id, 5)  # type: ignore[union-attr]
    autotask.simulator.calls.clear()
    fields = {"act": "check", "run": [run.pk for run in runs]}
    page = browser(scene.operator).post(reverse("admin:backup_tickets_run_bulk"), fields, follow=True)
    assert "0</b> of 2 runs worked on" in page.content.decode()
    run_due_jobs()
    assert sent(autotask) == [f"GET Tickets/{ticket.ticket_id}" for ticket in tickets if ticket]
    assert {link.state for link in TicketLink.objects.all()} == {"active", "resolved"}


def test_rights_are_looked_at_again_when_the_work_is_done(scene: Scene, autotask: Autotask) -> None:
    action = chosen(scene, Act.CREATE, several(scene, 1))
    scene.operator.groups.clear()
    run_due_jobs()
    assert results(action) == [(State.LEFT_ALONE, "otto may not do this any more.")]
    assert autotask.calls() == []


def test_while_the_integration_is_off_nothing_is_sent(scene: Scene, autotask: Autotask) -> None:
    runs = several(scene, 1)
    create_ticket(scene.run, user=scene.operator)
    actions = [chosen(scene, act, [*runs, scene.run]) for act in (Act.CREATE, Act.RESOLVE, Act.CHECK)]
    autotask.simulator.calls.clear()
    Integration.objects.update(is_enabled=False)
    run_due_jobs()
    assert autotask.calls() == []
    assert {state for action in actions for state, _ in results(action)} == {State.LEFT_ALONE}


@pytest.mark.parametrize("act", Act.values)
def test_a_reporter_may_do_none_of_it_and_sees_no_button(scene: Scene, autotask: Autotask, act: str) -> None:
    reporter = browser(person("rita", roles.REPORTER))
    answer = reporter.post(reverse("admin:backup_tickets_run_bulk"), {"act": act, "run": scene.run.pk})
    assert answer.status_code == 403
    assert "formaction" not in reporter.get(reverse("admin:backup_tickets_run_changelist")).content.decode()
    assert not BulkAction.objects.exists()


def test_nobody_acts_on_runs_they_may_not_see_or_on_another_persons_action(scene: Scene, autotask: Autotask) -> None:
    other = Client.objects.create(slug="other", name="Other")
    limited = person("lisa", roles.OPERATOR, clients=[other])
    assert not bulk.propose(Act.CREATE, [scene.run.pk], user=limited).items.exists()
    action = bulk.propose(Act.CREATE, [scene.run.pk], user=scene.operator)
    door = reverse("admin:backup_tickets_run_bulk_action", args=[action.pk])
    assert browser(limited).post(door, {"confirm": "1"}).status_code == 404


def test_nothing_chosen_is_said_and_makes_nothing(scene: Scene, autotask: Autotask) -> None:
    def post(**fields: Any) -> str:
        page = browser(scene.operator).post(reverse("admin:backup_tickets_run_bulk"), fields, follow=True)
        return str(page.content.decode())

    assert "Tick the runs first." in post(act="create")
    post(act="no such act", run=scene.run.pk)
    assert not BulkAction.objects.exists()
