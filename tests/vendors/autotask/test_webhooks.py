"""What Autotask's webhooks say: a signature over the exact bytes, one ticket's id, and that the webhook is off."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from integrations.vendors.autotask.webhooks import SWITCHED_OFF, WEBHOOKS, is_signed, signature
from integrations.vendors.webhooks import Hint, Received, Unreadable
from tests.seeds import SEED

UPDATE: dict[str, Any] = {
    "Action": "Update",
    "Guid": "3f1b2c7e-0000-4000-8000-000000000001",
    "EntityType": "Ticket",
    "Id": 128926,
    "Fields": {"status": 5},
    "EventTime": "2026-11-22T02:00:00.123Z",
    "SequenceNumber": 7,
    "PersonID": 29682885,
}


def hints(body: Any, *, event: str = "ticket") -> list[Hint]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return WEBHOOKS.parse(Received(event, {}, raw))


# --- the signature ----------------------------------------------------------------------------------------------------

# The test case 2 of RFC 2202, written as the vendor writes it.
KEY, TEXT, HEADER = "Jefe", b"what do ya want for nothing?", "sha1=7/zfauXrL6LSdBbV8YTfnCWafHk="


def test_the_signature_is_the_published_one_and_no_other() -> None:
    assert is_signed(Received("ticket", {"x-hook-signature": HEADER}, TEXT), KEY)


@pytest.mark.parametrize(
    "given",
    [
        *("", "sha1=", HEADER[5:], HEADER.lower(), HEADER[:-1], "sha1=" + "A" * 27 + "=", f"sha1={KEY}", KEY),
        "sha1=7/zfauXrL6LSdBbV8YTfnCWafHk\xe9",
    ],
)
def test_anything_else_in_the_header_proves_nothing(given: str) -> None:
    assert not is_signed(Received("ticket", {"x-hook-signature": given}, TEXT), KEY)


def test_another_byte_another_secret_or_no_header_prove_nothing() -> None:
    signed = {"x-hook-signature": HEADER}
    assert not is_signed(Received("ticket", signed, TEXT + b" "), KEY)
    assert not is_signed(Received("ticket", signed, TEXT), "jefe")
    assert not is_signed(Received("ticket", {}, TEXT), KEY)


def test_a_secret_may_hold_any_letters() -> None:
    body = b"\xff\x00"
    signed = Received("ticket", {"x-hook-signature": signature(body, "geheim-Größe-ключ")}, body)
    assert is_signed(signed, "geheim-Größe-ключ")


def test_the_signature_is_not_kept() -> None:
    assert "x-hook-signature" not in WEBHOOKS.headers


# --- what is taken ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["Update", "Delete", "update"])
@pytest.mark.parametrize("entity", ["Ticket", "Tickets", "ticket"])
@pytest.mark.parametrize("number", [128926, "128926"])
def test_an_update_or_a_deletion_is_a_hint_at_the_ticket_alone(action: str, entity: str, number: Any) -> None:
    body = UPDATE | {"Action": action, "EntityType": entity, "Id": number}
    assert hints(body) == [Hint("ticket:128926")]


def test_nothing_of_the_fields_is_believed() -> None:
    assert hints(UPDATE | {"Fields": {"id": 1, "Id": 2, "Action": "Deactivated"}}) == [Hint("ticket:128926")]


def test_the_spelling_of_the_names_does_not_matter() -> None:
    assert hints({name.lower(): value for name, value in UPDATE.items()}) == [Hint("ticket:128926")]


@pytest.mark.parametrize(
    ("changed", "subject", "why"),
    [
        ({"Action": "Create"}, "ticket:128926", "new ticket"),
        ({"Action": "Merged"}, "ticket:128926", "updates and deletions"),
        ({"EntityType": "TicketNote"}, "ticketnote:128926", "Only tickets"),
        ({"EntityType": "Account", "Action": "Delete"}, "account:128926", "Only tickets"),
    ],
)
def test_what_is_not_followed_is_ignored_with_a_reason(changed: dict[str, Any], subject: str, why: str) -> None:
    (hint,) = hints(UPDATE | changed)
    assert hint.subject == subject
    assert why in hint.ignored
    assert not hint.trouble


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"7", "not a JSON object"),
        (b"{}", "does not say what happened"),
        (b"{" * 100_000, "not JSON"),
        (UPDATE | {"Action": 7}, "does not say what happened"),
        (UPDATE | {"EntityType": None}, "does not say what happened"),
        *((UPDATE | {"Id": given}, "names no record") for given in (None, True, 0, -1, 1.5, "x", "", "٣", 2**63, [1])),
    ],
)
def test_what_names_no_ticket_is_refused_with_a_sentence(body: Any, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        hints(body)


def test_a_switched_off_webhook_is_trouble_with_what_to_do() -> None:
    (hint,) = hints({"Action": "Deactivated", "Guid": UPDATE["Guid"], "EventTime": UPDATE["EventTime"]})
    assert hint == Hint("webhook", trouble=SWITCHED_OFF)
    assert "isActive to true" in hint.trouble


@pytest.mark.parametrize("body", [b"", b"off", b"[]", b"{}", b'{"Guid": "x"}', {"Action": "Deleted", "Id": 3}])
def test_whatever_comes_to_the_other_address_says_that_it_is_off(body: Any) -> None:
    assert hints(body, event="deactivated") == [Hint("webhook", trouble=SWITCHED_OFF)]


def test_an_ordinary_call_to_the_other_address_is_an_ordinary_call() -> None:
    assert hints(UPDATE, event="deactivated") == [Hint("ticket:128926")]


_leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_member = st.sampled_from([*UPDATE, "id", "Ticket", "Update", "Deactivated"])
_bodies = st.binary(max_size=200) | st.dictionaries(_member, _leaf | _member, max_size=8).map(
    lambda value: json.dumps(value).encode()
)


@seed(93 + SEED)
@settings(max_examples=150, deadline=None, database=None)
@given(_bodies, st.sampled_from(["ticket", "deactivated"]))
def test_any_body_is_one_hint_or_unreadable(body: bytes, event: str) -> None:
    try:
        (hint,) = hints(body, event=event)
    except Unreadable:
        return
    kind, _, number = hint.subject.partition(":")
    assert hint.trouble if kind == "webhook" else 0 < int(number) < 2**63


# --- setting it up ----------------------------------------------------------------------------------------------------


def steps() -> list[str]:
    made = WEBHOOKS.instructions(lambda event: f"https://portal.example/webhooks/elite/psa/{event}")
    assert all(step.title and step.text for step in made)
    return [step.code for step in made if step.code]


def test_the_set_up_names_both_addresses_the_exclusion_and_the_limits() -> None:
    made = WEBHOOKS.instructions(lambda event: f"https://portal.example/webhooks/elite/psa/{event}")
    text = " ".join(f"{step.text} {step.code}" for step in made)
    for needed in (
        *("/webhooks/elite/psa/ticket", "/webhooks/elite/psa/deactivated", "Can create WebHooks", "ExcludedResources"),
        *("up to 64", "25 failed", "five times", "ten seconds", "One after the other", "isReady"),
    ):
        assert needed in text


@pytest.mark.skipif(shutil.which("bash") is None, reason="the steps are for a shell")
def test_what_is_pasted_is_what_autotask_would_be_sent() -> None:
    _, variables, create, *_ = steps()
    say = variables.partition("autotask()")[0].replace("WEBHOOK_SECRET='…'", "WEBHOOK_SECRET='a-secret'")
    script = f"""{say}
autotask() {{ printf '%s' "$3"; }}
{create}"""
    said = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=20, check=True).stdout
    body = json.loads(said)
    assert body["secretKey"] == "a-secret"
    assert (body["webhookUrl"], body["deactivationUrl"]) == (
        "https://portal.example/webhooks/elite/psa/ticket",
        "https://portal.example/webhooks/elite/psa/deactivated",
    )
    assert [body[f"isSubscribedTo{act}Events"] for act in ("Create", "Update", "Delete")] == [False, True, True]
