"""The first page, by role: what needs somebody, how the portal stands, charts; always by as many statements."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import RequestFactory
from django.utils import timezone

from integrations.core import audit, streams
from integrations.core.admin.dashboard import Dashboard, dashboard
from integrations.core.admin.overview.streams import lag_tone
from integrations.core.figures import counting
from integrations.core.models import (
    ApiCall,
    AuditEntry,
    CallCount,
    Client,
    Connection,
    Figure,
    FigureSeries,
    HeldItem,
    Integration,
    IntegrationRole,
    Job,
    Stream,
    SyncRun,
    User,
    WebhookDelivery,
)
from tests.core.world import browser

NOON = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)


def seen_by(user: User) -> Dashboard:
    request = RequestFactory().get("/admin/")
    request.user = User.objects.get(pk=user.pk)  # without the permissions that were asked for earlier
    return dashboard(request)


def tiles(user: User) -> dict[str, int]:
    return {tile.label: tile.value for section in seen_by(user).sections for tile in section.tiles}


def page_of(user: User) -> str:
    return browser(user).get("/admin/").content.decode()


def bridged(client: Client, connection: Connection, slug: str = "tickets") -> Integration:
    """An integration with its streams, none of which has run."""
    made: Integration = Integration.objects.create(client=client, slug=slug, kind="backup_tickets")
    IntegrationRole.objects.create(integration=made, role="autotask", connection=connection)
    streams.streams_of(made)
    return made


def test_counts_lead_to_the_list_they_count(world: SimpleNamespace) -> None:
    Job.objects.create(kind="x.y", key="x.y", state=Job.State.DEAD)
    Connection.objects.filter(pk=world.elite_connection.pk).update(health=Connection.Health.ATTENTION)
    page = browser(world.admin)
    for section in seen_by(world.admin).sections:
        for tile in section.tiles:
            assert page.get(tile.url).status_code == 200
    assert tiles(world.admin)["failed jobs"] == 1
    assert tiles(world.admin)["connections need attention"] == 1


def test_limited_person_counts_own_connections_only(world: SimpleNamespace) -> None:
    Connection.objects.exclude(pk=world.elite_connection.pk).update(health=Connection.Health.ATTENTION)
    assert tiles(world.limited)["connections need attention"] == 0
    assert "failed jobs" not in tiles(world.limited)
    found = seen_by(world.limited).connections
    assert found is not None
    assert [row.connection for row in found.rows] == [world.elite_connection]


def test_each_role_sees_what_it_can_act_on(world: SimpleNamespace) -> None:
    admin, operator, reporter = seen_by(world.admin), seen_by(world.operator), seen_by(world.reporter)
    assert None not in (admin.connections, admin.streams, admin.inbox, admin.jobs)
    assert operator.connections is not None
    assert (operator.streams, operator.inbox, operator.jobs, operator.charts.of_the_portal) == (None, None, None, ())
    assert (reporter.connections, reporter.streams, reporter.inbox, reporter.jobs) == (None, None, None, None)
    assert [chart.title for chart in reporter.charts.of_work] == ["Backup runs by day", "Tickets by day"]
    assert admin.begins_with_the_portal
    assert not operator.begins_with_the_portal


def test_an_admin_of_some_clients_sees_no_jobs_of_the_house(world: SimpleNamespace) -> None:
    world.admin.all_clients = False
    world.admin.save()
    world.admin.clients.set([world.elite])
    seen = seen_by(world.admin)
    assert seen.jobs is None
    assert seen.inbox is not None


def test_person_without_a_role_is_told_what_to_do(world: SimpleNamespace) -> None:
    world.reporter.groups.clear()
    assert "Overview" in page_of(world.reporter)
    assert "You have no role yet" in page_of(world.reporter)
    assert "What you did last" not in page_of(world.reporter)


def test_the_worst_connections_come_first_and_the_rest_is_a_link(world: SimpleNamespace) -> None:
    Connection.objects.bulk_create(
        Connection(client=world.other, slug=f"c{n:02}", vendor="autotask", health="ok") for n in range(12)
    )
    Connection.objects.filter(slug="c11").update(health="attention", health_cause="The key was refused.")
    Connection.objects.filter(slug="c10").update(health="trouble")
    Connection.objects.filter(slug="c09").update(webhook_trouble="It was switched off.")
    found = seen_by(world.admin).connections
    assert found is not None
    assert [row.connection.slug for row in found.rows[:3]] == ["c11", "c10", "c09"]
    assert (len(found.rows), found.more) == (10, 5)
    assert "The key was refused." in page_of(world.admin)
    assert "5 more</a>" in page_of(world.admin)


def test_a_connection_says_what_it_used_of_its_quota_and_how_old_its_secrets_are(world: SimpleNamespace) -> None:
    now = timezone.now()
    CallCount.objects.create(connection=world.elite_connection, minute=now, calls=4_500)
    stamps = {"secret": {"at": (now - dt.timedelta(days=400)).isoformat(), "by": "anna"}}
    Connection.objects.filter(pk=world.elite_connection.pk).update(credentials_set=stamps)
    found = seen_by(world.limited).connections
    assert found is not None
    row = found.rows[0]
    assert row.quota is not None
    assert (row.quota.used, row.quota.span, row.quota.tone) == (4_500, "hour", "warning")
    assert row.secrets_are_old
    assert "1\N{NO-BREAK SPACE}year" in page_of(world.limited)


@pytest.mark.parametrize(
    ("minutes_ago", "every", "tone"),
    [(1, 1, "good"), (9, 1, "good"), (11, 1, "bad"), (14, 5, "good"), (16, 5, "warning"), (51, 5, "bad")],
)
def test_a_stream_is_late_by_its_own_interval(minutes_ago: int, every: int, tone: str) -> None:
    assert lag_tone(NOON - dt.timedelta(minutes=minutes_ago), NOON, every) == tone


def test_streams_that_want_somebody_come_first_with_why_and_how_many_they_hold(world: SimpleNamespace) -> None:
    integration = bridged(world.elite, world.elite_connection)
    now = timezone.now()
    Stream.objects.update(last_ok_at=now, started_at=now)
    held = Stream.objects.get(integration=integration, slug="reference_data")
    HeldItem.objects.create(stream=held, record_id="1", cause="permanent", sentence="No.")
    HeldItem.objects.create(stream=held, record_id="2", cause="permanent", sentence="No.", state="settled")
    Stream.objects.filter(slug="link_validation").update(last_ok_at=None)
    found = seen_by(world.admin).streams
    assert found is not None
    assert [(row.stream.slug, row.word, row.held) for row in found.rows] == [
        ("link_validation", "behind", 0),
        ("reference_data", "on time", 1),
        ("mapping_check", "on time", 0),
    ]
    Connection.objects.update(is_paused=True)
    found = seen_by(world.admin).streams
    assert found is not None
    assert found.rows[0].why_not == "The connection Elite · psa is paused."
    assert "1 held" in page_of(world.admin)


def test_inbox_and_jobs_say_how_much_waits_and_since_when(world: SimpleNamespace) -> None:
    now = timezone.now()
    for minutes, state in ((90, "waiting"), (10, "waiting"), (5, "done")):
        at = now - dt.timedelta(minutes=minutes)
        WebhookDelivery.objects.create(
            connection=world.other_connection, event="e", subject="t:1", body=b"", received_at=at, state=state
        )
    for key, state, minutes in (("a", "queued", -20), ("b", "queued", 20), ("c", "dead", 0), ("d", "done", 0)):
        Job.objects.create(kind="x.y", key=key, state=state, not_before=now + dt.timedelta(minutes=minutes))
    seen = seen_by(world.admin)
    assert seen.inbox is not None
    assert (seen.inbox.last_hour, seen.inbox.waiting, seen.inbox.is_late) == ("2", "2", True)
    assert seen.jobs is not None
    assert (seen.jobs.due, seen.jobs.later, seen.jobs.running, seen.jobs.dead) == (1, 1, 0, 1)
    assert seen.jobs.is_late


def test_people_see_their_own_last_actions_each_with_its_entry(world: SimpleNamespace) -> None:
    for n in range(12):
        entry = audit.begin("backup_tickets.create_ticket", user=world.operator, client=world.elite, record=f"run:{n}")
        audit.finish(entry, AuditEntry.Outcome.DONE, vendor_record=f"ticket {n}")
    audit.begin("connection.test", user=world.admin, record="connection:1")
    panel = seen_by(world.operator).panels[-1]
    assert [line.text for line in panel.lines] == [f"Create ticket, run {n}, ticket {n}" for n in range(11, 1, -1)]
    assert browser(world.operator).get(panel.lines[0].url).status_code == 200
    assert seen_by(world.limited).panels[-1].lines == ()


def test_charts_and_vendor_answers_are_drawn_from_the_figures(world: SimpleNamespace) -> None:
    assert "Charts are counted for the first time within a few minutes." in page_of(world.admin)
    for took in (100, 200):
        ApiCall.objects.create(
            at=timezone.now(),
            connection=world.elite_connection,
            status=200,
            duration_ms=took,
            method="GET",
            host="v.example",
            route="/",
        )
    WebhookDelivery.objects.create(
        connection=world.elite_connection, event="e", subject="t:1", body=b"", received_at=timezone.now(), state="done"
    )
    counting.count_all()
    seen = seen_by(world.admin)
    assert [bool(chart.picture) for chart in seen.charts.of_the_portal] == [True, False]
    (latency,) = seen.charts.latency
    assert (latency.vendor, latency.mean, latency.calls, latency.failed) == ("Autotask", 150, 2, 0)
    page = page_of(world.admin)
    assert "Charts are as of" in page
    assert "Nothing in the last 48 hours." in page
    assert 'role="img"' in page
    FigureSeries.objects.filter(series="core.calls").update(counted_at=timezone.now() - dt.timedelta(hours=1))
    assert "Charts have not been counted since" in page_of(world.admin)


def grow(world: SimpleNamespace) -> None:
    """Much more of everything that the page shows."""
    now = timezone.now()
    for n in range(15):
        client = Client.objects.create(slug=f"more-{n}", name=f"More {n}")
        connection = Connection.objects.create(client=client, slug="psa", vendor="autotask", health="attention")
        integration = bridged(client, connection)
        CallCount.objects.create(connection=connection, minute=now, calls=n)
        for stream in integration.streams.all():
            HeldItem.objects.create(stream=stream, record_id="1", cause="permanent", sentence="No.")
            SyncRun.objects.create(stream=stream, state="done", started_at=now)
        WebhookDelivery.objects.create(
            connection=connection, event="e", subject="t:1", body=b"", received_at=now, state="waiting"
        )
        ApiCall.objects.create(at=now, connection=connection, status=200, method="GET", host="v.example", route="/")
        Job.objects.create(kind="x.y", key=f"k{n}", state=Job.State.DEAD)
        for user in (world.admin, world.operator, world.reporter, world.limited):
            audit.begin("connection.test", user=user, client=world.elite, connection=world.elite_connection)
    counting.count_all()


# Session and person, their permissions, what the sidebar counts anew each time, and what the page itself reads.
@pytest.mark.parametrize(("who", "statements"), [("reporter", 16), ("operator", 28), ("limited", 27), ("admin", 36)])
def test_the_page_takes_as_many_statements_however_much_there_is(
    world: SimpleNamespace, who: str, statements: int, django_assert_num_queries: Any
) -> None:
    page = browser(getattr(world, who))
    bridged(world.elite, world.elite_connection)
    page.get("/admin/")
    with django_assert_num_queries(statements):
        page.get("/admin/")
    grow(world)
    page.get("/admin/")  # the sidebar keeps some figures for a minute, and a slow machine takes longer
    with django_assert_num_queries(statements):
        assert page.get("/admin/").status_code == 200
    assert Figure.objects.count() >= 15
