"""The page of a run as operators, reporters and strangers meet it."""

from __future__ import annotations

import re

import pytest
from django.test import Client as Browser
from django.urls import reverse

from integrations.backup_tickets.models import CompanyMapping, Run, RunObject, TicketLink
from integrations.backup_tickets.tickets import create_ticket
from integrations.core import roles
from integrations.core.models import Client, User
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.scene import Scene, person


def browser(user: User) -> Browser:
    made = Browser()
    made.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return made


def page(run: Run) -> str:
    return reverse("admin:backup_tickets_run_change", args=[run.pk])


def door(run: Run) -> str:
    return reverse("admin:backup_tickets_run_ticket", args=[run.pk])


def state_door(run: Run) -> str:
    return reverse("admin:backup_tickets_run_ticket_state", args=[run.pk])


def seen_on(preview_page: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', preview_page)
    assert found
    return found[1]


def test_an_operator_sees_the_ticket_before_it_is_sent_and_its_number_after(scene: Scene, autotask: Autotask) -> None:
    operator = browser(scene.operator)
    assert door(scene.run) in operator.get(page(scene.run)).content.decode()
    preview = operator.get(door(scene.run)).content.decode()
    for part in (
        "[Backupchecks] Bakkerij Jansen - Daily HV01 - Error",
        "No space left.",
        f"https://portal.example.com{page(scene.run)}",
        "Monitoring Alert",
        "A test system: nobody works with what is written here.",
    ):
        assert part in preview
    assert autotask.tickets() == []
    answer = operator.post(door(scene.run), {"seen": seen_on(preview)}, follow=True)
    (made,) = autotask.tickets()
    shown = answer.content.decode()
    assert f"Ticket {made['ticketNumber']} created." in shown
    assert "Open ticket" in shown
    assert door(scene.run) not in shown
    assert re.search(r"otto</b> <a [^>]*>asked for an Autotask ticket</a>", shown)


def test_what_changed_since_it_was_shown_is_shown_again_and_not_sent(scene: Scene, autotask: Autotask) -> None:
    operator = browser(scene.operator)
    seen = seen_on(operator.get(door(scene.run)).content.decode())
    Run.objects.filter(pk=scene.run.pk).update(remark="Now with a remark.")
    answer = operator.post(door(scene.run), {"seen": seen})
    assert answer.status_code == 409
    assert "has changed since you looked at it" in answer.content.decode()
    assert autotask.tickets() == []


def test_a_second_confirmation_shows_the_first_ones_ticket(scene: Scene, autotask: Autotask) -> None:
    operator = browser(scene.operator)
    seen = seen_on(operator.get(door(scene.run)).content.decode())
    for _ in range(2):
        answer = operator.post(door(scene.run), {"seen": seen}, follow=True)
    assert "This run already has a ticket; here it is." in answer.content.decode()
    assert len(autotask.tickets()) == 1


def test_while_it_is_checked_the_page_says_so_and_waits_by_asking_the_portal(scene: Scene, autotask: Autotask) -> None:
    autotask.lose_the_answer()
    link = create_ticket(scene.run, user=scene.operator)
    operator = browser(scene.operator)
    shown = operator.get(page(scene.run)).content.decode()
    assert "<b>Checking.</b>" in shown
    assert 'data-ticket-stamp="unknown ' in shown
    assert '<noscript><meta http-equiv="refresh"' in shown
    assert door(scene.run) not in shown
    assert operator.get(state_door(scene.run)).json()["state"] == "unknown"
    assert operator.get(door(scene.run)).status_code == 302
    TicketLink.objects.filter(pk=link.pk).update(state="abandoned", cause="Not found.")
    assert operator.get(state_door(scene.run)).json()["state"] == "abandoned"
    assert "The last attempt created no ticket.</b> Not found." in operator.get(page(scene.run)).content.decode()


def test_a_further_ticket_is_shown_in_plain_sight(scene: Scene) -> None:
    link = create_ticket(scene.run, user=scene.operator)
    TicketLink.objects.filter(pk=link.pk).update(
        strays=[{"id": 7, "number": "T20261122.0099", "url": "https://ww1.autotask.net/x"}]
    )
    shown = browser(scene.operator).get(page(scene.run)).content.decode()
    assert "Autotask has 1 more ticket for this run." in shown
    assert "T20261122.0099" in shown


def test_an_obstacle_is_named_with_its_cure_instead_of_the_button(scene: Scene) -> None:
    CompanyMapping.objects.all().delete()
    operator = browser(scene.operator)
    customer_page = reverse("admin:backup_tickets_customer_change", args=[scene.customer.pk])
    for url in (page(scene.run), door(scene.run)):
        shown = operator.get(url).content.decode()
        assert "Bakkerij Jansen is not mapped to an Autotask company." in shown
        assert f'href="{customer_page}">Open the customer' in shown
        assert "Create ticket</button>" not in shown


def test_a_reporter_reads_and_meets_no_button_and_403_behind_it(scene: Scene, autotask: Autotask) -> None:
    reporter = browser(person("rita", roles.REPORTER))
    shown = reporter.get(page(scene.run))
    assert shown.status_code == 200
    assert door(scene.run) not in shown.content.decode()
    assert reporter.get(door(scene.run)).status_code == 403
    assert reporter.post(door(scene.run), {"seen": "x"}).status_code == 403
    assert reporter.get(state_door(scene.run)).status_code == 200
    assert autotask.calls() == []


def test_a_stranger_to_the_client_finds_nothing(scene: Scene) -> None:
    other = Client.objects.create(slug="other", name="Other")
    stranger = browser(person("sam", roles.OPERATOR, clients=[other]))
    for url in (page(scene.run), door(scene.run), state_door(scene.run)):
        assert stranger.get(url).status_code == 404
    assert stranger.post(door(scene.run), {"seen": "x"}).status_code == 404


def test_the_doors_take_only_their_own_methods_and_a_token(scene: Scene) -> None:
    operator = browser(scene.operator)
    assert operator.post(state_door(scene.run)).status_code == 405
    assert operator.delete(door(scene.run)).status_code == 405
    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(scene.operator, backend="django.contrib.auth.backends.ModelBackend")
    assert strict.post(door(scene.run), {"seen": "x"}).status_code == 403


def test_what_a_backup_tool_reports_is_text_and_never_markup(scene: Scene) -> None:
    evil = "<script>alert(1)</script>"
    RunObject.objects.create(run=scene.run, position=2, name=evil, status="error", message=evil)
    Run.objects.filter(pk=scene.run.pk).update(remark=evil)
    operator = browser(scene.operator)
    for url in (page(scene.run), door(scene.run)):
        shown = operator.get(url).content.decode()
        assert evil not in shown
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


def test_of_many_objects_the_failed_ones_come_first_and_all_can_be_shown(scene: Scene) -> None:
    RunObject.objects.bulk_create(
        RunObject(run=scene.run, position=position, name=f"VM{position:04}", status="success")
        for position in range(2, 302)
    )
    RunObject.objects.create(run=scene.run, position=500, name="LAST-AND-BROKEN", status="error", message="Broken.")
    operator = browser(scene.operator)
    shown = operator.get(page(scene.run)).content.decode()
    assert "LAST-AND-BROKEN" in shown
    assert "VM0301" not in shown
    assert "Show all 302 objects" in shown
    assert "VM0301" in operator.get(page(scene.run), {"objects": "all"}).content.decode()


@pytest.mark.parametrize("run_id", ["999999", "abc"])
def test_a_run_that_does_not_exist_is_404(scene: Scene, run_id: str) -> None:
    assert browser(scene.operator).get(f"/admin/backup_tickets/run/{run_id}/change/").status_code == 404
