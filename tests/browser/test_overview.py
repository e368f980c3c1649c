"""The first page in a real browser: by role, in light, dark and on a phone; charts can be read without seeing them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from integrations.backup_tickets.intake import take_runs
from integrations.core import audit, roles, streams
from integrations.core.figures import counting
from integrations.core.models import ApiCall, AuditEntry, Client, WebhookDelivery
from tests.backup_tickets.intake.conftest import report
from tests.backup_tickets.scene import Scene, person, set_scene

from .test_story import sign_in

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
HOSTILE = "<img src=x onerror=\"console.error('inert?')\">"


@pytest.fixture
def portal(live_server: Any) -> str:
    scene = set_scene("https://autotask.example")
    now = timezone.now()
    for days in range(1, 12):
        at = (now - dt.timedelta(days=days, hours=1)).isoformat()
        for n in range(4):
            status = "error" if (days + n) % 4 == 0 else "success"
            take_runs(
                scene.client, [report(f"{days}-{n}", job=f"Job {n}", status=status, started_at=at, finished_at=None)]
            )
    take_runs(
        scene.client, [report("now", job=HOSTILE, customer=HOSTILE, started_at=now.isoformat(), finished_at=None)]
    )
    _activity(scene, now)
    counting.count_all()
    return str(live_server.url)


def _activity(scene: Scene, now: dt.datetime) -> None:
    streams.streams_of(scene.integration)
    for hours in range(20):
        at, took = now - dt.timedelta(hours=hours), 80 + hours * 5
        WebhookDelivery.objects.create(
            connection=scene.connection, event="e", subject="t:1", body=b"", received_at=at, state="done"
        )
        ApiCall.objects.create(
            at=at, connection=scene.connection, status=200, duration_ms=took, method="GET", host="v.example", route="/"
        )
    entry = audit.begin("backup_tickets.create_ticket", user=scene.operator, client=scene.client, record="run:1")
    audit.finish(entry, AuditEntry.Outcome.DONE)
    person("anna", roles.ADMIN)


def fits(page: Page, width: int) -> bool:
    return int(page.evaluate("document.documentElement.scrollWidth")) <= width


def test_an_operator_begins_the_day_with_what_wants_attention(page: Page, portal: str, complaints: list[str]) -> None:
    sign_in(page, portal, "otto")
    expect(page.get_by_role("heading", name="Runs that want attention now")).to_be_visible()
    expect(page.get_by_text(HOSTILE).first).to_be_visible()
    expect(page.get_by_text("Create ticket, run 1")).to_be_visible()
    expect(page.get_by_role("heading", name="Streams")).to_have_count(0)
    chart = page.get_by_role("img", name="Backup runs by day")
    expect(chart).to_be_visible()
    section = page.locator("section", has=chart)
    section.get_by_text("The figures as a table").click()
    expect(section.get_by_role("columnheader", name="Success")).to_be_visible()
    page.get_by_role("link", name=HOSTILE).first.click()
    page.wait_for_url("**/run/*/change/**")
    assert complaints == []


def test_an_admin_sees_first_how_the_portal_stands(page: Page, portal: str, complaints: list[str]) -> None:
    sign_in(page, portal, "anna")
    headings = page.locator("#content h2, main h2").all_inner_texts()
    assert headings.index("Connections") < headings.index("Streams") < headings.index("Runs that want attention now")
    expect(page.get_by_role("img", name="Webhooks by hour")).to_be_visible()
    expect(page.get_by_role("img", name="Autotask: hourly means of the last 48 hours, at most 175 ms")).to_be_visible()
    expect(page.get_by_text("never").first).to_be_visible()
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_and_the_dark(page: Page, portal: str, scheme: Any, complaints: list[str]) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, portal, "anna")
    assert fits(page, 390)
    for summary in page.get_by_text("The figures as a table").all():
        summary.click()
    assert fits(page, 390)
    colour = page.locator(".p-panel").first.evaluate("element => getComputedStyle(element).backgroundColor")
    assert (colour == "rgb(255, 255, 255)") is (scheme == "light"), colour
    assert complaints == []


def test_a_client_without_anything_gets_words_in_place_of_charts(
    page: Page, live_server: Any, complaints: list[str]
) -> None:
    person("nora", roles.OPERATOR, clients=[Client.objects.create(slug="new", name="New")])
    sign_in(page, str(live_server.url), "nora")
    expect(page.get_by_text("None: every failed run has been dealt with.")).to_be_visible()
    expect(page.get_by_text("Nothing in the last 30 days.").first).to_be_visible()
    expect(page.get_by_text("Charts are counted for the first time within a few minutes.")).to_be_visible()
    assert complaints == []
