"""What may be sent to the door of a connection: only a party's number is taken from it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.vendors.advoware import VENDOR
from integrations.vendors.advoware.webhooks import EVENTS, EXAMPLE, WEBHOOKS
from integrations.vendors.webhooks import Hint, Received, Unreadable


def hints(body: Any) -> list[Hint]:
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return WEBHOOKS.parse(Received(EVENTS[0][0], {}, raw))


def subjects(body: Any) -> list[str]:
    return [hint.subject for hint in hints(body) if not hint.ignored]


@pytest.mark.parametrize("value", [12345, "12345", " 12345 ", "0012345", "12345\n"])
@pytest.mark.parametrize("key", ["betnr", "betNr", "BETNR", " betNr "])
def test_a_partys_number_is_understood_in_every_spelling(key: str, value: Any) -> None:
    assert subjects({key: value, "name": "Lindqvist"}) == ["party:12345"]


def test_several_parties_may_come_at_once_and_what_is_unreadable_among_them_is_kept() -> None:
    found = hints([{"betnr": 1}, {"betnr": None}, {"betnr": 2}])
    assert [hint.subject for hint in found] == ["party:1", "not understood", "party:2"]
    assert [json.loads(hint.body) for hint in found] == [{"betnr": 1}, {"betnr": None}, {"betnr": 2}]
    assert "names no party" in found[1].ignored


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"\xff", "x", "null", "7", '"7"', "[]", "{}", "[7]", '{"betnr": }'),
        *({"betnr": value} for value in (0, -1, 1.5, True, "x", "12 34", [1], {"a": 1}, 2**63, "9" * 20, "")),
        [{"betnr": 1}] * 501,
        "[" * 100_000,
    ],
)
def test_what_names_no_party_is_refused_without_quoting_it(body: Any) -> None:
    with pytest.raises(Unreadable) as refused:
        hints(body)
    assert len(str(refused.value)) < 200


def test_the_instructions_give_the_address_and_a_body_that_is_understood() -> None:
    steps = WEBHOOKS.instructions(lambda event: f"https://portal.example.com/webhooks/firm/advoware/{event}")
    codes = [step.code for step in steps]
    assert "https://portal.example.com/webhooks/firm/advoware/party" in codes
    assert any("X-Webhook-Secret" in code for code in codes)
    assert EXAMPLE in codes
    assert subjects(EXAMPLE) == ["party:12345"]


def test_the_secret_is_shown_by_the_sender_and_nothing_is_signed() -> None:
    assert VENDOR.webhooks is WEBHOOKS
    assert WEBHOOKS.is_signed is None
    assert not WEBHOOKS.paths
