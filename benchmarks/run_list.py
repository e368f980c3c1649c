"""M9, M10: Run Checks and customers with a million runs, beside Django's stock changelists of the same tables.

Both pages are drawn in this process, in turns, for the same signed-in operator; the stock one with Django's own
templates, the columns and page size of ours, and its foreign keys selected along.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from benchmarks import Figure, runs
from benchmarks.judging import bounded, compared, in_turns, ratio
from integrations.backup_tickets.checks_list import COUNTED, Filters, page
from integrations.backup_tickets.customers_list import PAGE
from integrations.backup_tickets.models import Customer
from integrations.core import roles
from integrations.core.admin.as_typed import HEADER
from integrations.core.models import User

RUNS = 1_000_000
ROUNDS, SEARCH_ROUNDS = 15, 3
BOUNDED = f"LIMIT {COUNTED + 1}"  # the lengths of the work lists are counted up to here and no further
OURS, STOCK = "/admin/backup_tickets/run/?", "/stock/backup_tickets/run/?"
OUR_CUSTOMERS, STOCK_CUSTOMERS = "/admin/backup_tickets/customer/?", "/stock/backup_tickets/customer/?"


def measure(scale: float, database: str) -> Iterator[Figure]:
    count = int(RUNS * scale)
    runs.fill(count)
    operator = _operator()
    browser = _signed_in(operator)
    deep = f"{OURS}show=all&older={_deep_cursor(operator)}"
    yield from _pages(browser, deep, database)
    yield from _counts(browser, deep, count, database)
    yield _search(browser, count, database)
    yield from _customers(browser, count, database)


def _pages(browser: Browser, deep: str, database: str) -> Iterator[Figure]:
    first = shows(browser, f"{OURS}show=all")
    stock = shows(browser, STOCK)
    for what, ours in (("all runs", first), ("what needs attention", shows(browser, OURS))):
        seen, theirs = in_turns(ROUNDS, ours, stock)
        what = f"Run Checks, first page of {what}, {database}"
        yield compared("M9", what, seen, theirs, most=0.5, unit="ms", than="the stock changelist's")
    last, begun = in_turns(ROUNDS, shows(browser, deep), first)
    yield compared("M9", f"last page, {database}", last, begun, most=1.2, unit="ms", than="the first page's")


def _counts(browser: Browser, deep: str, count: int, database: str) -> Iterator[Figure]:
    searches = [f"{OURS}q={term}" for term in _terms(count)]
    pages, counting = [], 0
    browser.get(OURS)  # once a minute a page also counts the failures for the sidebar
    for address in (f"{OURS}show=all", OURS, deep, *searches):
        with CaptureQueriesContext(connection) as captured:
            browser.get(address)
        pages.append(len(captured))
        counting += sum("COUNT(" in entry["sql"].upper() and BOUNDED not in entry["sql"] for entry in captured)
    yield bounded("M9", f"statements for a page, {database}", max(pages[:3]), most=8, unit="")
    yield bounded("M9", f"count(*) in pages and searches, {database}", counting, most=0, unit="")


def _search(browser: Browser, count: int, database: str) -> Figure:
    """The worst of several things people search for."""
    worst: tuple[float, str, list[float], list[float]] = (0, "", [], [])
    for term, meaning in _terms(count).items():
        ours = shows(browser, f"{OURS}q={term}")
        stock = shows(browser, f"{STOCK}q={term}")
        seen, theirs = in_turns(SEARCH_ROUNDS, ours, stock)
        worst = max(worst, (ratio(seen, theirs), meaning, seen, theirs))
    _, meaning, seen, theirs = worst
    what = f"search, at worst by {meaning}, {database}"
    return compared("M10", what, seen, theirs, most=0.2, unit="ms", than="the stock search's")


def _customers(browser: Browser, count: int, database: str) -> Iterator[Figure]:
    """The list of customers, each with its jobs, the runs that need attention and its open tickets."""
    first, stock = shows(browser, OUR_CUSTOMERS), shows(browser, STOCK_CUSTOMERS)
    seen, theirs = in_turns(ROUNDS, first, stock)
    what = f"customers, first page, {database}"
    yield compared("M9", what, seen, theirs, most=0.5, unit="ms", than="the stock changelist's")
    last = f"{OUR_CUSTOMERS}after={list(Customer.objects.order_by('-name', '-pk')[: PAGE + 1])[-1].pk}"
    ended, begun = in_turns(ROUNDS, shows(browser, last), first)
    what = f"customers, last page, {database}"
    yield compared("M9", what, ended, begun, most=1.2, unit="ms", than="the first page's")
    term = list(_terms(count))[1]
    statements, counting = [], 0
    browser.get(OUR_CUSTOMERS)
    for address in (OUR_CUSTOMERS, last, f"{OUR_CUSTOMERS}q={term}"):
        with CaptureQueriesContext(connection) as captured:
            browser.get(address)
        statements.append(len(captured))
        counting += sum(entry["sql"].upper().startswith("SELECT COUNT(") for entry in captured)
    yield bounded("M9", f"statements for a page of customers, {database}", max(statements), most=8, unit="")
    yield bounded("M9", f"count(*) of customers, {database}", counting, most=0, unit="")
    ours, stocks = f"{OUR_CUSTOMERS}q={term}", f"{STOCK_CUSTOMERS}q={term}"
    typed, others = in_turns(ROUNDS, shows(browser, ours, headers={HEADER: "1"}), shows(browser, stocks))
    what = f"search of a customer, as it is typed, {database}"
    yield compared("M10", what, typed, others, most=0.2, unit="ms", than="the stock search's")


def _terms(count: int) -> dict[str, str]:
    jobs = max(2, count // runs.RUNS_OF_A_JOB)
    return {
        f"Nightly+{jobs // 2:06}": "a job",
        f"Customer+{jobs // runs.JOBS_OF_A_CUSTOMER // 2:05}": "a customer",
        "Customer": "a word in every customer's name",
        runs.external_id(count // 2): "external id",
        "no+such+thing": "what is not there",
    }


def shows(browser: Browser, address: str, headers: dict[str, str] | None = None) -> Callable[[], float]:
    """Draw the page; its milliseconds. The first time is not counted."""

    def show() -> float:
        began = time.perf_counter()
        answer = browser.get(address, headers=headers)
        seconds = time.perf_counter() - began
        assert answer.status_code == 200, f"{address} answered {answer.status_code}"
        return seconds * 1000

    show()
    return show


def _operator() -> User:
    operator: User = User.objects.create_user("operator", password="of-a-benchmark", is_staff=True, all_clients=True)
    operator.groups.add(Group.objects.get(name=roles.OPERATOR))
    return operator


def _signed_in(user: User) -> Browser:
    browser = Browser(SERVER_NAME="localhost")
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def _deep_cursor(user: User) -> str:
    """The cursor of a page near the oldest run, as the list itself would give it."""
    return page(user, Filters(show="all"), newer_than="0-0").newer
