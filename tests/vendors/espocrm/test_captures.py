"""What a real EspoCRM 9.3.10 answered is understood; each test replays recorded answers to the client."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.transport.errors import (
    ConfigurationError,
    NotFoundError,
    RejectedError,
    UnknownOutcomeError,
    VendorError,
)
from integrations.vendors.espocrm.answers import Duplicate, Invalid, NotAllowed
from integrations.vendors.espocrm.api import EspocrmApi
from integrations.vendors.espocrm.schemas import Email, Party, Phone
from integrations.vendors.espocrm.webhooks import WEBHOOKS, is_signed
from integrations.vendors.webhooks import Received

from .saying import ROOT, Recorded, capture, exchanges, saying

ERIKA = "6b0255e5275bd7d6f"
ENTITY = f"{ROOT}CBeteiligte"


def asked(recorded: Recorded) -> list[str]:
    return [f"{request.method} {request.path}" for request in recorded.asked]


def of(name: str) -> list[str]:
    """Which calls were recorded, without their queries."""
    return [f"{one['request']['method']} {one['request']['path'].partition('?')[0]}" for one in exchanges(name)]


def shown(party: Party) -> list[tuple[Any, ...]]:
    emails = [(one.address, one.primary, one.opt_out, one.invalid) for one in party.emails]
    return [*emails, *((one.number, one.type, one.primary, one.opt_out, one.invalid) for one in party.phones)]


OFFICE = ("+49309876543", "Office", True, False, False)
MOBILE = ("+491709876543", "Mobile", False, False, False)


def test_a_new_party_is_read_back_with_every_flag() -> None:
    recorded = Recorded(exchanges("01_create_then_get"))
    emails = [
        Email(address="Erika@Example.com", primary=True),
        Email(address="erika.privat@example.org", opt_out=True),
    ]
    phones = [
        Phone(number="+49 30 9876543", type="Office", primary=True),
        Phone(number="+49 (0)170 / 98 76-543", type="Mobile"),
    ]
    fields = {"firstName": "Erika", "lastName": "Musterfrau", "betnr": 20001}
    with saying(recorded) as (_, api):
        party = api.create_party(fields, emails=emails, phones=phones, skip_duplicate_check=True)
    assert asked(recorded) == of("01_create_then_get")
    assert recorded.asked[0].headers["x-skip-duplicate-check"] == "true"
    body, wanted = json.loads(recorded.asked[0].body), exchanges("01_create_then_get")[0]["request"]["body"]
    assert {name: value for name, value in body.items() if name in fields} == fields
    for ours, theirs in zip(body["phoneNumberData"], wanted["phoneNumberData"], strict=True):
        assert {name: ours[name] for name in theirs} == theirs
    assert (party.id, party.number, party.name, party.version) == (ERIKA, 20001, "Erika Musterfrau", None)
    assert party.modified_at == datetime(2026, 11, 22, 2, 39, 33, tzinfo=UTC)
    assert (party.modified_by, party.fields["advowareRowId"], party.fields["teamsIds"]) == ("", None, [])
    assert shown(party) == [
        ("Erika@Example.com", True, False, False),
        ("erika.privat@example.org", False, True, False),
        OFFICE,
        MOBILE,
    ]


def test_after_a_write_of_addresses_only_the_read_counts() -> None:
    recorded = Recorded(exchanges("02_put_email_arrays"))
    seen: list[list[tuple[str, bool]]] = []
    with saying(recorded) as (_, api):
        for texts in (["neu"], ["a", "b"], ["c", "d"], ["dup"], []):
            emails = [Email(address=f"{text}@example.com", primary=text == texts[0]) for text in texts]
            party = api.update_party(ERIKA, emails=emails)
            seen.append([(one.address, one.primary) for one in party.emails])
            assert shown(party)[-2:] == [OFFICE, MOBILE]
    assert asked(recorded) == of("02_put_email_arrays")
    assert seen == [
        [("neu@example.com", True)],
        [("b@example.com", True), ("a@example.com", False)],
        [("c@example.com", True), ("d@example.com", False)],
        [("DUP@example.com", False)],
        [],
    ]


def test_after_a_write_of_numbers_types_are_filled_in_and_spellings_are_gone() -> None:
    recorded = Recorded(exchanges("03_put_phone_arrays"))
    with saying(recorded) as (_, api):
        first, second, third = (
            api.update_party(ERIKA, phones=[Phone(number="+4930", type="Office", primary=True)]) for _ in range(3)
        )
    assert asked(recorded) == of("03_put_phone_arrays")
    assert [(one.number[-1], one.type, one.primary) for one in first.phones] == [
        ("1", "Office", True),
        ("2", "Fax", False),
        ("3", "Mobile", False),
        ("4", "Home", False),
        ("5", "Other", False),
    ]
    assert shown(second) == [("+493012340006", "Mobile", True, False, False)]
    assert shown(third) == [("+49301234007", "Fax", True, False, False)]


def test_a_refused_value_is_named_by_its_field_alone() -> None:
    recorded = Recorded(exchanges("04_validation_errors"))
    acts: list[Callable[[EspocrmApi], Any]] = [
        *[lambda api: api.update_party(ERIKA, emails=[])] * 4,
        *[lambda api: api.create_party({})] * 2,
    ]
    refused: list[tuple[str, str]] = []
    with saying(recorded) as (_, api):
        for act in acts:
            with pytest.raises(Invalid, match="nothing was stored") as raised:
                act(api)
            refused.append((raised.value.field, raised.value.kind))
        with pytest.raises(UnknownOutcomeError):  # a program that died, whatever of
            api.update_party(ERIKA, emails=[])
    assert refused == [
        ("emailAddress", "emailAddress"),
        ("phoneNumber", "valid"),
        ("phoneNumber", "valid"),
        ("emailAddress", "maxCount"),
        ("lastName", "required"),
        ("betnr", "valid"),
    ]
    assert asked(recorded) == of("04_validation_errors")


def test_a_double_is_named_by_its_id_and_by_nothing_private() -> None:
    with (
        saying(Recorded(exchanges("05_duplicate_409"))) as (_, api),
        pytest.raises(Duplicate) as raised,
    ):
        api.create_party({"lastName": "Andere"})
    assert raised.value.ids == (ERIKA,)
    assert ERIKA in raised.value.message
    for private in ("Erika", "erika@example.com", "+49301234007"):
        assert private not in f"{raised.value.message} {raised.value.excerpt} {raised.value!r}"


def test_lists_say_in_each_of_their_ways_whether_more_follows() -> None:
    recorded = Recorded(exchanges("06_list"))
    # What is not asked for by name is not shown; the client asks for the time of the change.
    for one in recorded.left[1:3]:
        one["response"]["body"]["list"][0]["modifiedAt"] = "2026-11-22 02:39:33"
        one["response"]["body"]["list"][0]["betnr"] = 20001
    since = datetime(2026, 11, 1, tzinfo=UTC)
    with saying(recorded) as (_, api):
        rows, cursor = api.changed_parties(since)
        assert [row.id for row in rows] == ["6b0252a5b40a754ee", "6b02530daa8be5a13"]
        assert (rows[0].modified_at, rows[0].number) == (datetime(2026, 11, 22, 2, 25, 41, tzinfo=UTC), None)
        assert json.loads(cursor) == {"at": "2026-11-22 02:27:26", "offset": 0, "last": "6b02530daa8be5a13"}
        assert [row.id for row in api.parties_numbered(20001)] == [ERIKA]  # -1: more follow
        assert [row.number for row in api.parties_numbered(20001)] == [20001]  # -2: the last page
        with pytest.raises(RejectedError, match="Max size should not exceed 200"):
            api.changed_parties(since)
        with pytest.raises(ConfigurationError, match=r"'nosuch'.*field of the party number"):
            api.parties_numbered(1)
    query = recorded.asked[0].query
    wanted = {"where[0][type]": "greaterThanOrEquals", "where[0][attribute]": "modifiedAt", "maxSize": "200"}
    assert wanted.items() <= query.items()
    assert (query["orderBy"], query["order"], query["where[0][value]"]) == ("modifiedAt", "asc", "2026-11-01 00:00:00")
    assert recorded.asked[0].headers["x-no-total"] == "true"


ACCESS: list[tuple[type[VendorError], str, Callable[[EspocrmApi], Any]]] = [
    (ConfigurationError, "refused the API key", lambda api: api.party(ERIKA)),
    (ConfigurationError, "refused the API key", lambda api: api.party(ERIKA)),
    (NotFoundError, "the party nosuchid", lambda api: api.party("nosuchid")),
    (NotFoundError, "the party nosuchid", lambda api: api.update_party("nosuchid", {"lastName": "x"})),
    (ConfigurationError, "'NoSuchEntity' does not exist", lambda api: api.changed_parties(None)),
    (NotAllowed, "No read access", lambda api: api.changed_parties(None)),
]


@pytest.mark.parametrize("place", range(len(ACCESS)))
def test_what_is_not_there_or_not_allowed(place: int) -> None:
    error, sentence, act = ACCESS[place]
    recorded = exchanges("07_errors_auth_404")
    assert len(recorded) == len(ACCESS)
    with saying(Recorded([recorded[place]])) as (_, api), pytest.raises(error, match=sentence):
        act(api)


def test_a_value_written_for_one_party_shows_on_another() -> None:
    made_a, made_b, read_a = exchanges("08_shared_values_leak")
    answer_b = read_a["response"] | {"body": read_a["response"]["body"] | {"id": made_b["response"]["body"]["id"]}}
    with saying(Recorded([made_a, read_a, made_b, {"response": answer_b}, read_a])) as (_, api):
        first = api.create_party({"lastName": "KanzleiA"}, skip_duplicate_check=True)
        api.create_party({"lastName": "KanzleiB"}, skip_duplicate_check=True)
        again = api.party(first.id)
    assert shown(again) == [
        ("Info@Kanzlei.example.com", True, True, False),
        ("+4930555123", "Fax", True, False, False),
    ]
    assert again.modified_at == datetime(2026, 11, 22, 2, 39, 35, tzinfo=UTC)


def test_a_subscription_brings_its_secret_and_an_attribute_is_no_field() -> None:
    recorded = Recorded(exchanges("09_webhook_subscribe"))
    with saying(recorded) as (_, api):
        for event in ("CBeteiligte.fieldUpdate.phoneNumber", "CBeteiligte.update"):
            made = api.subscribe(event, "http://127.0.0.1:8299/x", skip_own=False)
            assert (made.event, made.is_active, made.skip_own) == (event, True, False)
            assert made.secret.startswith("<32 hex digits")
        with pytest.raises(NotAllowed, match="Field does not exist"):
            api.subscribe("CBeteiligte.fieldUpdate.emailAddressData", "http://127.0.0.1:8299/x")
    assert asked(recorded) == of("09_webhook_subscribe")
    assert "secretKey" not in repr(made)
    assert made.secret not in repr(made)


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("header", ["Signature", "X-Signature"])
def test_a_recorded_delivery_is_signed_over_its_bytes_and_names_its_record(place: int, header: str) -> None:
    recorded = capture("10_webhook_deliveries")
    one = recorded["deliveries"][place]
    body = one["raw_body"].encode()
    received = Received("update", {header.lower(): one["headers"][header]}, body)
    assert is_signed(received, f"another-secret {recorded['secret']}")
    assert not is_signed(received, "another-secret")
    assert not is_signed(Received("update", received.headers, body + b" "), recorded["secret"])
    hints = WEBHOOKS.parse(received)
    assert {hint.subject for hint in hints} == {"party:6b0255e826649e514"}
    assert [json.loads(hint.body) for hint in hints] == json.loads(body)
