"""What the Workflow Automator may send: only the ticket's id is taken, whatever surrounds it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from integrations.vendors.freshservice.webhooks import RECOMMENDED, WEBHOOKS
from integrations.vendors.webhooks import Received, Unreadable
from tests.seeds import SEED


def subjects(body: bytes | str) -> list[str]:
    raw = body.encode() if isinstance(body, str) else body
    return [hint.subject for hint in WEBHOOKS.parse(Received("ticket", {}, raw))]


@pytest.mark.parametrize("value", [123, "123", " 123 ", "123\n", "INC-123", "inc-123", "SR-123", "#123", "INC-123 "])
@pytest.mark.parametrize("wrapping", ["", "freshservice_webhook", "freshdesk_webhook"])
def test_an_id_is_understood_in_every_spelling_wrapped_or_bare(value: Any, wrapping: str) -> None:
    body = {"ticket_id": value, "event": "ticket_updated"}
    assert subjects(json.dumps({wrapping: body} if wrapping else body)) == ["ticket:123"]


@pytest.mark.parametrize(
    "key",
    ["ticket_id", "id", "ticket", "ticketnumber", "ticket_number", "id_numeric", "ticket_id_numeric", "Ticket_ID"],
)
def test_the_id_stands_under_any_of_its_names(key: str) -> None:
    assert subjects(json.dumps({key: "INC-77", "subject": "9"})) == ["ticket:77"]


def test_the_numeric_id_is_believed_before_the_shown_one_and_both_before_a_bare_id() -> None:
    assert subjects(json.dumps({"id": 1, "ticket_id": "INC-2", "ticket_id_numeric": 3})) == ["ticket:3"]
    assert subjects(json.dumps({"id": 1, "ticket_id": "INC-2"})) == ["ticket:2"]


def test_a_name_without_a_value_does_not_hide_the_next_one() -> None:
    assert subjects(json.dumps({"ticket_id_numeric": "", "ticket_id": None, "ticket": "INC-5"})) == ["ticket:5"]


def test_a_ticket_may_be_an_object_of_its_own() -> None:
    assert subjects(json.dumps({"id": "delivery", "ticket": {"id": 12, "subject": "x"}})) == ["ticket:12"]


def test_a_quote_in_a_subject_breaks_the_body_and_not_the_hint() -> None:
    assert subjects('{"ticket_id":"INC-12","subject":"the "new" printer\n is dead","n":1}') == ["ticket:12"]
    assert subjects('{"freshservice_webhook":{"subject":"a"b","ticket_id":12}}') == ["ticket:12"]
    assert subjects('{"subject":"INC-99 "again"","id_numeric": 12 , "status": Open}') == ["ticket:12"]


def test_a_subject_cannot_name_another_ticket_after_the_real_one() -> None:
    assert subjects('{"ticket_id":"12","subject":"x","ticket_id":"66"}') == ["ticket:12"]
    assert subjects('{"ticket_id":"12","subject":"x"","ticket_id":"66"}') == ["ticket:12"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("", "not JSON"),
        ("[]", "not a JSON object"),
        ('"12"', "not a JSON object"),
        ("12", "not a JSON object"),
        ("{}", "names no ticket"),
        ('{"freshservice_webhook":{}}', "names no ticket"),
        ('{"subject":"INC-12"}', "names no ticket"),
        ('{"ticket_id":"CHN-12"}', "not a number"),
        ('{"ticket_id":true}', "not a number"),
        ('{"ticket_id":0}', "not a number"),
        ('{"ticket_id":-4}', "not a number"),
        ('{"ticket_id":1.5}', "not a number"),
        ('{"ticket_id":"٣"}', "not a number"),
        ('{"ticket_id":9223372036854775808}', "not a number"),
        ('{"ticket_id":"{{ticket.id_numeric}}"}', "placeholder"),
        ('{"ticket_id":"12" "id_number":"12"}}', None),
        ('{"subject":"a"b","number":12}', "no ticket_id can be found"),
        ("{" * 100_000, "not JSON"),
        ('{"ticket_id":' + "9" * 5000 + "}", "not JSON"),
    ],
)
def test_what_names_no_ticket_is_refused_with_a_sentence(body: str, sentence: str | None) -> None:
    if sentence is None:
        assert subjects(body) == ["ticket:12"]
        return
    with pytest.raises(Unreadable, match=sentence):
        subjects(body)


def test_the_recommended_body_is_understood_once_its_placeholder_is_filled() -> None:
    assert subjects(RECOMMENDED.replace("{{ticket.id_numeric}}", "4711")) == ["ticket:4711"]


def test_the_instructions_hold_the_address_the_header_and_the_body() -> None:
    steps = WEBHOOKS.instructions(lambda event: f"https://portal.example/webhooks/elite/fs/{event}")
    pasted = [step.code for step in steps if step.code]
    assert pasted == ["https://portal.example/webhooks/elite/fs/ticket", "X-Webhook-Secret: …", RECOMMENDED]
    assert all(step.title and step.text for step in steps)


_leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("INC-5")
_keys = st.sampled_from(["ticket_id", "ticket", "id", "freshservice_webhook"]) | st.text(max_size=8)
_value = st.recursive(_leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=4))
_bodies = (
    st.binary(max_size=200)
    | _value.map(lambda value: json.dumps(value).encode())
    | st.builds(lambda text, cut: text[:cut], _value.map(lambda v: json.dumps(v).encode()), st.integers(0, 80))
)


@seed(91 + SEED)
@settings(max_examples=120, deadline=None, database=None)
@given(_bodies)
def test_any_body_is_one_hint_at_a_ticket_or_unreadable(body: bytes) -> None:
    try:
        (subject,) = subjects(body)
    except Unreadable:
        return
    kind, _, number = subject.partition(":")
    assert kind == "ticket"
    assert 0 < int(number) < 2**63


@seed(92 + SEED)
@settings(max_examples=100, deadline=None, database=None)
@given(st.integers(1, 2**63 - 1), st.sampled_from(["", "INC-", "SR-", "#"]), st.text(max_size=40))
def test_an_unescaped_text_after_the_id_never_changes_it(number: int, prefix: str, text: str) -> None:
    assert subjects(f'{{"ticket_id":"{prefix}{number}","subject":"{text}"}}') == [f"ticket:{number}"]
