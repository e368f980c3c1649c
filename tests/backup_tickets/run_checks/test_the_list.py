from __future__ import annotations

import csv
import datetime as dt
import io
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from integrations.backup_tickets import attention, review
from integrations.backup_tickets.checks_list import COUNTED, PAGE, Filters, page
from integrations.backup_tickets.intake import take_runs
from integrations.backup_tickets.models import Run, Ticket, TicketLink
from integrations.core.models import Client, Connection, User
from tests.backup_tickets.intake.conftest import report
from tests.backup_tickets.people import browser

LIST = "/admin/backup_tickets/run/"


def found(user: User, **filters: Any) -> list[str]:
    names = dict(Run.objects.values_list("pk", "external_id"))
    return [names[row.pk] for row in page(user, Filters(**filters)).rows]


def test_the_list_shows_what_needs_attention(desk: SimpleNamespace) -> None:
    text = browser(desk.operator).get(LIST).content.decode()
    assert "Bakery" in text
    assert "Butcher" in text
    assert "Dairy" not in text
    assert "22:00" in text  # Amsterdam's clock, as the client's


def test_a_person_of_one_client_sees_nothing_of_another(desk: SimpleNamespace) -> None:
    assert found(desk.limited, show="all") == ["e3", "e2", "e1"]
    assert found(desk.limited, q="o1") == found(desk.limited, q="Secret") == []
    assert "Secret" not in browser(desk.limited).get(LIST + "?show=all").content.decode()
    text = browser(desk.limited).get(LIST + "export/?show=all").getvalue().decode()
    assert "Secret" not in text


def test_the_filter_offers_the_clients_of_who_looks(desk: SimpleNamespace) -> None:
    third = Client.objects.create(slug="third", name="Third")
    desk.limited.clients.add(third)
    for user, offered in ((desk.operator, {"Elite", "Other", "Third"}), (desk.limited, {"Elite", "Third"})):
        text = browser(user).get(LIST).content.decode().partition('name="client"')[2].partition("</select>")[0]
        names = {part.partition("</option>")[0].rpartition(">")[2] for part in text.split("<option")[1:]}
        assert names == offered | {"All clients"}
    third.name = "Renamed"
    third.save()
    assert ">Renamed</option>" in browser(desk.limited).get(LIST).content.decode()


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"status": "warning"}, ["e2"]),
        ({"customer": "bake"}, ["e1"]),
        ({"job": "week"}, ["e2"]),
        ({"show": "all", "customer": "dairy"}, ["e3"]),
        ({"since": dt.date(2025, 1, 11)}, []),
        ({"until": dt.date(2025, 1, 9)}, []),
        ({"since": dt.date(2025, 1, 10), "until": dt.date(2025, 1, 10), "status": "warning"}, ["e2"]),
        ({"q": "e3"}, ["e3"]),
        ({"q": "butch"}, ["e2"]),
        ({"q": "nothing like it"}, []),
        ({"ticket": "needed", "customer": "Bakery"}, ["e1"]),
    ],
)
def test_filters_and_search(desk: SimpleNamespace, filters: dict[str, Any], expected: list[str]) -> None:
    assert found(desk.operator, **filters) == expected


def test_runs_are_found_by_ticket_state_and_by_the_beginning_of_the_number(desk: SimpleNamespace) -> None:
    run = Run.objects.get(external_id="e1")
    connection = Connection.objects.create(client=desk.elite, slug="psa", vendor="autotask")
    ticket = Ticket.objects.create(
        connection=connection, ticket_id=7, number="T20250110.0007", url="https://psa.example/7"
    )
    link = TicketLink.objects.create(
        run=run, ticket=ticket, connection=connection, key="k", state="active", send_before=run.started_at
    )
    attention.refresh(run)
    assert found(desk.operator, ticket="open") == ["e1"]
    assert found(desk.operator, q="T20250110") == found(desk.operator, q="T20250110.0007") == ["e1"]
    assert "e1" not in found(desk.operator)
    assert "https://psa.example/7" in browser(desk.reporter).get(LIST + "?ticket=open").content.decode()
    for state, name in (("unknown", "checking"), ("resolved", "resolved"), ("deleted", "deleted")):
        link.state = state
        link.save()
        assert found(desk.operator, ticket=name) == ["e1"]


