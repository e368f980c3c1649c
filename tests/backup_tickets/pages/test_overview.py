"""The first page's lists and charts of backup runs and tickets, each person's own clients."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import RequestFactory
from django.utils import timezone

from integrations.backup_tickets.checking import check_now
from integrations.backup_tickets.models import BackupJob, Customer, Ticket
from integrations.backup_tickets.overview import count_runs, panels
from integrations.backup_tickets.tickets import create_ticket
from integrations.core import roles
from integrations.core.figures import counting
from integrations.core.figures.reading import figures
from integrations.core.models import Client, User
from integrations.core.registry import Panel
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.scene import Scene, failed_run, person

pytestmark = pytest.mark.django_db(transaction=True)
RUNS, TICKETS = "backup_tickets.runs", "backup_tickets.tickets"


def shown_to(user: User) -> list[Panel]:
    request = RequestFactory().get("/admin/")
    request.user = user
    return list(panels(request))


def since_yesterday(user: User) -> dict[str, str]:
    return {line.text: line.mark for line in shown_to(user)[1].lines}


def today(user: User, series: str) -> dict[str, int]:
    return {part: added.number for part, added in figures(user, {series: 1})[series].parts[0].items()}


def test_the_worst_run_is_first_and_the_rest_is_in_run_checks(scene: Scene, client: Any) -> None:
    now = timezone.now()
    for n, status in enumerate(["warning", "missed", *["warning"] * 8]):
        scene.another_run(f"w{n}", status=status, started_at=now - dt.timedelta(minutes=n))
    panel = shown_to(scene.operator)[0]
    assert [line.mark for line in panel.lines] == ["error", "missed", *["warning"] * 6]
    assert panel.more == "All 11"
    assert panel.lines[0].text == "Bakkerij Jansen · Daily HV01"
    client.force_login(scene.operator, backend="django.contrib.auth.backends.ModelBackend")
    for url in (panel.url, panel.lines[0].url, *(line.url for line in shown_to(scene.operator)[1].lines)):
        assert client.get(url).status_code == 200


def test_what_changed_since_yesterday_is_counted(scene: Scene, autotask: Autotask) -> None:
    assert set(since_yesterday(scene.operator).values()) == {"0"}
    runs = [scene.another_run(f"new-{n}", started_at=timezone.now()) for n in range(3)]
    tickets = [create_ticket(run, user=scene.operator).ticket for run in runs[:2]]
    assert None not in tickets
    autotask.set_status(tickets[0].ticket_id, 5)  # type: ignore[union-attr]
    autotask.delete_ticket(tickets[1].ticket_id)  # type: ignore[union-attr]
    for run in runs[:2]:
        check_now(run, user=scene.operator)
    expected = {"runs failed": "3", "tickets opened": "2", "ticket resolved": "1", "ticket deleted in Autotask": "1"}
    assert since_yesterday(scene.operator) == expected
    with time_machine.travel(timezone.now() + dt.timedelta(hours=25)):
        assert set(since_yesterday(scene.operator).values()) == {"0"}


def test_a_closed_ticket_keeps_the_time_it_was_closed_at_when_it_is_read_again(
    scene: Scene, autotask: Autotask
) -> None:
    ticket = create_ticket(scene.run, user=scene.operator).ticket
    assert ticket is not None
    autotask.set_status(ticket.ticket_id, 5)
    check_now(scene.run, user=scene.operator)
    closed = Ticket.objects.get().state_since
    check_now(scene.run, user=scene.operator)
    assert Ticket.objects.get().state_since == closed
    autotask.set_status(ticket.ticket_id, 8)
    check_now(scene.run, user=scene.operator)
    opened = Ticket.objects.get().state_since
    assert closed is not None
    assert opened is not None
    assert opened > closed


def test_charts_count_tickets_once_and_forget_one_that_was_opened_again(scene: Scene, autotask: Autotask) -> None:
    ticket = create_ticket(scene.run, user=scene.operator).ticket
    assert ticket is not None
    autotask.set_status(ticket.ticket_id, 5)
    check_now(scene.run, user=scene.operator)
    counting.count_all()
    assert today(scene.operator, TICKETS) == {"opened": 1, "resolved": 1}
    autotask.set_status(ticket.ticket_id, 8)
    check_now(scene.run, user=scene.operator)
    counting.count_all()
    assert today(scene.operator, TICKETS) == {"opened": 1}


def test_people_see_figures_and_runs_of_their_clients_only(scene: Scene) -> None:
    other = Client.objects.create(slug="other", name="Other")
    job = BackupJob.objects.create(customer=Customer.objects.create(client=other, name="Secret Ltd"), name="Nightly")
    failed_run(job, "x1", started_at=timezone.now())
    scene.another_run("x2", started_at=timezone.now(), status="success", needs_attention=False)
    counting.count_all()
    limited = person("lisa", roles.OPERATOR, clients=[other])
    assert today(scene.operator, RUNS) == {"error": 1, "success": 1}
    assert today(limited, RUNS) == {"error": 1}
    assert [line.text for line in shown_to(limited)[0].lines] == ["Secret Ltd · Nightly"]
    assert since_yesterday(limited)["run failed"] == "1"


def test_a_run_that_is_imported_weeks_late_is_in_its_day_by_the_next_morning(scene: Scene) -> None:
    now = timezone.now()
    counting.count_all()
    scene.another_run("late", started_at=now - dt.timedelta(days=20))
    counting.count_all()
    assert not any(figures(scene.operator, {RUNS: 25})[RUNS].parts[:10])
    with time_machine.travel(now + dt.timedelta(days=1)):
        counting.count_all()
        assert sum("error" in parts for parts in figures(scene.operator, {RUNS: 25})[RUNS].parts[:10]) == 1


def test_who_may_not_see_runs_gets_no_list(scene: Scene) -> None:
    scene.operator.groups.clear()
    assert shown_to(User.objects.get(pk=scene.operator.pk)) == []


def test_a_day_s_runs_are_counted_by_one_statement(scene: Scene, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert list(count_runs(scene.run.started_at, scene.run.started_at + dt.timedelta(days=1)))
