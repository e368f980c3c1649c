"""What iTop may send: only an id is taken, and whether it is a ticket's or an attachment's, whatever surrounds it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from integrations.vendors.itop.lifecycle import TICKET_CLASSES
from integrations.vendors.itop.webhook_setup import ATTACHMENT, CREATED, EVENTS, LOG, STATE, UPDATED
from integrations.vendors.itop.webhooks import WEBHOOKS
from integrations.vendors.webhooks import Hint, Received, Unreadable
from tests.seeds import SEED

from .saying import capture


def hints(body: Any, event: str = UPDATED) -> list[Hint]:
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return WEBHOOKS.parse(Received(event, {}, raw))


def subjects(body: Any, event: str = UPDATED) -> list[str]:
    return [hint.subject for hint in hints(body, event) if not hint.ignored]


@pytest.mark.parametrize(
    ("name", "event", "subject"),
    [
        ("webhook_ticket_created", CREATED, "ticket:1"),
        ("webhook_ticket_update", UPDATED, "ticket:12"),
        ("webhook_attachment", ATTACHMENT, "attachment:1"),
        ("webhook_private_log", LOG, "ticket:7"),
        ("webhook_state_change", STATE, "ticket:1"),
    ],
)
def test_a_recorded_call_names_its_object(name: str, event: str, subject: str) -> None:
    request = capture(name)["request"]
    assert request["path"].rpartition("/")[2] == event
    assert subjects(request["body_raw"], event) == [subject]


def test_the_recorded_call_with_every_placeholder_names_its_ticket() -> None:
    assert subjects(capture("webhook_placeholders")["request"]["body"]) == ["ticket:10"]


@pytest.mark.parametrize("value", [123, "123", " 123 ", "123\n", "00123"])
@pytest.mark.parametrize("key", ["id", "ID", " Id "])
def test_an_id_is_understood_in_every_spelling(key: str, value: Any) -> None:
    assert subjects({key: value, "event": "ticket assigned "}) == ["ticket:123"]


def test_an_attachment_is_told_by_its_key_or_by_the_address() -> None:
    assert subjects({"attachment_id": "77", "item_class": "UserRequest", "item_id": "9"}, UPDATED) == ["attachment:77"]
    assert subjects({"id": "77", "item_id": 9}, ATTACHMENT) == ["attachment:77"]
    assert subjects({"id": "77"}, ATTACHMENT) == ["attachment:77"]
    assert subjects({"attachment_id": "", "id": "5"}, UPDATED) == ["ticket:5"]


@pytest.mark.parametrize("item", ["0", "", " 0 ", 0])
def test_a_draft_is_kept_and_nothing_follows(item: Any) -> None:
    (hint,) = hints({"attachment_id": "77", "item_class": "UserRequest", "item_id": item}, ATTACHMENT)
    assert (hint.subject, "not saved yet" in hint.ignored) == ("attachment:77", True)


def test_a_trigger_of_newer_releases_names_the_ticket_where_the_attachment_should_stand() -> None:
    body = {"attachment_id": "9", "item_class": "$this->item_class$", "item_id": "$this->item_id$"}
    assert subjects(body, ATTACHMENT) == ["ticket:9"]


@pytest.mark.parametrize("class_name", [*sorted(TICKET_CLASSES), "", None, "undefined", "$this->finalclass$", 5])
def test_a_ticket_of_any_class_or_of_none_is_looked_at(class_name: Any) -> None:
    assert subjects({"class": class_name, "id": "5"}) == ["ticket:5"]
    assert subjects({"item_class": class_name, "attachment_id": "5"}, ATTACHMENT)


def test_an_object_of_another_class_is_kept_and_nothing_follows() -> None:
    for body, event in (
        ({"class": "Server", "id": "5"}, UPDATED),
        ({"attachment_id": "5", "item_class": "FAQ", "item_id": "3"}, ATTACHMENT),
    ):
        (hint,) = hints(body, event)
        assert "another class" in hint.ignored


def test_an_array_is_as_many_hints_each_with_its_part() -> None:
    found = hints([{"id": "5"}, {"attachment_id": "6", "item_id": "0"}, {"id": "$this->id$"}, "odd", {"id": 5}])
    assert [hint.subject for hint in found] == [
        "ticket:5",
        "attachment:6",
        "not understood",
        "not understood",
        "ticket:5",
    ]
    assert [bool(hint.ignored) for hint in found] == [False, True, True, True, False]
    assert [json.loads(hint.body) for hint in found][:2] == [{"id": "5"}, {"attachment_id": "6", "item_id": "0"}]


def test_a_title_breaks_the_body_and_not_the_hint() -> None:
    assert subjects('{"event":"ticket.create","class":"UserRequest","id":"12","title":"the "new" one\n"}') == [
        "ticket:12"
    ]
    assert subjects('{"attachment_id":"3","item_class":"a"b"}') == ["attachment:3"]
    assert subjects('{"id": 3, "title": "x" y}', ATTACHMENT) == ["attachment:3"]


def test_a_title_cannot_name_another_ticket_after_the_real_one() -> None:
    assert subjects('{"id":"12","title":"x","id":"66"}') == ["ticket:12"]
    assert subjects('{"id":"12","title":"x"","id":"66"}') == ["ticket:12"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("", "not JSON"),
        ("[]", "array of 0"),
        (json.dumps([{"id": 1}] * 501), "array of 501"),
        ("[1, null]", "not a JSON object"),
        ('"12"', "not a JSON object"),
        ("{}", "names no ticket"),
        ('{"id":null}', "names no ticket"),
        ('{"class":"UserRequest","ref":"R-000012"}', "names no ticket"),
        ('{"id":"$this->id$"}', "placeholder"),
        ('{"id":"undefined"}', "not a number"),
        ('{"id":true}', "not a number"),
        ('{"id":0}', "not a number"),
        ('{"id":-4}', "not a number"),
        ('{"id":1.5}', "not a number"),
        ('{"id":{"a":1}}', "not a number"),
        ('{"id":"٣"}', "not a number"),
        ('{"id":9223372036854775808}', "not a number"),
        ('{"title":"a"b","number":12}', "no id can be found"),
        ("{" * 100_000, "not JSON"),
        ('{"id":' + "9" * 5000 + "}", "not JSON"),
    ],
)
def test_what_names_nothing_is_refused_with_a_sentence(body: str, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        hints(body)


def test_the_addresses_of_the_first_bridge_lead_to_the_same_events() -> None:
    paths = {f"/{path}": event for path, event in WEBHOOKS.paths.items()}
    for name in ("ticket_created", "ticket_update", "attachment", "private_log", "state_change"):
        path = capture(f"webhook_{name}")["request"]["path"]
        assert paths.pop(path) == path.rpartition("/")[2]
    assert not paths


def test_the_instructions_hold_every_action_with_its_path_payload_and_triggers() -> None:
    steps = WEBHOOKS.instructions(lambda event: f"https://portal.example.com/webhooks/elite/external/{event}")
    texts = {step.title: step for step in steps}
    assert texts["A connection to the portal"].code == "https://portal.example.com/webhooks/elite/external"
    actions = [step for step in steps if step.title.startswith("Action")]
    assert [f"path /{event}," in step.text for (event, _), step in zip(EVENTS, actions, strict=True)] == [True] * 5
    for step in actions:
        assert "title" not in step.code
        assert "description" not in step.code
        filled = json.loads(step.code.replace("$this->finalclass$", "UserRequest").replace("$this->id$", "5"))
        event = step.text.partition("path /")[2].partition(",")[0]
        assert subjects(filled, event) == ["attachment:5" if event == ATTACHMENT else "ticket:5"] or event == ATTACHMENT
    assert "X-Webhook-Secret: …" in texts["Headers of every action"].code
    assert ":current_user->login != " in texts["Filter of every trigger"].code
    assert all(line.count("'") == 2 for line in texts["Filter of every trigger"].code.splitlines()), (
        "valid as it stands"
    )
    assert "GUI:Console" in texts["Context of every trigger"].code
    assert "validated" in texts["Action: A ticket reached another state"].text


_leaf = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["5", "$a$", "0"])
)
_keys = st.sampled_from(["id", "attachment_id", "item_id", "item_class", "class", "event"]) | st.text(max_size=8)
_value = st.recursive(_leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=4))
_bodies = (
    st.binary(max_size=200)
    | _value.map(lambda value: json.dumps(value).encode())
    | st.builds(lambda text, cut: text[:cut], _value.map(lambda v: json.dumps(v).encode()), st.integers(0, 80))
)


@seed(35 + SEED)
@settings(max_examples=150, deadline=None, database=None)
@given(_bodies, st.sampled_from([event for event, _ in EVENTS]))
def test_any_body_is_hints_at_tickets_and_attachments_or_unreadable(body: bytes, event: str) -> None:
    try:
        found = hints(body, event)
    except Unreadable:
        return
    assert found
    for hint in found:
        kind, _, number = hint.subject.partition(":")
        assert (kind in ("ticket", "attachment") and 0 < int(number) < 2**63) or hint.ignored


@seed(36 + SEED)
@settings(max_examples=100, deadline=None, database=None)
@given(st.integers(1, 2**63 - 1), st.text(max_size=40))
def test_an_unescaped_text_after_the_id_never_changes_it(number: int, text: str) -> None:
    assert subjects(f'{{"event":"ticket.create","class":"UserRequest","id":"{number}","title":"{text}"}}') == [
        f"ticket:{number}"
    ]
