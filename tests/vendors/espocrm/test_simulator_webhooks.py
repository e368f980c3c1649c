"""The simulated webhook queue: what is told, to whom, and what each answer of the receiver leads to (section 8)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from integrations.vendors.espocrm.simulator import EspocrmSimulator
from integrations.vendors.espocrm.webhooks import is_signed
from tests.vendors.receiving import Portal, receiving

from .conftest import Wire

SECRET = "made-up-secret-of-a-webhook"
E, P = "emailAddressData", "phoneNumberData"


@pytest.fixture
def portal(espocrm: EspocrmSimulator) -> Iterator[Portal]:
    with receiving() as running:
        for event in ("create", "update", "delete"):
            subscribe(espocrm, running, event)
        yield running


def subscribe(espocrm: EspocrmSimulator, portal: Portal, event: str, **more: Any) -> str:
    given = {"event": f"CBeteiligte.{event}", "url": portal.url + event, "secret": SECRET}
    made: str = espocrm.do("subscribe", given | more)
    return made


def told(portal: Portal) -> list[tuple[str, list[Any]]]:
    """Each call's event and what it says, since the last look."""
    found = [(received.event, json.loads(received.body)) for received in portal.received]
    portal.received.clear()
    return found


def party_of(espocrm: EspocrmSimulator, **more: Any) -> str:
    made: str = espocrm.do("new_party", {"last_name": "A", "emails": ["a@x.de"]} | more)
    return made


def test_creations_changes_and_deletions_are_told_apart_by_their_addresses_alone(
    espocrm: EspocrmSimulator, portal: Portal
) -> None:
    party = party_of(espocrm)
    espocrm.do("pump", {})
    espocrm.do("edit_party", {"party": party, "firstName": "Max"})
    espocrm.do("pump", {})
    espocrm.do("delete_party", {"party": party})
    espocrm.do("pump", {})
    assert [is_signed(received, SECRET) for received in portal.received] == [True] * 3
    (create, (made,)), (update, (changed,)), (delete, (gone,)) = told(portal)
    assert (create, update, delete) == ("create", "update", "delete")
    assert made[E] == [{"emailAddress": "a@x.de"}]
    assert changed == {
        "name": "Max A",
        "firstName": "Max",
        "modifiedById": espocrm.person.id,
        "modifiedByName": "anna",
        "id": party,
    }
    assert gone == {"id": party}


@pytest.mark.parametrize(
    ("body", "is_told"),
    [
        ({"lastName": "A"}, False),
        (
            {E: [{"emailAddress": "a@x.de", "lower": "a@x.de", "primary": True, "optOut": False, "invalid": False}]},
            False,
        ),
        ({E: [{"emailAddress": "a@x.de", "primary": True}]}, True),
        (
            {P: [{"phoneNumber": "+49 30 555", "type": "Mobile", "primary": True, "optOut": False, "invalid": False}]},
            False,
        ),
        ({E: None}, False),
        ({E: []}, True),
        ({"emailAddress": "b@x.de"}, True),
    ],
)
def test_what_differs_by_the_letter_is_told_and_nothing_else(
    espocrm: EspocrmSimulator, portal: Portal, body: dict[str, Any], is_told: bool
) -> None:
    party = party_of(espocrm, phones=["+4930555"])
    espocrm.do("pump", {})
    told(portal)
    espocrm.do("edit_party", {"party": party, **body})
    espocrm.do("pump", {})
    assert bool(told(portal)) == is_told


def test_nothing_is_told_of_what_the_user_of_the_webhook_does_or_of_what_came_through_a_shared_value(
    espocrm: EspocrmSimulator, wire: Wire, portal: Portal
) -> None:
    first, other = party_of(espocrm), party_of(espocrm)
    espocrm.do("pump", {})
    told(portal)
    wire.put(first, firstName="Max")
    assert espocrm.do("pump", {}) == 0
    espocrm.do("flag_value", {"party": other, "value": "a@x.de", "optOut": True})
    espocrm.do("pump", {})
    ((_, (changed,)),) = told(portal)
    assert changed["id"] == other
    assert wire.party(first)[E][0]["optOut"] is True
    loud = subscribe(espocrm, portal, "update", skip_own=False)
    wire.put(first, firstName="Moritz")
    assert espocrm.do("pump", {}) == 1
    assert espocrm.data.webhooks[loud]["skipOwn"] is False


