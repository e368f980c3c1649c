"""What EspoCRM sends: believed by its signature, read for ids alone, and subscribed once."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from integrations.transport.errors import UnknownOutcomeError
from integrations.vendors.espocrm.api import EspocrmApi
from integrations.vendors.espocrm.simulator import EspocrmSimulator
from integrations.vendors.espocrm.webhook_setup import EVENTS, subscribe_all
from integrations.vendors.espocrm.webhooks import MOST_HINTS, WEBHOOKS, is_signed, signature
from integrations.vendors.webhooks import Hint, Received, Unreadable
from tests.seeds import SEED
from tests.vendors.receiving import receiving

BODY = b'[{"id":"6b0255e826649e514"}]'
ONE, TWO = "1" * 32, "2" * 32


def hints(body: Any) -> list[Hint]:
    return WEBHOOKS.parse(Received("update", {}, body if isinstance(body, bytes) else json.dumps(body).encode()))


def address(event: str) -> str:
    return f"https://portal.example.com/webhooks/firm/espocrm/{event}"


# --- signatures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [ONE, f"{TWO} {ONE}", f" {TWO}\n{ONE} ", f"{TWO},{ONE}", f"{ONE}; {TWO}"])
def test_a_call_is_believed_by_any_of_the_secrets(secret: str) -> None:
    assert is_signed(Received("update", {"signature": signature("6b02", ONE, BODY)}, BODY), secret)


@pytest.mark.parametrize(
    "shown",
    [
        *("", ":", "not base64", "ä", base64.b64encode(b"6b02:").decode(), base64.b64encode(b"6b02").decode()),
        *(signature("6b02", TWO, BODY), signature("6b02", ONE, BODY + b" "), signature("6b02", ONE, BODY)[:-4]),
        ONE,
    ],
)
@pytest.mark.parametrize("secret", [ONE, "", " "])
def test_a_forged_call_is_not_believed(shown: str, secret: str) -> None:
    assert not is_signed(Received("update", {"signature": shown}, BODY), secret)
    assert not is_signed(Received("update", {}, BODY), secret)
    assert not is_signed(Received("update", {"signature": "x", "x-signature": shown}, BODY), secret)


# --- bodies -----------------------------------------------------------------------------------------------------------


def test_every_record_of_a_body_is_a_hint_with_its_part() -> None:
    found = hints([{"id": "a1", "emailAddress": "x@x.de"}, {"id": "b2"}, {"name": "nobody"}, 5, {"id": "a1"}])
    assert [hint.subject for hint in found] == [
        *("party:a1", "party:b2", "not understood", "not understood", "party:a1"),
    ]
    assert [bool(hint.ignored) for hint in found] == [False, False, True, True, False]
    assert json.loads(found[0].body) == {"id": "a1", "emailAddress": "x@x.de"}
    assert [hint.subject for hint in hints({"id": "a1"})] == ["party:a1"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "not JSON"),
        (b"[{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        ([], "array of 0"),
        ([{"id": "a"}] * (MOST_HINTS + 1), "array of 501"),
        ([{}], "has no id"),
        ([{"id": 5}, {"id": None}, {"id": ""}, {"id": "a b"}, {"id": "x" * 41}, {"id": "../a"}], "has no id"),
        ("x", "has no id"),
        (None, "has no id"),
    ],
)
def test_what_names_nobody_is_refused_with_a_sentence(body: Any, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        hints(body)


_leaf = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(["6b0255e826649e514", "a"])
_record = st.dictionaries(st.sampled_from(["id", "name", "emailAddressData"]), _leaf, max_size=3) | _leaf
_bodies = st.binary(max_size=100) | st.lists(_record, max_size=5).map(lambda value: json.dumps(value).encode())


@seed(42 + SEED)
@settings(max_examples=150, deadline=None, database=None)
@given(_bodies)
def test_any_body_is_hints_at_parties_or_unreadable(body: bytes) -> None:
    try:
        found = hints(body)
    except Unreadable:
        return
    assert any(not hint.ignored for hint in found)
    for hint in found:
        assert hint.ignored or hint.subject.removeprefix("party:").replace("-", "").replace("_", "").isalnum()


# --- setting up -------------------------------------------------------------------------------------------------------


def test_every_event_is_subscribed_once_however_often_it_is_asked_for(
    espocrm: EspocrmSimulator, api: EspocrmApi
) -> None:
    secret = subscribe_all(api, address)
    assert subscribe_all(api, address) == secret
    found = sorted((one["event"], one["url"], one["skipOwn"]) for one in espocrm.data.webhooks.values())
    assert found == sorted((f"CBeteiligte.{event}", address(event), True) for event, _ in EVENTS)
    assert secret.split() == [one["secretKey"] for one in espocrm.data.webhooks.values()]


def test_a_subscription_whose_answer_got_lost_is_found_by_the_next_try(
    espocrm: EspocrmSimulator, api: EspocrmApi
) -> None:
    espocrm.fault("answer_lost", method="POST", path="Webhook")
    with pytest.raises(UnknownOutcomeError):
        subscribe_all(api, address)
    assert len(subscribe_all(api, address).split()) == len(espocrm.data.webhooks) == len(EVENTS)


def test_doubles_loud_and_switched_off_webhooks_are_replaced_and_others_left_alone(
    espocrm: EspocrmSimulator, api: EspocrmApi
) -> None:
    def made(event: str, url: str, *, skip_own: bool = True) -> str:
        webhook: str = espocrm.do("subscribe", {"event": event, "url": url, "skip_own": skip_own})
        return webhook

    kept, double = (made("CBeteiligte.create", address("create")) for _ in range(2))
    off, loud = (
        made("CBeteiligte.update", address("update")),
        made("CBeteiligte.delete", address("delete"), skip_own=False),
    )
    others = [made("CBeteiligte.update", "https://other.example.com/"), made("Contact.update", address("update"))]
    espocrm.data.webhooks[off]["isActive"] = False
    secret = subscribe_all(api, address)
    left = espocrm.data.webhooks
    assert {kept, *others} <= left.keys()
    assert not {double, off, loud} & left.keys()
    assert len(left) == 5
    assert espocrm.data.webhooks[kept]["secretKey"] == secret.split()[0]


def test_what_was_subscribed_is_sent_and_believed(espocrm: EspocrmSimulator, api: EspocrmApi) -> None:
    with receiving() as portal:
        secret = subscribe_all(api, lambda event: portal.url + event)
        party = espocrm.do("new_party", {"last_name": "A"})
        espocrm.do("edit_party", {"party": party, "lastName": "B"})
        espocrm.do("pump", {})
        espocrm.do("delete_party", {"party": party})
        espocrm.do("pump", {})
        assert [received.event for received in portal.received] == ["create", "update", "delete"]
        assert all(is_signed(received, secret) for received in portal.received)
        assert {hint.subject for one in portal.received for hint in WEBHOOKS.parse(one)} == {f"party:{party}"}


def test_ending_a_webhook_twice_is_no_error(api: EspocrmApi) -> None:
    made = api.subscribe("CBeteiligte.update", address("update"))
    for _ in range(2):
        api.unsubscribe(made.id)
    assert api.subscriptions() == []


def test_the_instructions_hold_every_event_with_its_address_and_what_it_is_to_be_pasted() -> None:
    steps = {step.title: step for step in WEBHOOKS.instructions(address)}
    for event, label in EVENTS:
        code = steps[f"Webhook: {label}"].code
        body = json.loads(code[code.index("'{") + 1 : code.rindex("'")])
        assert body == {"event": f"CBeteiligte.{event}", "url": address(event), "skipOwn": True}
    assert "webhookAllowedAddressList" in steps["Addresses inside the network"].code
    assert "with blanks between" in steps["Secret"].text
    assert "503" in steps["The way to the portal"].text
