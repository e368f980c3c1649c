"""A stream's page and a run's page: what an admin sees of a sync and can do about it."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.core.models import AuditEntry, HeldItem, RecordLink, Stream, SyncRun
from integrations.core.running import run_due_jobs
from integrations.core.streams import run_now
from tests.core.sync.conftest import Pair
from tests.core.world import browser, make_world


@pytest.fixture
def world(installed_pair: Pair) -> SimpleNamespace:
    return make_world()


def address(stream: Stream) -> str:
    return f"/admin/core/integration/{stream.integration_id}/stream/{stream.slug}/"


def text(page: Any, url: str) -> str:
    answer = page.get(url)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def press(page: Any, stream: Stream, **fields: str) -> str:
    """Press a button of the stream's page; the page that follows."""
    answer = page.post(address(stream), fields, follow=True)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_first_run_waits_until_somebody_approved_what_a_dry_run_shows(
    installed_pair: Pair, world: SimpleNamespace
) -> None:
    installed_pair.left.insert("Printer on fire")
    page, stream = browser(world.admin), installed_pair.to_right
    assert "Its first run waits for an admin" in press(page, stream, run="1")
    assert "Start a dry run first" in press(page, stream, approve="1")
    press(page, stream, dry_run="1")
    run_due_jobs()
    (dry,) = SyncRun.objects.all()
    shown = text(page, f"/admin/core/syncrun/{dry.pk}/change/")
    assert "What it would do" in shown
    assert "create “Printer on fire”" in shown
    assert installed_pair.right.ledger == []
    assert "may write from now on" in press(page, stream, approve="1")
    press(page, stream, run="1")
    run_due_jobs()
    assert installed_pair.right.ledger == [("create", "R0001")]
    assert "First run approved" in text(page, address(stream))


def test_held_records_are_grouped_by_cause_and_a_group_is_retried_or_dismissed_with_a_reason(
    installed_pair: Pair, world: SimpleNamespace
) -> None:
    page, stream = browser(world.admin), installed_pair.to_left
    for title in ("A", "B", "C"):
        installed_pair.right.insert(title)
    installed_pair.left.poisoned = {"A", "B"}
    press(page, stream, run="1")
    run_due_jobs()
    shown = text(page, address(stream))
    assert shown.count("Retry it") == 2
    assert "L refuses A." in shown
    installed_pair.left.poisoned = {"B"}
    group = {"cause": "permanent", "sentence": "L refuses A."}
    assert "1 record will be tried again at once" in press(page, stream, retry="1", **group)
    run_due_jobs()
    assert sorted(thing.fields["title"] for thing in installed_pair.left.things.values()) == ["A", "C"]
    group["sentence"] = "L refuses B."
    assert "Nothing was dismissed" in press(page, stream, dismiss="1", **group)
    assert "1 record dismissed" in press(page, stream, dismiss="1", reason="A test ticket", **group)
    item = HeldItem.objects.get(state="dismissed")
    assert (item.dismissed_by, item.reason) == (world.admin, "A test ticket")


def test_reading_again_from_an_earlier_moment_makes_nothing_twice_and_says_who_asked(
    installed_pair: Pair, world: SimpleNamespace
) -> None:
    page, stream = browser(world.admin), installed_pair.to_left
    installed_pair.right.insert("A")
    press(page, stream, run="1")
    run_due_jobs()
    later = (timezone.now() + dt.timedelta(days=1)).strftime("%Y-%m-%d %H:%M")
    assert "Choose an earlier moment" in press(page, stream, resync="1", since=later)
    assert "is not a moment" in press(page, stream, resync="1", since="yesterday")
    assert "is not a moment" in press(page, stream, resync="1", since="2026-02-31 08:00")
    press(page, stream, resync="1", since="2020-01-01 00:00")
    press(page, stream, run="1")
    run_due_jobs()
    assert len(installed_pair.left.ledger) == 1
    assert SyncRun.objects.latest("pk").read == 1
    entry = AuditEntry.objects.get(action="stream.resync")
    assert entry.user == world.admin
    assert entry.detail.endswith("to 2020-01-01 00:00:00.")


def test_a_run_is_stopped_from_its_page_and_operators_can_only_look(
    installed_pair: Pair, world: SimpleNamespace
) -> None:
    run = SyncRun.objects.create(stream=installed_pair.to_left)
    url = f"/admin/core/syncrun/{run.pk}/change/"
    assert browser(world.operator).post(url, {"stop": "1"}).status_code == 403
    assert "Stop</button>" not in text(browser(world.operator), url)
    assert "Stop</button>" in text(browser(world.admin), url)
    browser(world.admin).post(url, {"stop": "1"})
    run.refresh_from_db()
    assert run.stop_asked
    assert "It ends after the one it is at" in text(browser(world.admin), url)
    SyncRun.objects.filter(pk=run.pk).update(state=SyncRun.State.STOPPED)
    assert "Stopped." in text(browser(world.operator), url)
    assert browser(world.limited).get(url).status_code == 302


def test_what_a_vendor_said_is_shown_as_inert_text(installed_pair: Pair, world: SimpleNamespace) -> None:
    installed_pair.right.insert("<script>alert(1)</script>")
    installed_pair.left.poisoned = {"<script>alert(1)</script>"}
    page, stream = browser(world.admin), installed_pair.to_left
    press(page, stream, run="1")
    run_due_jobs()
    run = SyncRun.objects.get()
    for url in (address(stream), f"/admin/core/syncrun/{run.pk}/change/"):
        shown = text(page, url)
        assert "&lt;script&gt;alert(1)" in shown
        assert "<script>alert(1)" not in shown


def test_a_preview_says_how_many_records_would_be_read_again_and_writes_nothing(
    installed_pair: Pair, admin_client: Any
) -> None:
    installed_pair.right.insert("A")
    installed_pair.right.insert("B")
    run_now(installed_pair.to_left)
    reached = Stream.objects.get(pk=installed_pair.to_left.pk).watermark
    page = address(installed_pair.to_left)
    answer = admin_client.post(page, {"preview": "1", "since": ""})
    run = SyncRun.objects.get(is_dry=True)
    assert answer.url == reverse("admin:core_syncrun_change", args=[run.pk])
    run_due_jobs()
    run.refresh_from_db()
    assert run.outcome == "Would be: 2 read; 2 unchanged."
    assert Stream.objects.get(pk=installed_pair.to_left.pk).watermark == reached
    said = admin_client.post(page, {"preview": "1", "since": "soon"}, follow=True).content.decode()
    assert "is not a moment" in said


def test_a_pair_is_found_by_either_id_and_its_page_tells_what_happened(installed_pair: Pair, admin_client: Any) -> None:
    thing = installed_pair.right.insert("A")
    run_now(installed_pair.to_left)
    installed_pair.right.edit(thing.id, state="closed")
    run_now(installed_pair.to_left)
    link = RecordLink.objects.get()
    for one in (link.left_id, link.right_id):
        listed = admin_client.get(reverse("admin:core_recordlink_changelist"), {"q": one}).content.decode()
        assert link.left_id in listed
    page = admin_client.get(reverse("admin:core_recordlink_change", args=[link.pk])).content.decode()
    assert "to_left: created" in page
    assert "to_left: updated" in page
    assert "state changed." in page
    assert "closed" in page, "what both sides last had"