def test_a_number_given_by_hand_is_found_by_those_who_may_see_its_run(desk: SimpleNamespace) -> None:
    for external_id, number in (("e1", "T1"), ("o1", "T2")):
        Run.objects.filter(external_id=external_id).update(manual_ticket_number=number)
    assert found(desk.operator, q="T2") == ["o1"]
    assert (found(desk.limited, q="T1"), found(desk.limited, q="T2")) == (["e1"], [])


def many(desk: SimpleNamespace, count: int) -> None:
    """Runs with ties in their time, so that paging must not rely on time alone."""
    start = dt.datetime(2025, 3, 1, tzinfo=dt.UTC)
    items = [
        report(f"m{n}", job=f"J{n % 9}", started_at=(start + dt.timedelta(hours=n // 10)).isoformat(), finished_at=None)
        for n in range(count)
    ]
    take_runs(desk.elite, items)


def test_paging_shows_every_run_once_and_leads_back(desk: SimpleNamespace) -> None:
    many(desk, 130)
    pages = [page(desk.operator, Filters())]
    while pages[-1].older:
        pages.append(page(desk.operator, Filters(), older_than=pages[-1].older))
    seen = [row.pk for shown in pages for row in shown.rows]
    assert len(seen) == len(set(seen)) == 133
    back = page(desk.operator, Filters(), newer_than=pages[1].newer)
    assert [row.pk for row in back.rows] == [row.pk for row in pages[0].rows]
    assert (back.newer, pages[0].newer, pages[-1].older) == ("", "", "")
    assert back.older


@pytest.mark.parametrize("cursor", ["", "x", "1", "-", "9" * 17 + "-1", "1-" + "9" * 18, "٣-٣", "1--1"])
def test_an_unreadable_cursor_shows_a_page_all_the_same(desk: SimpleNamespace, cursor: str) -> None:
    assert browser(desk.operator).get(LIST, {"older": cursor}).status_code == 200


@pytest.mark.parametrize("who", ["operator", "limited"])
def test_first_and_deep_pages_take_few_queries_and_count_nothing(desk: SimpleNamespace, who: str) -> None:
    many(desk, 5 * PAGE)
    user = getattr(desk, who)
    visitor = browser(user)
    visitor.get(LIST)  # the first one also renews the session
    deep = ""
    while older := page(user, Filters(), older_than=deep).older:
        deep = older
    for query in ({}, {"older": deep}, {"newer": deep}, {"show": "all"}, {"status": "error"}, {"customer": "Bake"}):
        with CaptureQueriesContext(database) as captured:
            text = visitor.get(LIST, query).content.decode()
        assert "Bakery" in text
        statements = [entry["sql"] for entry in captured]
        allowed = 9 if "customer" in query else 8
        assert len(statements) <= allowed, "\n".join(statements)
        assert not [sql for sql in statements if "OFFSET" in sql.upper()]
        bounded = f"LIMIT {COUNTED + 1}"  # the lengths of the work lists, which end there
        assert not [sql for sql in statements if "COUNT(" in sql.upper() and bounded not in sql]


def test_hostile_texts_stay_texts(desk: SimpleNamespace) -> None:
    take_runs(desk.elite, [report("x", customer="<script>alert(1)</script>", remark="<img src=x onerror=alert(1)>")])
    text = browser(desk.operator).get(LIST).content.decode()
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_strange_addresses_are_answered_with_a_page(desk: SimpleNamespace) -> None:
    visitor = browser(desk.operator)
    for query in (
        "?q=%00",
        "?since=kaputt",
        "?since=9999-12-31&until=9999-12-31",
        "?client=x",
        "?show=%ED%A0%80",
        "?status=x",
    ):
        assert visitor.get(LIST + query).status_code == 200


def test_exports_hold_the_list_and_no_formula(desk: SimpleNamespace) -> None:
    visitor = browser(desk.operator)
    text = visitor.get(LIST + "export/?as=csv").getvalue().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["external_id"] for row in rows] == ["o1", "e2", "e1"]
    assert rows[1]["remark"].startswith("'=cmd")
    book = load_workbook(io.BytesIO(visitor.get(LIST + "export/?as=xlsx").content))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]  # type: ignore[union-attr]
    assert len(cells) > 20
    assert {cell.data_type for cell in cells} == {"s"}


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "＝1+1", "=HYPERLINK('http://evil.example')", '"=1+1', "a\n=1"]