def test_a_silent_import_and_a_record_that_is_gone_before_the_run_are_not_told(
    espocrm: EspocrmSimulator, portal: Portal
) -> None:
    espocrm.do("import_party", {"last_name": "Alt"})
    espocrm.do("delete_party", {"party": party_of(espocrm)})
    espocrm.do("pump", {})
    assert [event for event, _ in told(portal)] == ["delete"]


def test_a_run_takes_twenty_events_and_sends_them_as_one_array(espocrm: EspocrmSimulator, portal: Portal) -> None:
    party = party_of(espocrm)
    espocrm.do("pump", {})
    told(portal)
    for place in range(45):
        espocrm.do("edit_party", {"party": party, "firstName": f"N{place}"})
    assert [espocrm.do("pump", {}) for _ in range(4)] == [1, 1, 1, 0]
    assert [len(body) for _, body in told(portal)] == [20, 20, 5]


def test_a_field_counts_by_itself_and_fires_for_a_secondary_value_too(
    espocrm: EspocrmSimulator, portal: Portal
) -> None:
    subscribe(espocrm, portal, "fieldUpdate.emailAddress")
    party = party_of(espocrm)
    espocrm.do("pump", {})
    told(portal)
    espocrm.do("add_value", {"party": party, "value": "b@x.de"})
    espocrm.do("pump", {})
    (_, (update,)), (event, (field,)) = told(portal)
    assert (event, set(field)) == (
        "fieldUpdate.emailAddress",
        {"id", "emailAddress", "emailAddressIsOptedOut", "emailAddressIsInvalid", E},
    )
    assert update[E] == field[E]


def test_a_webhook_that_is_made_before_the_run_gets_what_happened_before_it(
    espocrm: EspocrmSimulator, portal: Portal
) -> None:
    party_of(espocrm)
    subscribe(espocrm, portal, "create")
    assert espocrm.do("pump", {}) == 2


def test_a_plain_field_can_be_watched_alone(espocrm: EspocrmSimulator, portal: Portal) -> None:
    subscribe(espocrm, portal, "fieldUpdate.firstName")
    party = party_of(espocrm)
    for values in ({"firstName": "Max"}, {"lastName": "B"}):
        espocrm.do("edit_party", {"party": party, **values})
    espocrm.do("pump", {})
    assert [body for event, body in told(portal) if event == "fieldUpdate.firstName"] == [
        [{"id": party, "firstName": "Max"}]
    ]


RETRIED, LOST, DELIVERED = (401, 403, 404, 405, 408, 500, 503), (400, 413, 422, 429, 502, 504), (200, 202, 204, 302)


@pytest.mark.parametrize("status", [*RETRIED, *LOST, *DELIVERED])
def test_what_is_answered_decides_whether_it_comes_again(
    espocrm: EspocrmSimulator, portal: Portal, status: int
) -> None:
    portal.statuses = [status, 202]
    party_of(espocrm)
    espocrm.do("pump", {})
    assert espocrm.do("pump", {}) == 0
    espocrm.do("pass_minutes", {"minutes": 10.1})
    espocrm.do("pump", {})
    assert [line.status for line in espocrm.sender.sent] == ([status, 202] if status in RETRIED else [status])
    assert espocrm.sender.items[0].status == ("Failed" if status in LOST else "Sent")
    assert {received.body for received in portal.received} == {portal.received[0].body}


def test_after_four_attempts_it_is_given_up(espocrm: EspocrmSimulator, portal: Portal) -> None:
    portal.statuses = [503]
    party_of(espocrm)
    assert espocrm.do("pump", {"all": True}) == 4
    assert (espocrm.sender.items[0].status, espocrm.sender.waiting) == ("Failed", 0)


def test_nobody_who_answers_comes_again_too(espocrm: EspocrmSimulator, portal: Portal) -> None:
    for one in espocrm.data.webhooks.values():
        one["url"] = "http://127.0.0.1:1/"
    party_of(espocrm)
    espocrm.do("pump", {})
    assert (espocrm.sender.sent[0].status, espocrm.sender.sent[0].error) == (None, "ConnectionRefusedError")
    assert (espocrm.sender.items[0].attempt, espocrm.sender.waiting) == (2, 1)


def test_what_comes_again_comes_after_what_is_newer(espocrm: EspocrmSimulator, portal: Portal) -> None:
    first = party_of(espocrm)
    portal.statuses = [503, 202]
    espocrm.do("pump", {})
    second = party_of(espocrm)
    espocrm.do("pump", {})
    espocrm.do("pass_minutes", {"minutes": 11})
    espocrm.do("pump", {})
    assert [body[0]["id"] for _, body in told(portal)] == [first, second, first]


