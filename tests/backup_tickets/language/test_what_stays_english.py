"""What is the same in every language of the portal: everything that Autotask gets, and what programs are told."""

from __future__ import annotations

import json

import pytest
from django.test import Client as Browser

from integrations.backup_tickets.noting import add_note
from integrations.backup_tickets.resolving import resolve
from integrations.backup_tickets.tickets import create_ticket
from integrations.core.models import ApiToken
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.intake.conftest import report
from tests.backup_tickets.scene import Scene
from tests.translation import CLOSE, OPEN, bracketed

TOKEN = "ip_a-token-for-tests"
pytestmark = pytest.mark.django_db(transaction=True)


def test_autotask_gets_tickets_and_notes_in_the_words_of_the_specification(scene: Scene, autotask: Autotask) -> None:
    with bracketed():
        create_ticket(scene.run, user=scene.operator)
        add_note(scene.run, "The disk was full.", user=scene.operator)
        resolve(scene.run, user=scene.operator)
    (ticket,) = autotask.tickets()
    held = json.dumps([ticket, *autotask.simulator.data.notes.values()], ensure_ascii=False)
    assert "Daily HV01 - Error" in held
    assert "Ticket resolved via Backupchecks" in held
    assert OPEN not in held
    assert CLOSE not in held


def test_the_api_says_in_english_what_is_wrong_with_a_run(scene: Scene) -> None:
    ApiToken.objects.create(client=scene.client, name="veeam", digest=ApiToken.digest_of(TOKEN))
    with bracketed():
        answer = Browser().post(
            "/api/v1/runs",
            json.dumps(report("a", status="?")),
            content_type="application/json",
            headers={"authorization": f"Bearer {TOKEN}"},
        )
    said = [error["message"] for error in answer.json()["errors"]]
    assert said == ["Item 1: status must be one of success, warning, error, missed."]
