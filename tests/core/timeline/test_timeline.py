"""What a timeline costs, how it is paged, and what it does with what vendors said."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.core import roles
from integrations.core.models import (
    ApiCall,
    AuditEntry,
    Connection,
    HeldItem,
    RecordLink,
    SyncEntry,
    SyncRun,
    WebhookDelivery,
)
from integrations.core.streams import run_now
from integrations.core.timeline import of_link, timeline
from integrations.core.timeline.gathering import CALLS, PAGE
from tests.core.sync.conftest import Pair, installed_pair
from tests.core.world import browser, person
from tests.telling import chains

__all__ = ["installed_pair"]
STATEMENTS = 10  # of one page: two about the pair, one for permissions, and one for each kind of what is kept


@pytest.fixture
def link(installed_pair: Pair) -> RecordLink:
    """A pair with a run of every kind in its life."""
    thing = installed_pair.right.insert("A")
    run_now(installed_pair.to_left)
    installed_pair.right.edit(thing.id, state="closed")
    run_now(installed_pair.to_left)
    return RecordLink.objects.select_related("integration__client").get()


@pytest.fixture
def admin(installed_pair: Pair) -> Any:
    return person("anna", roles.ADMIN)


def calls(link: RecordLink, count: int, **values: Any) -> None:
    """So many calls in the API log, a second apart, the last one a minute ago."""
    spoken = Connection.objects.get_or_create(client=link.integration.client, slug="psa", vendor="autotask")[0]
    first = timezone.now() - dt.timedelta(seconds=60 + count)
    given = {"connection": spoken, "method": "GET", "host": "psa", "status": 200} | values
    ApiCall.objects.bulk_create(
        ApiCall(at=first + dt.timedelta(seconds=n), route=f"/{n}", transaction_id=f"{n // 2}", **given)
        for n in range(count)
    )


def everything(link: RecordLink, user: Any) -> list[tuple[dt.datetime, str]]:
    """All steps of all pages, as the pages bring them."""
    told: list[tuple[dt.datetime, str]] = []
    before = None
    while True:
        shown = timeline(of_link(link), user, before=before)
        told += [(step.at, f"{step.label} {step.what}") for chain in shown.chains for step in chain.steps]
        if shown.before is None:
            return told
        before = shown.before


def test_a_page_costs_the_same_however_long_the_records_life_was(link: RecordLink, admin: Any) -> None:
    def statements() -> int:
        person_anew = type(admin).objects.get(pk=admin.pk)
        with CaptureQueriesContext(connection) as made:
            timeline(of_link(link), person_anew)
        return len(made)

    short = statements()
    calls(link, 300, record=f"pair:{link.pk}")
    stream = SyncRun.objects.all()[0].stream
    record_id = SyncEntry.objects.all()[0].record_id
    for n in range(60):
        run = SyncRun.objects.create(stream=stream, subject="thing:1", record_id=record_id, job_id=n + 1000)
        calls(link, 3, run_id=run.pk, in_hand=record_id)
        AuditEntry.objects.create(action="pair.park", actor="anna", record=f"pair:{link.pk}")
    assert statements() == short == STATEMENTS


LARGE = ("syncentry", "syncrun", "apicall", "webhookdelivery", "auditentry", "helditem")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="asks SQLite how it looks")
@pytest.mark.parametrize("is_older", [False, True])
def test_no_large_table_is_read_through(link: RecordLink, admin: Any, is_older: bool) -> None:
    spoken = Connection.objects.create(client=link.integration.client, slug="psa", vendor="autotask")
    streams = [run.stream_id for run in SyncRun.objects.all()]
    about = replace(
        of_link(link),
        hints=((spoken.pk, "thing:1"), (spoken.pk, "thing:2")),
        records=tuple((stream, one) for stream in streams for one in (link.left_id, link.right_id)),
    )
    SyncRun.objects.filter(pk=SyncRun.objects.all()[0].pk).update(record_id=link.right_id, subject="thing:1", job_id=7)
    WebhookDelivery.objects.create(
        connection=spoken, subject="thing:1", body=b"", job_id=7, received_at=timezone.now(), event="update"
    )
    with CaptureQueriesContext(connection) as made:
        timeline(about, admin, before=timezone.now() + dt.timedelta(days=1) if is_older else None)
    asked = {table: [one["sql"] for one in made if f'FROM "core_{table}"' in one["sql"]] for table in LARGE}
    assert all(asked.values()), "each of them is asked"
    for statement in (sql for some in asked.values() for sql in some):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}")  # as it was just asked
            plan = [row[3] for row in cursor.fetchall()]
        assert not [line for line in plan if re.match(rf"SCAN core_({'|'.join(LARGE)})", line)], (statement, plan)


def test_a_record_with_ten_thousand_calls_is_paged_and_none_is_lost_or_told_twice(link: RecordLink, admin: Any) -> None:
    calls(link, 10_000, record=f"pair:{link.pk}")
    first = timeline(of_link(link), admin)
    assert sum(len(chain.steps) for chain in first.chains) <= 2 * PAGE
    told: list[str] = []
    before = None
    for _ in range(5):
        shown = timeline(of_link(link), admin, before=before)
        told += [step.what for chain in shown.chains for step in reversed(chain.steps) if step.label == "Call"]
        before = shown.before
    newest = [f"psa: GET /{n}" for n in range(9_999, 9_999 - len(told), -1)]
    assert told == newest


def test_all_pages_together_tell_everything_once(link: RecordLink, admin: Any) -> None:
    calls(link, 120, record=f"pair:{link.pk}")
    told = everything(link, admin)
    assert len(told) == len(set(told))
    said = {what for _, what in told}
    assert {f"Call psa: GET /{n}" for n in range(120)} <= said
    assert {"Decision to_left: created", "Decision to_left: updated", "Pair linked"} <= said


def test_of_a_look_with_many_calls_the_last_ones_are_told_and_the_others_are_a_click_away(
    link: RecordLink, admin: Any
) -> None:
    run = SyncRun.objects.order_by("pk").last()
    entry = SyncEntry.objects.order_by("pk").last()
    assert run is not None
    assert entry is not None
    calls(link, 500, run_id=run.pk, in_hand=entry.record_id)
    calls(link, 7, run_id=run.pk, in_hand="another record")
    page = browser(admin).get(f"/admin/core/recordlink/{link.pk}/change/").content.decode()
    newest = next(chain for chain in chains(page) if any("updated" in step for step in chain))
    (told,) = [step for step in newest if step.startswith(f"Calls {CALLS}, all answered")]
    assert told.count("psa: GET /") == CALLS
    assert f"Calls {500 - CALLS} earlier ones of the same look" in newest
    url = re.search(r'href="([^"]+)"[^>]*>480 earlier', page)
    assert url is not None
    assert "500 results" in browser(admin).get(url[1].replace("&amp;", "&")).content.decode()


def test_a_record_that_could_not_be_brought_over_has_a_timeline_too(installed_pair: Pair, admin: Any) -> None:
    thing = installed_pair.right.insert("<script>alert(1)</script>")
    installed_pair.left.poisoned = {"<script>alert(1)</script>"}
    run_now(installed_pair.to_left)
    page = browser(admin)
    run = SyncRun.objects.get()
    shown = page.get(f"/admin/core/syncrun/{run.pk}/change/").content.decode()
    way = re.search(r'href="(/admin/core/integration/\d+/record/[^"]+)"', shown)
    assert way is not None
    answer = page.get(way[1].replace("&amp;", "&"), follow=True)
    told = answer.content.decode()
    steps = [step for chain in chains(told) for step in chain]
    assert "Decision to_left: held L refuses <script>alert(1)</script>." in steps
    assert "L refuses &lt;script&gt;alert(1)&lt;/script&gt;." in told
    assert "<script>alert(1)" not in told
    assert thing.id in told
    HeldItem.objects.update(state="dismissed", dismissed_by=admin, reason="A test")
    told = page.get(way[1].replace("&amp;", "&"), follow=True).content.decode()
    assert any("to_left: dismissed" in step and "anna: A test" in step for chain in chains(told) for step in chain)


def test_a_record_that_no_run_has_met_is_said_to_be_unknown(installed_pair: Pair, admin: Any) -> None:
    url = f"/admin/core/integration/{installed_pair.integration.pk}/record/"
    shown = browser(admin).get(url, {"stream": "to_left", "id": "R9999"}).content.decode()
    assert "Nothing is known of it yet." in shown
    assert "it has no counterpart on the other side" in shown
    assert browser(admin).get(url, {"stream": "to_nowhere", "id": "R9999"}).status_code == 404
    assert browser(admin).get(url, {"stream": "to_left"}).status_code == 404


@pytest.mark.parametrize("moment", ["yesterday", "2026-02-31", "2026-02-31T00:00:00+00:00", "2026-01-01", "\x00"])
def test_an_address_with_a_moment_that_is_none_shows_the_newest(link: RecordLink, admin: Any, moment: str) -> None:
    page = browser(admin).get(f"/admin/core/recordlink/{link.pk}/change/", {"before": moment})
    assert page.status_code == 200
    assert "to_left: updated" in page.content.decode()
