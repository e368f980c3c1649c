"""Exactly these calls, and no other, for each thing the client can do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from integrations.transport.errors import VendorError
from integrations.vendors.autotask.api import AutotaskApi
from integrations.vendors.autotask.simulator import AutotaskSimulator

from .conftest import DRAFT, OpenApi, sent
from .test_reading import add_companies, add_tickets

ZONE = "GET zoneInformation"
FIELDS = "GET Tickets/entityInformation/fields"
COMPANIES, TICKETS = "POST Companies/query", "POST Tickets/query"
Act = Callable[[AutotaskApi], Any]

#: what is done → the calls it takes when the zone is known
CALLS: dict[str, tuple[Act, list[str]]] = {
    "zone": (lambda api: api.zone(), []),
    "ticket url": (lambda api: api.ticket_url(1), []),
    "test connection": (
        lambda api: list(api.test_connection()),
        [
            *(ZONE, "GET ThresholdInformation", "GET Tickets/entityInformation", FIELDS),
            *("GET TimeEntries/entityInformation", "GET TicketNotes/entityInformation"),
        ],
    ),
    "reference data": (lambda api: api.ticket_picklists(), [FIELDS]),
    "search companies": (lambda api: api.search_companies("a"), [COMPANIES]),
    "one company": (lambda api: api.get_company(0), ["GET Companies/0"]),
    "no company": (lambda api: api.companies_by_id([]), []),
    "200 companies": (lambda api: api.companies_by_id(range(5000, 5200)), [COMPANIES]),
    "1000 companies": (lambda api: api.companies_by_id(range(5000, 6000)), [COMPANIES] * 5),
    "create a ticket": (lambda api: api.create_ticket(DRAFT), ["POST Tickets"]),
    "one ticket": (lambda api: api.get_ticket(128926), ["GET Tickets/128926"]),
    "200 tickets": (lambda api: api.tickets_by_id(range(128926, 129126)), [TICKETS]),
    "deleted tickets": (lambda api: api.deleted_tickets([128926]), ["POST DeletedTicketLogs/query"]),
    "any ticket": (lambda api: api.can_read_tickets(), [TICKETS]),
    "a status": (lambda api: api.set_status(128926, 5), ["PATCH Tickets"]),
    "a note": (lambda api: api.add_note(128926, title="t", text="x"), ["POST Tickets/128926/Notes"]),
    "a note by its title": (lambda api: api.find_notes(128926, ["t"]), ["POST TicketNotes/query"]),
    "time entries": (lambda api: api.count_time_entries(128926), ["POST TimeEntries/query/count"]),
    "a key": (lambda api: api.find_tickets_by_key(["other"]), [TICKETS]),
    "201 keys": (lambda api: api.find_tickets_by_key([f"k{n}" for n in range(201)]), [TICKETS] * 2),
    "a key that 501 tickets have": (lambda api: api.find_tickets_by_key(["key"]), [TICKETS] * 2),
    "a number": (lambda api: api.find_ticket_by_number("T128926"), [TICKETS]),
    "click: look for earlier keys, create, read back": (
        lambda api: (api.find_tickets_by_key(["other"]), api.get_ticket(api.create_ticket(DRAFT))),
        [TICKETS, "POST Tickets", "GET Tickets/129427"],
    ),
}
#: what goes wrong → what is done, the fault that every call meets, and the calls it takes
TROUBLE: dict[str, tuple[Act, str, list[str]]] = {
    "a read meets 503 for good": (lambda api: api.get_company(101), "html_503", ["GET Companies/101"] * 3),
    "a read is refused": (lambda api: api.get_company(101), "500_errors", ["GET Companies/101"]),
    "a read is garbage": (lambda api: api.get_company(101), "garbage", ["GET Companies/101"]),
    "a create meets 503": (lambda api: api.create_ticket(DRAFT), "html_503", ["POST Tickets"]),
    "a create meets 429": (lambda api: api.create_ticket(DRAFT), "429", ["POST Tickets"]),
    "a create's answer is lost": (lambda api: api.create_ticket(DRAFT), "answer_lost", ["POST Tickets"]),
    "a create is refused": (lambda api: api.create_ticket(DRAFT), "500_errors", ["POST Tickets"]),
}


@pytest.fixture
def known(open_api: OpenApi, autotask: AutotaskSimulator) -> AutotaskApi:
    """A client that knows its zone; the ledger is empty."""
    api = open_api()
    api.zone()
    add_tickets(autotask, 501)
    add_companies(autotask, 1000)
    autotask.calls.clear()
    return api


@pytest.mark.parametrize("what", CALLS)
def test_it_takes_exactly_these_calls(known: AutotaskApi, autotask: AutotaskSimulator, what: str) -> None:
    act, calls = CALLS[what]
    act(known)
    assert sent(autotask) == calls


@pytest.mark.parametrize("what", [what for what in CALLS if what not in ("no company", "test connection")])
def test_without_a_known_zone_it_takes_one_more(open_api: OpenApi, autotask: AutotaskSimulator, what: str) -> None:
    act, calls = CALLS[what]
    add_tickets(autotask, 501)
    add_companies(autotask, 1000)
    act(open_api())
    assert sent(autotask) == [ZONE, *calls]


@pytest.mark.parametrize("what", TROUBLE)
def test_trouble_takes_exactly_these_calls(known: AutotaskApi, autotask: AutotaskSimulator, what: str) -> None:
    act, fault, calls = TROUBLE[what]
    autotask.fault(fault, times=100)
    with suppress(VendorError):
        act(known)
    assert sent(autotask) == calls