def test_no_reported_text_is_a_formula_in_any_column_of_an_export(desk: SimpleNamespace) -> None:
    fields = ("external_id", "customer", "job", "backup_type", "remark")
    take_runs(desk.elite, [report(f"f{n}") | dict.fromkeys(fields, text) for n, text in enumerate(FORMULAS)])
    review.review(Run.objects.filter(job__name__in=FORMULAS).values_list("pk", flat=True), desk.operator, "=1+1")
    visitor = browser(desk.operator)
    text = visitor.get(LIST + "export/?show=all&as=csv").getvalue().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    book = load_workbook(io.BytesIO(visitor.get(LIST + "export/?show=all&as=xlsx").content))
    sheet = [["" if cell is None else str(cell) for cell in row] for row in book.active.values]  # type: ignore[union-attr]
    assert [[cell.replace("\r\n", "\n") for cell in row] for row in rows] == sheet
    cells = [cell.lstrip() for row in rows for cell in row if cell]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "＝"))]
    assert sum("=1" in cell for cell in cells) > len(FORMULAS)


def test_an_empty_list_says_that_all_is_done(desk: SimpleNamespace) -> None:
    Run.objects.update(needs_attention=False)
    assert "All done: no run needs attention." in browser(desk.operator).get(LIST).content.decode()


def test_a_reporter_sees_the_list_and_no_button_that_writes(desk: SimpleNamespace) -> None:
    visitor = browser(desk.reporter)
    text = visitor.get(LIST).content.decode()
    assert "Bakery" in text
    assert "No ticket needed" not in text
    assert "Import runs" not in text
    assert visitor.post(LIST + "review/", {"run": "1"}).status_code == 403
    assert visitor.get(LIST + "import/").status_code == 403


def test_a_search_reaches_all_runs_unless_it_is_limited_again(desk: SimpleNamespace) -> None:
    visitor = browser(desk.operator)

    def shows(query: str, customer: str) -> bool:
        return f'"rc-customer">{customer}<' in visitor.get(LIST + query).content.decode()

    assert shows("?q=dairy", "Dairy")
    assert not shows("?q=dairy&show=attention", "Dairy")
    assert shows("?q=bakery&show=attention", "Bakery")
    assert not shows("?show=attention", "Dairy")
    assert shows("?show=all", "Dairy")
    assert shows("?customer=dairy&show=all", "Dairy")


def test_the_filters_stand_in_the_address_of_the_next_page_and_of_the_exports(desk: SimpleNamespace) -> None:
    many(desk, 2 * PAGE)
    text = browser(desk.operator).get(LIST + "?job=J1&show=all&status=error&older=").content.decode()
    assert "export/?show=all&amp;status=error&amp;job=J1&amp;as=csv" in text
    many(desk, 20 * PAGE)
    text = browser(desk.operator).get(LIST + "?job=J1&show=all&status=error").content.decode()
    assert "?show=all&amp;status=error&amp;job=J1&amp;older=" in text
