"""What tickets add to the page about failures: attempts being checked, tickets that are gone, what was not created."""

from __future__ import annotations

import pytest
import time_machine

from integrations.backup_tickets.models import CompanyMapping, TicketLink
from integrations.backup_tickets.tickets import create_ticket
from integrations.core.running import run_due_jobs
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.scene import Scene
from tests.core.failures.failing import PAGE, confirm, groups, propose, text
from tests.core.world import browser, person

pytestmark = pytest.mark.django_db(transaction=True)
State = TicketLink.State


def test_an_attempt_without_an_answer_offers_a_look_up_and_nothing_that_sends(scene: Scene, autotask: Autotask) -> None:
    autotask.lose_the_answer()
    link = create_ticket(scene.run, user=scene.operator)
    page = browser(scene.operator)
    shown = text(page)
    assert "being checked 1 ticket being checked" in shown
    assert "Elite · tickets" in shown
    assert "open outcome" not in shown, "the audit trail's entry is the same thing"
    assert "Retry" not in shown
    (group,) = groups(page)
    with time_machine.travel(link.created_at, tick=True) as now:
        preview = propose(page, "check", group=group)
        assert "Nothing is sent again." in text(page, preview)
        confirm(page, preview)
        now.shift(30)
        run_due_jobs()
    link.refresh_from_db()
    assert link.state == State.ACTIVE
    assert len(autotask.tickets()) == 1
    assert "All 1 done." in text(page, preview)


def test_what_is_gone_or_was_not_created_leads_to_its_run(scene: Scene, autotask: Autotask) -> None:
    autotask.refuse("Queue 12 is closed.")
    create_ticket(scene.run, user=scene.operator)
    lost = scene.another_run("run-2")
    key = create_ticket(lost, user=scene.operator)
    TicketLink.objects.filter(pk=key.pk).update(state=State.DELETED, cause="It is gone.")
    type(lost).objects.filter(pk=lost.pk).update(needs_attention=True)
    CompanyMapping.objects.update(status="missing", cause="Company 109 is not readable.")
    page = browser(scene.operator)
    shown = text(page)
    assert "ticket not created 1 ticket that was not created" in shown
    assert "Queue 12 is closed." in shown
    assert "ticket deleted 1 deleted ticket It is gone." in shown
    assert "company mapping broken 1 customer Company 109 is not readable." in shown
    assert f"/admin/backup_tickets/run/{scene.run.pk}/change/" in page.get(PAGE).content.decode()
    assert groups(page) == []


def test_people_of_other_clients_see_none_of_it(scene: Scene, autotask: Autotask) -> None:
    autotask.lose_the_answer()
    create_ticket(scene.run, user=scene.operator)
    (group,) = groups(browser(scene.operator))
    stranger = browser(person("sven", "Admin", clients=[]))
    assert "Nothing is held" in text(stranger)
    assert "Nothing of this group waits" in text(stranger, propose(stranger, "check", group=group))
