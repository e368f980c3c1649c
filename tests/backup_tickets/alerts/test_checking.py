"""Tickets whose creation nobody has confirmed for too long: one finding per client, with where to look."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from model_bakery import baker

from integrations.backup_tickets.alerts import CHECKING
from integrations.backup_tickets.models import TicketLink
from tests.backup_tickets.scene import set_scene

pytestmark = pytest.mark.django_db


def test_tickets_checked_for_more_than_an_hour_are_found_once_per_client() -> None:
    scene, now = set_scene("http://127.0.0.1:9"), timezone.now()
    run = scene.run
    ages = {"a": (61, "unknown"), "b": (59, "unknown"), "c": (500, "active"), "d": (90, "unknown")}
    for name, (minutes, state) in ages.items():
        baker.make(
            TicketLink,
            run=scene.another_run(f"run-{name}"),
            connection=scene.connection,
            key=name,
            state=state,
            unknown_since=now - dt.timedelta(minutes=minutes),
        )
    [found] = CHECKING.find(CHECKING.threshold, now)
    assert found.client_id == run.client_id
    assert found.title == f"{run.client}: 2 tickets have been checked for long"
    assert found.since == now - dt.timedelta(minutes=90)
    assert found.path == "/admin/backup_tickets/run/?ticket=checking"
