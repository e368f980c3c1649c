"""The click: what is sent, what is stored, what is said, and what a second click does."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from integrations.backup_tickets.models import CompanyMapping, ReferenceItem, Run, Ticket, TicketLink
from integrations.backup_tickets.obstacles import basis_of, obstacles
from integrations.backup_tickets.recovery import recover_creation
from integrations.backup_tickets.tickets import NotPossibleError, create_ticket, preview
from integrations.core.models import ApiCall, AuditEntry, Connection, Job
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.scene import Scene

State = TicketLink.State
pytestmark = pytest.mark.django_db(transaction=True)


def recovery_job(link: TicketLink) -> Job:
    return Job.objects.get(kind="backup_tickets.recover_creation", args=[link.pk])


def test_a_click_makes_exactly_the_ticket_that_was_previewed(scene: Scene, autotask: Autotask) -> None:
    shown = preview(basis_of(scene.run))
    link = create_ticket(scene.run, user=scene.operator)
    assert link.state == State.ACTIVE
    (made,) = autotask.tickets()
    assert made["title"] == shown.title == "[Backupchecks] Bakkerij Jansen - Daily HV01 - Error"
    assert made["description"] == shown.description
    assert made["companyID"] == shown.company.id
    assert made["queueID"] == shown.queue.id
    assert made["source"] == shown.source.id
    assert made["status"] == shown.status.id
    assert made["priority"] == shown.priority.id
    assert made["externalID"] == link.key
    assert len(link.key) <= 50


def test_the_number_link_and_audit_are_stored_and_the_run_leaves_the_list(scene: Scene, autotask: Autotask) -> None:
    link = create_ticket(scene.run, user=scene.operator)
    (made,) = autotask.tickets()
    ticket = Ticket.objects.get()
    assert link.ticket == ticket
    assert (ticket.ticket_id, ticket.number, ticket.status_label) == (made["id"], made["ticketNumber"], "New")
    assert f"TicketID={made['id']}" in ticket.url
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.outcome, entry.user) == ("backup_tickets.create_ticket", "done", scene.operator)
    assert entry.vendor_record == f"ticket {made['id']}"
    assert recovery_job(link).state == Job.State.DONE
    assert not Run.objects.get(pk=scene.run.pk).needs_attention
    assert ApiCall.objects.filter(record=f"run:{scene.run.pk}").exists()


def test_second_click_opens_the_same_ticket(scene: Scene, autotask: Autotask) -> None:
    first = create_ticket(scene.run, user=scene.operator)
    assert create_ticket(scene.run, user=scene.operator) == first
    assert len(autotask.tickets()) == 1


def test_a_clear_refusal_is_told_in_autotasks_words_and_the_next_click_may_try_again(
    scene: Scene, autotask: Autotask
) -> None:
    autotask.refuse("Picklist value [3] does not exist for priority")
    link = create_ticket(scene.run, user=scene.operator)
    assert link.state == State.ABANDONED
    assert "Picklist value [3] does not exist for priority" in link.cause
    assert AuditEntry.objects.get().outcome == "refused"
    assert recovery_job(link).state == Job.State.DONE
    assert Run.objects.get(pk=scene.run.pk).needs_attention
    assert Job.objects.filter(kind="backup_tickets.refresh_reference").exists()
    assert create_ticket(scene.run, user=scene.operator).state == State.ACTIVE
    assert len(autotask.tickets()) == 1


def test_an_answer_that_never_came_is_unknown_and_a_look_up_is_due_in_five_seconds(
    scene: Scene, autotask: Autotask
) -> None:
    autotask.lose_the_answer()
    link = create_ticket(scene.run, user=scene.operator)
    assert link.state == State.UNKNOWN
    assert AuditEntry.objects.get().outcome == "unknown"
    due = recovery_job(link).not_before - timezone.now()
    assert dt.timedelta(0) < due <= dt.timedelta(seconds=5)
    assert create_ticket(scene.run, user=scene.operator) == link
    assert len(autotask.tickets()) == 1


def test_a_ticket_that_cannot_be_read_back_is_active_and_its_number_follows(
    scene: Scene, autotask: Autotask, claim: object
) -> None:
    autotask.break_reading()
    link = create_ticket(scene.run, user=scene.operator)
    assert link.state == State.ACTIVE
    assert link.ticket.number == ""
    assert recovery_job(link).state == Job.State.QUEUED
    autotask.mend()
    recover_creation(claim, link.pk)
    assert Ticket.objects.get().number == autotask.tickets()[0]["ticketNumber"]


def test_an_earlier_attempt_that_did_become_a_ticket_is_used_instead_of_a_second_one(
    scene: Scene, autotask: Autotask
) -> None:
    autotask.lose_the_answer()
    first = create_ticket(scene.run, user=scene.operator)
    TicketLink.objects.update(state=State.ABANDONED)  # as if its look-ups had come too early
    second = create_ticket(scene.run, user=scene.operator)
    first.refresh_from_db()
    assert (first.state, second.state) == (State.ACTIVE, State.ABANDONED)
    assert first.ticket.number in second.cause
    assert len(autotask.tickets()) == 1


def test_nothing_is_sent_while_an_earlier_attempt_cannot_be_looked_up(scene: Scene, autotask: Autotask) -> None:
    autotask.refuse("No.")
    create_ticket(scene.run, user=scene.operator)
    autotask.break_queries()
    link = create_ticket(scene.run, user=scene.operator)
    assert link.state == State.ABANDONED
    assert link.cause.startswith("Not sent: ")
    assert autotask.tickets() == []


def test_an_unreachable_autotask_means_not_sent(scene: Scene) -> None:
    Connection.objects.update(base_url="http://127.0.0.1:1", facts={})
    link = create_ticket(scene.run, user=scene.operator)
    assert link.state == State.ABANDONED
    assert link.cause.startswith("Not sent: ")


def test_a_click_that_was_frozen_past_its_deadline_sends_nothing(
    scene: Scene, autotask: Autotask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.backup_tickets.tickets.SEND_WITHIN", dt.timedelta(seconds=-1))
    link = create_ticket(scene.run, user=scene.operator)
    assert link.state == State.ABANDONED
    assert "too busy" in link.cause
    assert autotask.tickets() == []


def test_company_zero_is_a_company(scene: Scene, autotask: Autotask) -> None:
    CompanyMapping.objects.update(company_id=0, company_name="The provider")
    assert create_ticket(scene.run, user=scene.operator).state == State.ACTIVE
    assert autotask.tickets()[0]["companyID"] == 0


def _switch_off(scene: Scene) -> None:
    scene.integration.is_enabled = False
    scene.integration.save()


def _remove_mapping(scene: Scene) -> None:
    CompanyMapping.objects.all().delete()


def _break_mapping(scene: Scene) -> None:
    CompanyMapping.objects.update(status="invalid", cause="Made inactive.")


def _pause(scene: Scene) -> None:
    Connection.objects.update(is_paused=True)


def _need_attention(scene: Scene) -> None:
    Connection.objects.update(health="attention", health_cause="The password was refused.")


def _break_base_url(scene: Scene) -> None:
    scene.options.portal_base_url = "ftp://portal"
    scene.options.save()


def _forget_queue(scene: Scene) -> None:
    scene.options.default_queue = None
    scene.options.save()


def _lose_queue(scene: Scene) -> None:
    ReferenceItem.objects.filter(kind="queue", value=scene.options.default_queue).update(is_gone=True)


def _retire_priority(scene: Scene) -> None:
    ReferenceItem.objects.filter(kind="priority", value=scene.options.priority_error).update(is_active=False)


def _never_refreshed(scene: Scene) -> None:
    ReferenceItem.objects.all().delete()


def _no_settings(scene: Scene) -> None:
    scene.options.delete()


def _no_connection(scene: Scene) -> None:
    scene.integration.roles.all().delete()


def _no_integration(scene: Scene) -> None:
    scene.options.delete()
    scene.integration.roles.all().delete()
    scene.integration.delete()


def _succeeded(scene: Scene) -> None:
    scene.run.status = "success"
    scene.run.save()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_switch_off, "switched off"),
        (_remove_mapping, "Bakkerij Jansen is not mapped to an Autotask company."),
        (_break_mapping, "is inactive in Autotask. Made inactive."),
        (_pause, "is paused"),
        (_need_attention, "needs attention: The password was refused."),
        (_break_base_url, "The portal base URL “ftp://portal” is not an address"),
        (_forget_queue, "No queue is chosen."),
        (_lose_queue, "no longer exists in Autotask"),
        (_retire_priority, "is inactive in Autotask; choose another one"),
        (_never_refreshed, "have not been read from Autotask yet"),
        (_no_settings, "The ticket settings have not been saved yet."),
        (_no_connection, "No Autotask connection is chosen."),
        (_no_integration, "No Autotask integration is set up for Elite."),
        (_succeeded, "This run succeeded"),
    ],
)
def test_each_obstacle_has_its_own_sentence_and_nothing_is_sent(
    scene: Scene, autotask: Autotask, spoil: object, sentence: str
) -> None:
    spoil(scene)  # type: ignore[operator]  # one of the functions above
    found = obstacles(basis_of(scene.run), scene.operator)
    assert len(found) == 1
    assert sentence in found[0].sentence
    with pytest.raises(NotPossibleError, match=r"."):
        create_ticket(scene.run, user=scene.operator)
    assert autotask.calls() == []
    assert not TicketLink.objects.exists()


def test_a_cure_is_linked_for_those_who_can_apply_it_and_others_are_told_whom_to_ask(
    scene: Scene, admin_user: object
) -> None:
    _pause(scene)
    (told,) = obstacles(basis_of(scene.run), scene.operator)
    assert (told.link, told.sentence.endswith("Ask an administrator.")) == ("", True)
    (led,) = obstacles(basis_of(scene.run), admin_user)  # type: ignore[arg-type]  # pytest-django's superuser
    assert led.link == f"/admin/core/connection/{scene.connection.pk}/change/"
