"""An admin has the webhooks of some hours looked at again: first what it would do, then live, and stopped at will."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client as Sender
from django.utils import timezone
from playwright.sync_api import Page, expect

from integrations.core import roles
from integrations.core.models import Replay
from integrations.core.running import run_due_jobs
from integrations.transport.errors import RejectedError
from tests.core.webhooks import pigeons
from tests.core.world import person

from .looks import enter, fits, in_every_look, on_a_phone, says

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
INBOX = "/admin/core/webhookdelivery/"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=True) as traveller:
        yield traveller


def fly(loft: pigeons.Loft, birds: range) -> None:
    """Calls about these birds come, two about each, and are worked off."""
    for bird in birds:
        loft.birds[str(bird)] = bird
        for _ in range(2):
            Sender().post(
                "/webhooks/elite/pigeon/bird",
                json.dumps({"bird": bird}),
                content_type="application/json",
                headers={"X-Webhook-Secret": pigeons.SECRET},
            )
    run_due_jobs()


@pytest.fixture
def loft(clock: time_machine.Traveller, live_server: Any) -> Iterator[pigeons.Loft]:
    """Birds 14 to 21 came two hours ago, birds 22 to 31 just now; all were looked at."""
    with pigeons.kept() as made:
        pigeons.make_world()
        fly(made, range(14, 22))
        clock.shift(7200)
        fly(made, range(22, 32))
        clock.shift(60)
        made.looks.clear()
        yield made


def minutes_ago(minutes: int) -> str:
    """As an input of date and time has it."""
    return f"{timezone.localtime() - dt.timedelta(minutes=minutes):%Y-%m-%dT%H:%M}"


@in_every_look
def test_the_calls_of_an_hour_are_shown_first_then_looked_at_and_stopped(
    page: Page, live_server: Any, loft: pigeons.Loft, clock: time_machine.Traveller, complaints: list[str]
) -> None:
    portal = str(live_server.url)
    enter(page, portal, person("anna", roles.ADMIN))
    page.goto(portal + INBOX)
    page.get_by_role("link", name="Replay by filter and time range").click()
    page.get_by_label("Received from").fill(minutes_ago(60))
    page.get_by_label("Received before").fill(minutes_ago(90))
    page.get_by_role("button", name="Show what it would do").click()
    says(page, "The end must be after the beginning.")
    assert fits(page)
    page.get_by_label("Connection").select_option(label="Elite · pigeon")
    page.get_by_label("What came of them").select_option("done")
    page.get_by_label("Record", exact=True).fill("bird:2")
    page.get_by_label("Received before").fill("")
    page.get_by_label("Records a minute").select_option("6")
    page.get_by_role("button", name="Show what it would do").click()
    says(page, "nothing was done yet")
    says(page, "8 records")
    shown = page.get_by_role("row").filter(has_text="bird:")
    expect(shown.get_by_role("link")).to_have_text([f"bird:{bird}" for bird in range(22, 30)])
    assert fits(page)
    assert loft.looks == []

    page.get_by_role("button", name="Look at 8 records again").click()
    says(page, "0 of 8 records asked for so far")
    run_due_jobs()
    says(page, "1 of 8 records asked for so far")  # the page looks by itself
    assert fits(page)
    page.get_by_role("button", name="Stop").click()
    says(page, "Stopped after 1 of 8 records.")
    clock.shift(120)
    run_due_jobs()
    assert loft.looks == ["22"]
    assert fits(page)
    page.get_by_role("link", name="All replays").click()
    expect(page.get_by_role("row").filter(has_text="stopped")).to_have_count(1)
    assert complaints == []


@on_a_phone
def test_a_replay_goes_on_to_its_end_and_its_page_tells_what_came_of_it(
    page: Page, live_server: Any, loft: pigeons.Loft, clock: time_machine.Traveller, complaints: list[str]
) -> None:
    portal = str(live_server.url)
    loft.troubles.append(RejectedError("No such <bird>."))
    enter(page, portal, person("anna", roles.ADMIN))
    page.goto(f"{portal}/admin/core/replay/add/?record=bird:1")
    page.get_by_label("Records a minute").select_option("1200")
    page.get_by_role("button", name="Show what it would do").click()
    page.get_by_role("button", name="Look at 6 records again").click()
    says(page, "0 of 6 records asked for so far")
    for _ in range(3):
        run_due_jobs()
        clock.shift(20)
    says(page, "All 6 records looked at.")
    says(page, "No such <bird>.")
    assert fits(page)
    assert sorted(set(loft.looks)) == [str(bird) for bird in range(14, 20)]
    page.get_by_role("link", name="Its deliveries, with what came of each").click()
    expect(page.get_by_role("row").filter(has_text="bird:1")).to_have_count(12)
    assert Replay.objects.get().state == Replay.State.DONE
    assert complaints == []
