"""Other tools read runs and links: their client's only, page by page, with the state of the ticket."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.backup_tickets.intake import take_runs
from integrations.backup_tickets.models import Run, Ticket, TicketLink
from integrations.core.models import ApiToken, Client, Connection
from tests.backup_tickets.intake.conftest import report

from .test_posting_runs import TOKEN, post, token

__all__ = ["token"]
READER = "ip_a-token-that-reads"


@pytest.fixture
def reader(token: ApiToken) -> ApiToken:
    made: ApiToken = ApiToken.objects.create(
        client=token.client, name="board", digest=ApiToken.digest_of(READER), scope=ApiToken.Scope.READ
    )
    return made


def get(what: str, *, token: str = READER, **parameters: Any) -> Any:
    return Browser().get(f"/api/v1/{what}", parameters, headers={"authorization": f"Bearer {token}"})


def linked(external_id: str, number: int, state: str = "active") -> TicketLink:
    run = Run.objects.get(external_id=external_id)
    connection, _ = Connection.objects.get_or_create(client=run.client, slug="psa", vendor="autotask")
    ticket = Ticket.objects.create(
        connection=connection, ticket_id=number, number=f"T{number}", url=f"https://psa.example/{number}"
    )
    made: TicketLink = TicketLink.objects.create(
        run=run, ticket=ticket, connection=connection, key=f"k{number}", state=state, send_before=timezone.now()
    )
    return made


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    body = answer.json()
    return [row["external_id"] for row in body.get("runs", body.get("links"))]


def test_a_run_is_shown_with_its_ticket(reader: ApiToken) -> None:
    take_runs(reader.client, [report("a")])
    linked("a", 6, state="deleted")
    linked("a", 7)
    (run,) = get("runs").json()["runs"]
    assert (run["external_id"], run["customer"], run["job"], run["status"]) == ("a", "Bakery", "Nightly", "error")
    assert run["started_at"] == "2025-01-10T21:00:00Z"
    assert run["url"].endswith("/change/")
    assert (run["link"]["state"], run["link"]["ticket"]["number"]) == ("active", "T7")
    assert [link["ticket"]["number"] for link in get("links").json()["links"]] == ["T7", "T6"]


def test_only_the_tokens_own_client_is_shown(reader: ApiToken) -> None:
    other = Client.objects.create(slug="other", name="Other")
    take_runs(other, [report("theirs")])
    linked("theirs", 1)
    assert ids(get("runs")) == ids(get("links")) == []
    assert ids(get("runs", external_id="theirs")) == ids(get("links", number="T1")) == []


def test_a_token_that_sends_reads_nothing_and_the_other_way_round(reader: ApiToken) -> None:
    for what in ("runs", "links"):
        answer = get(what, token=TOKEN)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (403, 'Bearer error="insufficient_scope"')
        assert answer.json() == {"error": "This token sends runs; ask an admin for one that reads."}
    assert post([report()], token=READER).status_code == 403
    assert not Run.objects.exists()


@pytest.mark.parametrize("given", ["", "wrong"])
def test_without_a_valid_token_nothing_is_shown(reader: ApiToken, given: str) -> None:
    assert [get(what, token=given).status_code for what in ("runs", "links")] == [401, 401]


def test_pages_show_every_run_once_also_when_others_arrive_meanwhile(reader: ApiToken) -> None:
    start = dt.datetime(2025, 3, 1, tzinfo=dt.UTC)

    def many(name: str, count: int, hours: int) -> list[dict[str, Any]]:
        at = (start + dt.timedelta(hours=hours)).isoformat()  # all at the same moment: paging must not rely on time
        return [report(f"{name}{n}", started_at=at, finished_at=None) for n in range(count)]

    take_runs(reader.client, many("m", 25, 1))
    seen, cursor = [], ""
    while cursor is not None:
        answer = get("runs", limit=10, **({"cursor": cursor} if cursor else {}))
        seen += ids(answer)
        cursor = answer.json()["next"]
        take_runs(reader.client, many("late", 3, 2))
    assert sorted(seen) == sorted(f"m{n}" for n in range(25))


def test_links_are_paged_too(reader: ApiToken) -> None:
    take_runs(reader.client, [report(f"l{n}", job=f"J{n}") for n in range(5)])
    for number in range(5):
        linked(f"l{number}", number)
    first = get("links", limit=3)
    assert ids(first) == ["l4", "l3", "l2"]
    second = get("links", limit=3, cursor=first.json()["next"])
    assert (ids(second), second.json()["next"]) == (["l1", "l0"], None)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"status": "warning"}, ["b"]),
        ({"customer": "Butcher"}, ["b"]),
        ({"customer": "Butch"}, []),
        ({"job": "Nightly"}, ["c", "a"]),
        ({"customer": "Dairy", "job": "Nightly"}, ["c"]),
        ({"external_id": "a"}, ["a"]),
        ({"needs_attention": "true"}, ["b"]),
        ({"needs_attention": "false"}, ["c", "a"]),
        ({"ticket": "open"}, ["a"]),
        ({"since": "2025-01-10T22:30:00+01:00"}, ["c", "b"]),
        ({"until": "2025-01-10T22:30:00+01:00"}, ["a"]),
    ],
)
def test_filters(reader: ApiToken, filters: dict[str, str], expected: list[str]) -> None:
    later = {"started_at": "2025-01-10T23:00:00+01:00", "finished_at": None}
    take_runs(
        reader.client,
        [
            report("a"),
            report("b", customer="Butcher", job="Weekly", status="warning", **later),
            report("c", customer="Dairy", status="success", **later),
        ],
    )
    linked("a", 1)
    Run.objects.filter(external_id="a").update(needs_attention=False)
    assert ids(get("runs", **filters)) == expected


@pytest.mark.parametrize(
    ("what", "parameters", "sentence"),
    [
        ("runs", {"stauts": "error"}, "'stauts' is not a parameter"),
        ("runs", {"status": ["error", "warning"]}, "status is given 2 times"),
        ("runs", {"status": "broken"}, "must be one of success"),
        ("runs", {"limit": "0"}, "a number from 1 to 200"),
        ("runs", {"limit": "201"}, "a number from 1 to 200"),
        ("runs", {"since": "yesterday"}, "a time with its offset"),
        ("runs", {"since": "2025-01-10T22:00:00"}, "a time with its offset"),
        ("runs", {"cursor": "x"}, "what an earlier answer gave"),
        ("runs", {"customer": "\x00"}, "a text of 1 to 200"),
        ("runs", {"needs_attention": "yes"}, "true or false"),
        ("links", {"cursor": "9" * 30}, "what an earlier answer gave"),
        ("links", {"state": "open"}, "must be one of creating"),
    ],
)
def test_what_is_not_understood_is_refused_and_not_left_out(
    reader: ApiToken, what: str, parameters: dict[str, Any], sentence: str
) -> None:
    answer = get(what, **parameters)
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]


@pytest.mark.parametrize("what", ["runs", "links"])
def test_a_page_costs_a_few_statements_whatever_its_length(reader: ApiToken, what: str) -> None:
    take_runs(reader.client, [report(f"q{n}", job=f"J{n}") for n in range(60)])
    for number in range(60):
        linked(f"q{number}", number)
    get(what)
    with CaptureQueriesContext(database) as captured:
        assert len(ids(get(what))) == 60
    assert len(captured) <= 4, [entry["sql"] for entry in captured]
