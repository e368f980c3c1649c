"""A job's page: its last runs as marks that lead to them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from integrations.backup_tickets.job_history import history_of
from integrations.backup_tickets.models import CompanyMapping, Run
from integrations.backup_tickets.tickets import create_ticket
from integrations.core.models import AuditEntry
from tests.backup_tickets.people import browser
from tests.backup_tickets.scene import STARTED, Scene

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_last_sixty_runs_are_marks_oldest_first_with_letter_title_and_link(
    scene: Scene, django_assert_num_queries: Any
) -> None:
    for day in range(1, 71):
        scene.another_run(f"day-{day}", started_at=STARTED + dt.timedelta(days=day), status=Run.Status.SUCCESS)
    last = scene.another_run("last", started_at=STARTED + dt.timedelta(days=71))
    link = create_ticket(last, user=scene.operator)
    with django_assert_num_queries(2):
        history = history_of(scene.job)
    assert [mark.letter for mark in history.marks] == ["✓"] * 59 + ["E"]
    assert (history.succeeded, history.open_ticket) == (59, link)
    page = reverse("admin:backup_tickets_backupjob_change", args=[scene.job.pk])
    shown = browser(scene.operator).get(page).content.decode()
    assert "59 of 60 succeeded" in shown
    assert f"Error, ticket {link.ticket}" in shown
    assert reverse("admin:backup_tickets_run_change", args=[last.pk]) in shown


def test_a_job_without_runs_says_so(scene: Scene) -> None:
    scene.run.objects_reported.all().delete()
    scene.run.delete()
    page = reverse("admin:backup_tickets_backupjob_change", args=[scene.job.pk])
    assert "No run of this job has arrived yet." in browser(scene.operator).get(page).content.decode()


def test_a_rename_is_shown_until_it_is_acknowledged(scene: Scene) -> None:
    CompanyMapping.objects.update(status="renamed", cause="It was called Jansen before.")
    page = reverse("admin:backup_tickets_customer_change", args=[scene.customer.pk])
    door = reverse("admin:backup_tickets_customer_acknowledge", args=[scene.customer.pk])
    operator = browser(scene.operator)
    assert "I have seen the new name" in operator.get(page).content.decode()
    assert "Noted: the company is called Bakkerij Jansen now." in operator.post(door, follow=True).content.decode()
    mapping = CompanyMapping.objects.get()
    assert (mapping.status, mapping.cause) == ("ok", "")
    assert AuditEntry.objects.get().action == "backup_tickets.acknowledge_rename"
    assert "nothing to acknowledge" in operator.post(door, follow=True).content.decode()


def test_a_broken_mapping_names_its_reach(scene: Scene) -> None:
    create_ticket(scene.run, user=scene.operator)
    CompanyMapping.objects.update(status="invalid")
    page = reverse("admin:backup_tickets_customer_change", args=[scene.customer.pk])
    assert "Affected: 1 job, 1 open ticket." in browser(scene.operator).get(page).content.decode()