def test_gone_ends_the_webhook(espocrm: EspocrmSimulator, portal: Portal) -> None:
    portal.statuses = [410]
    party_of(espocrm)
    espocrm.do("pump", {})
    assert [one["type"] for one in espocrm.data.webhooks.values()] == ["update", "delete"]


def test_what_waits_for_a_webhook_that_is_deleted_ends_with_it(
    espocrm: EspocrmSimulator, wire: Wire, portal: Portal
) -> None:
    portal.statuses = [503]
    party_of(espocrm)
    espocrm.do("pump", {})
    for webhook in list(espocrm.data.webhooks):
        assert wire("DELETE", f"Webhook/{webhook}").status == 200
    assert (espocrm.do("pump", {"all": True}), espocrm.sender.waiting) == (0, 0)


def test_both_signatures_are_over_the_bytes_with_their_slashes(espocrm: EspocrmSimulator, portal: Portal) -> None:
    party_of(espocrm, last_name="A/B", first_name="Jürgen")
    espocrm.do("pump", {})
    (received,) = portal.received
    assert b"A\\/B" in received.body
    assert received.headers["signature"] != received.headers["x-signature"]
    for name in ("signature", "x-signature"):
        assert is_signed(type(received)("create", {name: received.headers[name]}, received.body), SECRET)


def test_losses_doubles_and_disorder_can_be_had(espocrm: EspocrmSimulator, portal: Portal) -> None:
    espocrm.do("webhook", {"copies": 2, "shuffled": True, "seed": 1})
    party_of(espocrm)
    espocrm.do("pump", {})
    assert len(told(portal)) == 2
    espocrm.do("webhook", {"drop_rate": 1.0})
    party_of(espocrm)
    espocrm.do("pump", {})
    assert told(portal) == []
    assert espocrm.sender.sent[-1].dropped


def test_the_job_can_run_at_once_with_each_change(espocrm: EspocrmSimulator, wire: Wire, portal: Portal) -> None:
    espocrm.do("webhook", {"mode": "at once"})
    party_of(espocrm)
    assert [event for event, _ in told(portal)] == ["create"]


# --- subscriptions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "status", "reason"),
    [
        ("CBeteiligte.fieldUpdate.emailAddress", 201, ""),
        ("CBeteiligte.fieldUpdate.emailAddressData", 403, "Field does not exist."),
        ("CBeteiligte.changed", 403, "Not supported event."),
        ("CBeteiligte.fieldUpdate", 403, "Not supported event."),
        ("Lead.update", 403, "Entity type is forbidden."),
    ],
)
def test_events_that_can_be_subscribed(wire: Wire, event: str, status: int, reason: str) -> None:
    seen = wire("POST", "Webhook", {"event": event, "url": "https://portal.example.com/x"})
    assert (seen.status, seen.reason) == (status, reason)


def test_an_address_inside_the_network_is_refused_unless_it_is_allowed(espocrm: EspocrmSimulator, wire: Wire) -> None:
    body = {"event": "CBeteiligte.update", "url": "http://192.168.1.5/x"}
    assert wire("POST", "Webhook", body).status == 201
    espocrm.do("switch", {"name": "internal_urls", "value": False})
    seen = wire("POST", "Webhook", body)
    assert (seen.status, seen.json["messageTranslation"]["data"]["type"]) == (400, "notInternal")


def test_a_user_has_fifty_webhooks_at_most_and_may_have_the_same_twice(wire: Wire) -> None:
    body = {"event": "CBeteiligte.update", "url": "https://portal.example.com/x"}
    assert [wire("POST", "Webhook", body).status for _ in range(51)] == [201] * 50 + [403]


def test_a_list_shows_no_secret_and_a_read_does(wire: Wire) -> None:
    made = wire("POST", "Webhook", {"event": "CBeteiligte.update", "url": "https://portal.example.com/x"}).json
    (listed,) = wire.get("Webhook")["list"]
    assert "secretKey" not in listed
    assert wire.get(f"Webhook/{made['id']}")["secretKey"] == made["secretKey"]
    assert wire("DELETE", f"Webhook/{made['id']}").json is True
    assert wire("GET", f"Webhook/{made['id']}").status == 404
