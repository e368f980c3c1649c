"""Companies of a large account: how far the look is, how it is stopped, and that it goes on from there."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from integrations.backup_tickets import suggesting
from integrations.backup_tickets.models import CompanyLook, CompanySuggestion, Customer, SeenCompany
from integrations.core import long_jobs, roles
from integrations.core.models import Client, Job
from integrations.core.running import drain, run_due_jobs
from integrations.vendors.autotask import reading
from tests.at_the_keyboard import at_the_terminal
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.people import browser, person
from tests.backup_tickets.scene import Scene
from tests.faults.database import migrated_database_url

PAGE = reverse("admin:backup_tickets_customer_suggestions")
NAMES = ("Amberfield Dentists", "Sparrow Engineering", "Harbour Bakery", "Quiet Library", "Old Mill Brewers")


@pytest.fixture
def many(scene: Scene, autotask: Autotask, monkeypatch: pytest.MonkeyPatch) -> list[Customer]:
    """Five customers that Autotask has by their very names, in pages of two, each compared alone."""
    monkeypatch.setattr(reading, "PAGE", 2)
    monkeypatch.setattr(suggesting, "COMPARED_AT_ONCE", 1)
    for number, name in enumerate(NAMES, start=7001):
        autotask.add_company(number, name)
    return [Customer.objects.create(client=scene.client, name=name) for name in NAMES]


def press(scene: Scene, button: str) -> str:
    answer = browser(scene.operator).post(PAGE, {button: "1"}, follow=True)
    return str(answer.content.decode())


def page(scene: Scene) -> str:
    return str(browser(scene.operator).get(PAGE).content.decode())


def queries(autotask: Autotask) -> int:
    return sum("/Companies/query" in call.path for call in autotask.calls())


def slices_until(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.setattr(long_jobs, "SLICE", 0.0)
    for _ in range(20):
        drain(0)
        if words in Job.objects.latest("pk").outcome:
            return
    raise AssertionError(Job.objects.latest("pk").outcome)


def test_how_far_it_is_stands_on_the_page_slice_after_slice(
    scene: Scene, autotask: Autotask, many: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "It begins as soon as a worker is free." in press(scene, "look")
    slices_until(monkeypatch, "companies read.")
    shown = page(scene)
    assert "2 companies read." in shown
    assert "data-busy" in shown
    assert ">Stop</button>" in shown
    slices_until(monkeypatch, "1 of 5 customers compared with them.")
    assert 'max="5" value="1"' in page(scene)
    run_due_jobs()
    assert "5 proposed for 5 unmapped." in page(scene)
    assert "data-busy" not in page(scene)
    assert {row.company_name for row in CompanySuggestion.objects.all()} == set(NAMES)
    assert not SeenCompany.objects.exists()


def test_a_customer_that_comes_meanwhile_is_counted_too(scene: Scene, autotask: Autotask, many: list[Customer]) -> None:
    come: list[str] = []

    def one_comes(execute: Any, sql: str, *rest: Any) -> Any:
        if "INSERT" in sql and CompanySuggestion._meta.db_table in sql and not come:
            come.append("Late Florists")
            Customer.objects.create(client=scene.client, name=come[0])
        return execute(sql, *rest)

    press(scene, "look")
    with connection.execute_wrapper(one_comes):
        run_due_jobs()
    job = Job.objects.latest("pk")
    assert (job.done, job.total) == (6, 6)


def test_many_slices_make_the_calls_of_one(
    scene: Scene, autotask: Autotask, many: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    for seconds in (60.0, 0.0):
        autotask.simulator.calls.clear()
        monkeypatch.setattr(long_jobs, "SLICE", seconds)
        press(scene, "look")
        run_due_jobs()
        made.append(queries(autotask))
    assert made[0] == made[1] > 2


def test_stopped_while_reading_it_reads_on_from_there(
    scene: Scene, autotask: Autotask, many: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    press(scene, "look")
    run_due_jobs()
    whole = queries(autotask)
    press(scene, "look")
    autotask.simulator.calls.clear()
    slices_until(monkeypatch, "companies read.")
    shown = press(scene, "stop")
    assert "Stopped by hand. 2 companies read." in shown
    assert "Go on looking for companies" in shown
    run_due_jobs()
    assert queries(autotask) == 1
    press(scene, "look")
    run_due_jobs()
    assert queries(autotask) == whole
    assert CompanySuggestion.objects.count() == len(NAMES)


def test_stopped_while_comparing_what_was_proposed_stays_and_nothing_is_read_again(
    scene: Scene, autotask: Autotask, many: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    press(scene, "look")
    slices_until(monkeypatch, "2 of 5 customers compared")
    press(scene, "stop")
    assert [row.customer for row in CompanySuggestion.objects.order_by("customer")] == many[:2]
    autotask.simulator.calls.clear()
    press(scene, "look")
    run_due_jobs()
    assert autotask.calls() == []
    assert "5 proposed for 5 unmapped." in page(scene)
    assert CompanySuggestion.objects.count() == len(NAMES)


def test_a_look_that_was_stopped_yesterday_is_begun_anew(
    scene: Scene, autotask: Autotask, many: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    press(scene, "look")
    slices_until(monkeypatch, "2 of 5 customers compared")
    press(scene, "stop")
    CompanyLook.objects.update(begun_at=timezone.now() - suggesting.FRESH)
    autotask.add_company(7001, "Renamed Dentists")
    press(scene, "look")
    run_due_jobs()
    assert not CompanySuggestion.objects.filter(company_id=7001).exists()
    assert CompanySuggestion.objects.count() == len(NAMES) - 1


def test_nobody_stops_the_look_of_another_client(scene: Scene, autotask: Autotask, many: list[Customer]) -> None:
    press(scene, "look")
    other = Client.objects.create(slug="other", name="Other")
    stranger = browser(person("lisa", roles.OPERATOR, clients=[other]))
    stranger.post(PAGE, {"stop": "1"})
    assert Job.objects.get().state == Job.State.QUEUED


def test_the_command_says_what_was_proposed_and_names_the_clients_there_are(
    scene: Scene, autotask: Autotask, many: list[Customer]
) -> None:
    call_command("suggest_companies", scene.client.slug, stdout=(out := StringIO()))
    assert "5 proposed for 5 unmapped." in out.getvalue()
    with pytest.raises(CommandError, match=f"There is no client nobody. Known: {scene.client.slug}."):
        call_command("suggest_companies", "nobody")


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_ctrl_c_stops_the_command_and_it_goes_on_from_there(
    scene: Scene, autotask: Autotask, many: list[Customer], tmp_path: Path
) -> None:
    for number in range(8000, 9001):
        autotask.add_company(number, f"Company {number}")
    autotask.simulator.fault("slow", path="/Companies/query", value=0.1)
    autotask.simulator.fault("slow", path="/Companies/query", value=3.0)
    with migrated_database_url(tmp_path) as database:
        status, said = at_the_terminal(database, "suggest_companies", ctrl_c_at="500 companies read …")
        assert status == 1
        assert "Stopping after the one in hand" in said
        assert "Stopped by hand. 1,000 companies read." in said
        assert "the same command goes on from there" in said
        autotask.simulator.calls.clear()
        status, said = at_the_terminal(database, "suggest_companies")
    assert (status, queries(autotask)) == (0, 1)
    assert "5 proposed for 5 unmapped." in said
