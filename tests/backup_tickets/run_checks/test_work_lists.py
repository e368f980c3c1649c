"""The operator's work lists: how long each is, where it leads, and how far the day has come."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.backup_tickets import review, work_lists
from integrations.backup_tickets.checks_list import COUNTED
from integrations.backup_tickets.intake import take_runs
from integrations.backup_tickets.models import Customer, Run, RunReview, Ticket, TicketLink
from integrations.backup_tickets.work_lists import counts
from integrations.core.models import Connection, User
from tests.backup_tickets.intake.conftest import report
from tests.backup_tickets.people import browser

LIST = "/admin/backup_tickets/run/"


def linked(run: Run, state: str, number: int) -> TicketLink:
    connection, _ = Connection.objects.get_or_create(client=run.client, slug="psa", vendor="autotask")
    ticket = Ticket.objects.create(connection=connection, ticket_id=number, number=f"T{number}")
    made: TicketLink = TicketLink.objects.create(
        run=run, ticket=ticket, connection=connection, key=f"k{number}", state=state, send_before=timezone.now()
    )
    return made


def lengths(user: User) -> dict[str, int]:
    return {one.label: one.count for one in work_lists.work_lists(user, counts(user))}


def test_each_list_is_as_long_as_the_page_it_leads_to(desk: SimpleNamespace) -> None:
    for number, state in enumerate(("unknown", "active", "active", "deleted")):
        run = take_runs(desk.elite, [report(f"w{number}", job=f"W{number}")]).run_ids[0]
        linked(Run.objects.get(pk=run), state, number)
    Run.objects.filter(links__state__in=TicketLink.LIVE).update(needs_attention=False)
    assert lengths(desk.operator) == {
        "Needs ticket": 4,  # e1, e2, o1, and the one whose ticket was deleted
        "Checking": 1,
        "Open": 2,
        "Deleted in Autotask": 1,
        "Unmapped customers": 4,
    }
    visitor = browser(desk.operator)
    for one in work_lists.work_lists(desk.operator, counts(desk.operator)):
        text = visitor.get(one.url).content.decode()
        if one.url.startswith(LIST):
            assert text.count("<tr data-row>") == one.count, one.label


def test_a_person_of_one_client_counts_only_its_records(desk: SimpleNamespace) -> None:
    assert lengths(desk.limited)["Needs ticket"] == 2
    assert lengths(desk.limited)["Unmapped customers"] == 3


def test_who_may_see_other_clients_counts_them_at_once(desk: SimpleNamespace) -> None:
    assert lengths(desk.limited)["Needs ticket"] == 2
    desk.limited.clients.add(desk.other)
    assert lengths(desk.limited)["Needs ticket"] == 3
    desk.limited.clients.clear()
    assert lengths(desk.limited)["Needs ticket"] == 0
    desk.limited.all_clients = True
    assert lengths(desk.limited)["Needs ticket"] == 3


def test_a_long_list_is_not_counted_to_its_end(desk: SimpleNamespace) -> None:
    Customer.objects.bulk_create([Customer(client=desk.other, name=f"C{n}") for n in range(COUNTED + 50)])
    assert counts(desk.operator).unmapped == COUNTED + 1
    text = browser(desk.operator).get(LIST).content.decode()
    assert "<b>1,000+</b> Unmapped customers" in text


def test_the_day_is_counted_from_midnight(desk: SimpleNamespace) -> None:
    done = list(Run.objects.filter(client=desk.elite, needs_attention=True).values_list("pk", flat=True))
    review.review(done, desk.operator)
    linked(Run.objects.get(external_id="o1"), "active", 1)
    found = counts(desk.operator)
    assert (found.reviewed, found.ticketed, found.resolved) == (2, 1, 0)
    assert "Today: 1 ticketed · 2 reviewed · 0 resolved" in browser(desk.operator).get(LIST).content.decode()
    yesterday = timezone.now() - dt.timedelta(days=1)
    RunReview.objects.update(at=yesterday)
    TicketLink.objects.update(created_at=yesterday)
    found = counts(desk.operator)
    assert (found.reviewed, found.ticketed) == (0, 0)


@pytest.mark.parametrize("page", [LIST, "/admin/backup_tickets/backupjob/"])
def test_the_sidebar_says_what_waits_by_one_statement(desk: SimpleNamespace, page: str) -> None:
    visitor = browser(desk.operator)
    visitor.get(page)
    with CaptureQueriesContext(database) as captured:
        text = visitor.get(page).content.decode()
    counting = [entry for entry in captured if "UNION ALL" in entry["sql"] and "backup_tickets_run" in entry["sql"]]
    assert len(counting) == 1
    badges = [part.partition("</span>")[0].split(">")[-1].strip() for part in text.split("bg-blue-100")[1:]]
    assert badges.count("3") >= 1, badges  # runs
    assert badges.count("4") >= 1, badges  # customers
