"""The list of customers and a customer's page: how each stands, at a glance."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.backup_tickets.customers_list import PAGE, Filters, page
from integrations.backup_tickets.intake import take_runs
from integrations.backup_tickets.models import CompanyMapping, Customer
from integrations.backup_tickets.tickets import create_ticket
from integrations.core.models import User
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.intake.conftest import report
from tests.backup_tickets.people import browser
from tests.backup_tickets.run_checks.conftest import desk
from tests.backup_tickets.scene import Scene

__all__ = ["desk"]
LIST = "/admin/backup_tickets/customer/"
ALONE = {"X-Found-Only": "1"}  # what the page's script asks while somebody types


def names(user: User, **filters: Any) -> list[str]:
    return [row.name for row in page(user, Filters(**filters)).rows]


def test_each_customer_is_shown_with_its_figures(scene: Scene, autotask: Autotask) -> None:
    create_ticket(scene.run, user=scene.operator)
    scene.another_run("second")
    (row,) = page(scene.operator, Filters()).rows
    assert (row.jobs, row.attention, row.open_tickets) == (1, 1, 1)
    text = browser(scene.operator).get(LIST).content.decode()
    assert "Bakkerij Jansen" in text
    assert "id 109" in text


def test_filters_search_and_scope(desk: SimpleNamespace) -> None:
    baker = Customer.objects.get(name="Bakery")
    CompanyMapping.objects.create(customer=baker, company_id=42, company_name="Bread & Co", status="missing")
    assert names(desk.operator) == ["Bakery", "Butcher", "Dairy", "Secret"]
    assert names(desk.limited) == ["Bakery", "Butcher", "Dairy"]
    assert names(desk.operator, mapping="none") == ["Butcher", "Dairy", "Secret"]
    assert names(desk.operator, mapping="missing") == names(desk.operator, q="bread") == names(desk.operator, q="42")
    assert names(desk.operator, q="Other") == names(desk.operator, client=desk.other.pk) == ["Secret"]
    assert names(desk.limited, q="Secret") == names(desk.limited, client=desk.other.pk) == []
    assert "Secret" not in browser(desk.limited).get(LIST).content.decode()


def test_the_list_alone_is_what_the_page_shows_without_its_frame(desk: SimpleNamespace) -> None:
    asked = browser(desk.operator)
    whole = asked.get(f"{LIST}?q=e")
    alone = asked.get(f"{LIST}?q=e", headers=ALONE)
    assert alone.content.decode().strip() in whole.content.decode()
    assert "<nav" not in alone.content.decode()
    assert "data-words=" in alone.content.decode()
    assert all("X-Found-Only" in answer.headers["Vary"] for answer in (whole, alone))
    assert "no-store" in alone.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("search", "words"),
    [("q=Bakery", "1 customer"), ("q=ry", "2 customers"), ("q=zzz", "No customers"), ("q=%25", "No customers")],
)
def test_the_list_says_how_many_it_found(desk: SimpleNamespace, search: str, words: str) -> None:
    for headers in ({}, ALONE):
        answer = browser(desk.operator).get(f"{LIST}?{search}", headers=headers)
        assert f'data-words="{words}"' in answer.content.decode()


def test_the_list_alone_is_for_whom_the_page_is_for(desk: SimpleNamespace) -> None:
    limited = browser(desk.limited).get(LIST, headers=ALONE).content.decode()
    assert "Bakery" in limited
    assert "Secret" not in limited
    nobody = browser(desk.operator)
    nobody.logout()
    assert nobody.get(LIST, headers=ALONE).status_code == 302
    desk.operator.groups.clear()
    assert browser(desk.operator).get(LIST, headers=ALONE).status_code == 403


def test_pages_show_every_customer_once_and_lead_back(desk: SimpleNamespace) -> None:
    Customer.objects.bulk_create([Customer(client=desk.other, name=f"C{n % 70:03}-{n}") for n in range(2 * PAGE)])
    pages = [page(desk.operator, Filters())]
    while pages[-1].after:
        pages.append(page(desk.operator, Filters(), after=pages[-1].after))
    seen = [row.pk for one in pages for row in one.rows]
    assert len(seen) == len(set(seen)) == 2 * PAGE + 4
    back = page(desk.operator, Filters(), before=pages[1].before)
    assert [row.pk for row in back.rows] == [row.pk for row in pages[0].rows]


@pytest.mark.parametrize("who", ["operator", "limited"])
def test_a_page_takes_few_statements_whatever_its_length(desk: SimpleNamespace, who: str) -> None:
    take_runs(desk.elite, [report(f"m{n}", customer=f"M{n:03}", job="J") for n in range(PAGE)])
    visitor = browser(getattr(desk, who))
    visitor.get(LIST)
    for query in ({}, {"q": "m"}, {"mapping": "none"}):
        with CaptureQueriesContext(database) as captured:
            assert visitor.get(LIST, query).status_code == 200
        assert len(captured) <= 8, "\n".join(entry["sql"][:200] for entry in captured)


@pytest.mark.parametrize(
    "query",
    ["?q=%00", "?q=%ff", "?mapping=x", "?client=x", "?after=x", "?after=999999", "?before=-1", "?after=" + "9" * 40],
)
def test_strange_addresses_are_answered_with_a_page(desk: SimpleNamespace, query: str) -> None:
    assert browser(desk.operator).get(LIST + query).status_code == 200


def test_hostile_names_stay_text(desk: SimpleNamespace) -> None:
    Customer.objects.create(client=desk.elite, name="<script>alert(1)</script>")
    assert "<script>alert" not in browser(desk.operator).get(LIST).content.decode()


def test_the_customers_page_shows_failing_jobs_first_with_marks_and_the_open_ticket(
    scene: Scene, autotask: Autotask
) -> None:
    link = create_ticket(scene.run, user=scene.operator)
    fine = report("fine", customer="Bakkerij Jansen", job="A fine job", status="success")
    take_runs(scene.client, [fine])
    text = browser(scene.operator).get(reverse("admin:backup_tickets_customer_change", args=[scene.customer.pk]))
    page_text = text.content.decode()
    assert page_text.index("Daily HV01") < page_text.index("A fine job")
    assert f">{link.ticket}</a>" in page_text
    assert "2</b>backup jobs" in page_text
    assert "0</b>runs need attention" in page_text
