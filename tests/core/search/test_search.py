"""Things are found by each of their names, by those who may see them, and what vendors wrote stays text."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.advoware_espocrm.models import Pair as Contact
from integrations.backup_tickets.models import BackupJob, Customer, Run, Ticket, TicketLink
from integrations.core import roles
from integrations.core.models import Client, Integration, RecordLink, User
from integrations.core.search import search
from integrations.itop_bridge.models import Pair
from tests.core.world import browser, make_world, person

HOSTILE = '<img src=x onerror=alert(1)>"x-data="alert(1)'
STATEMENTS = 13  # of one search: one for permissions, and one for each look-up


@pytest.fixture
def world(db: Any) -> SimpleNamespace:
    """Something of every sort, all of Elite."""
    made = make_world()
    made.integration = Integration.objects.create(client=made.elite, slug="desk-bridge", kind="itop_bridge")
    made.customer = Customer.objects.create(client=made.elite, name="Bakkerij Jansen")
    made.job = BackupJob.objects.create(customer=made.customer, name="Daily HV01")
    made.run = Run.objects.create(
        client=made.elite, job=made.job, external_id="veeam-4711", status="error", started_at=timezone.now()
    )
    made.by_hand = Run.objects.create(
        client=made.elite,
        job=made.job,
        external_id="veeam-4712",
        status="error",
        started_at=timezone.now(),
        manual_ticket_number="T20250101.0001",
    )
    ticket = Ticket.objects.create(connection=made.house_connection, ticket_id=128926, number="T20261122.0007")
    TicketLink.objects.create(
        run=made.run, ticket=ticket, state="active", connection=made.house_connection, send_before=timezone.now()
    )
    made.link = _link(made, "ticket", "88001", "50033")
    made.pair = Pair.objects.create(
        link=made.link, integration=made.integration, external_ref="R-000088", internal_ref="R-050033"
    )
    party = _link(made, "party", "104711", "64b7c9e2f00d4")
    made.contact = Contact.objects.create(link=party, integration=made.integration, betnr=104711)
    return made


def _link(made: SimpleNamespace, object_type: str, left: str, right: str) -> RecordLink:
    link: RecordLink = RecordLink.objects.create(
        integration=made.integration, object_type=object_type, left_id=left, right_id=right, state="active"
    )
    return link


def found(user: User, text: str) -> dict[str, list[str]]:
    """What the search page shows: titles by group."""
    answer = browser(user).get("/admin/search/", {"q": text})
    assert answer.status_code == 200
    return {group.title: [one.title for one in group.found] for group in answer.context["groups"]}


NAMES = [
    ("T20261122.0007", "Tickets", "T20261122.0007"),
    ("t20261122", "Tickets", "T20261122.0007"),
    ("128926", "Tickets", "T20261122.0007"),
    ("T20250101.0001", "Tickets", "T20250101.0001 (entered by hand)"),
    ("veeam-4711", "Runs", "Daily HV01"),
    ("jansen", "Customers", "Bakkerij Jansen"),
    ("hv01", "Backup jobs", "Daily HV01"),
    ("88001", "Pairs", "ticket 88001 = 50033"),
    ("50033", "Pairs", "ticket 88001 = 50033"),
    ("ticket:88001", "Pairs", "ticket 88001 = 50033"),
    ("R-000088", "iTop pairs", "R-000088 = R-050033"),
    ("r-050033", "iTop pairs", "R-000088 = R-050033"),
    ("104711", "Contact data", "Party 104711"),
    ("party 104711", "Contact data", "Party 104711"),
    ("64b7c9e2f00d4", "Contact data", "Party 104711"),
    ("elite", "Clients", "Elite"),
    ("psa", "Connections", "Elite · psa"),
    ("bridge", "Integrations", "Elite · desk-bridge"),
    ("iTop to iTop", "Integrations", "Elite · desk-bridge"),
    ("otto", "Users", "otto"),
    ("webhook inbox", "Pages", "Webhook inbox"),
    ("Run Ch", "Pages", "Run Checks"),
    ("two-factor", "Pages", "Two-factor sign-in"),
]


@pytest.mark.parametrize(("text", "group", "title"), NAMES)
def test_each_thing_is_found_by_each_of_its_names_and_its_page_opens(
    world: SimpleNamespace, text: str, group: str, title: str
) -> None:
    answer = browser(world.admin).get("/admin/search/", {"q": f" {text} "})
    (rows,) = [one.found for one in answer.context["groups"] if one.title == group]
    (row,) = [one for one in rows if one.title.startswith(title)]
    assert browser(world.admin).get(row.url).status_code == 200


def test_a_person_finds_only_what_is_of_their_clients(world: SimpleNamespace) -> None:
    stranger = person("sven", roles.OPERATOR, clients=[world.other])
    for text, group, title in NAMES:
        if group != "Pages":
            assert not [one for one in found(stranger, text).get(group, []) if one.startswith(title)], text
    assert found(stranger, "secret-psa") == {"Connections": ["Northwind · secret-psa"]}
    assert "Connections" not in found(world.limited, "secret-psa")
    assert found(world.limited, "T20261122.0007")["Tickets"] == ["T20261122.0007"]


def test_a_person_finds_only_what_their_permissions_open(world: SimpleNamespace) -> None:
    assert found(world.reporter, "T20261122.0007").keys() == {"Tickets"}
    for text in ("88001", "R-000088", "104711", "bridge", "otto", "webhook inbox"):
        assert found(world.reporter, text) == {}, text
    assert "Users" not in found(world.operator, "otto")
    assert "Jobs" not in found(world.limited, "jobs").get("Pages", [])
    plain = User.objects.create_user("petra", password="made-up-password-of-petra", is_staff=True)
    assert found(plain, "jansen") == {}
    plain.user_permissions.add(Permission.objects.get(codename="view_customer"))
    assert found(User.objects.get(pk=plain.pk), "jansen") == {"Customers": ["Bakkerij Jansen"]}


def test_nothing_is_looked_for_before_the_second_character(world: SimpleNamespace) -> None:
    for text in ("", " ", "b", " b "):
        assert found(world.admin, text) == {}
    assert "Customers" in found(world.admin, "ba")


def test_exact_hits_come_first_and_no_group_is_longer_than_ten(world: SimpleNamespace) -> None:
    for n in range(30):
        Customer.objects.create(client=world.elite, name=f"Aa Kestrel {n:02}")
    Customer.objects.create(client=world.elite, name="Kestrel")
    shown = found(world.admin, "kestrel")
    assert shown["Customers"][0] == "Kestrel"
    assert len(shown["Customers"]) == 10
    Customer.objects.create(client=world.elite, name="Jobs & Sons")
    assert next(iter(found(world.admin, "jobs"))) == "Pages", "the group with an exact hit is the first"


@pytest.mark.parametrize(
    "text", ["\x00\x00", "%%", "__", "'; drop table", "9" * 40, "ticket:", "=", HOSTILE, "ß" * 300]
)
def test_any_text_may_be_looked_for(world: SimpleNamespace, text: str) -> None:
    shown = browser(world.admin).get("/admin/search/", {"q": text})
    assert shown.status_code == 200
    assert shown.context["groups"] == []
    assert "<img" not in shown.content.decode()


@pytest.mark.parametrize("query", [{"q": "onerror"}, {"extended": "1", "s": "onerror"}])
def test_what_others_wrote_is_shown_as_inert_text(world: SimpleNamespace, query: dict[str, str]) -> None:
    Customer.objects.create(client=world.elite, name=HOSTILE)
    shown = browser(world.admin).get("/admin/search/", query).content.decode()
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown
    assert "<img src=x" not in shown
    assert not re.search(r'"x-data="alert', shown)


def test_the_palette_brings_the_same_as_the_page_without_the_rest(world: SimpleNamespace) -> None:
    shown = browser(world.admin).get("/admin/search/", {"extended": "1", "s": "jansen"}).content.decode()
    assert "Bakkerij Jansen" in shown
    assert "<html" not in shown
    nothing = browser(world.admin).get("/admin/search/", {"extended": "1", "s": "nobody knows"}).content.decode()
    assert "Nothing found for “nobody knows”." in nothing


def test_what_a_person_may_no_longer_see_is_not_remembered(world: SimpleNamespace) -> None:
    assert "Customers" in found(world.limited, "jansen")
    world.limited.clients.set([world.other])
    assert found(world.limited, "jansen") == {}


def test_a_search_costs_the_same_however_much_there_is(world: SimpleNamespace) -> None:
    def statements(text: str) -> int:
        request = RequestFactory().get("/")
        request.user = User.objects.get(pk=world.admin.pk)
        with CaptureQueriesContext(connection) as made:
            search(request, text)
        return len(made)

    few = statements("an")
    for n in range(300):
        Client.objects.create(slug=f"an-{n}", name=f"An {n}")
        customer = Customer.objects.create(client=world.elite, name=f"An {n}")
        BackupJob.objects.create(customer=customer, name=f"An {n}")
    assert statements("an") == few == STATEMENTS


INDEXES = {
    "core_recordlink": ("88001", {"record_link_by_left_id", "record_link_by_right_id"}),
    "itop_bridge_pair": ("R-000088", {"bridge_pair_by_external_ref", "bridge_pair_by_internal_ref"}),
    "backup_tickets_run": ("veeam-4711", {"run_by_external_id", "run_by_manual_number"}),
}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="asks SQLite how it looks")
@pytest.mark.parametrize("table", INDEXES)
def test_large_tables_are_asked_by_their_indexes(world: SimpleNamespace, table: str) -> None:
    text, indexes = INDEXES[table]
    request = RequestFactory().get("/")
    request.user = world.admin
    with CaptureQueriesContext(connection) as made:
        search(request, text)
    plans = []
    for one in made.captured_queries:
        if f'FROM "{table}"' in one["sql"]:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {one['sql']}")  # as it was just asked
                plans.append(" ".join(row[3] for row in cursor.fetchall()))
    assert not [plan for plan in plans if f"SCAN {table}" in plan], plans
    assert {name for name in indexes if any(name in plan for plan in plans)} == indexes
