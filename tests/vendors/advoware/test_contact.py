"""Contact data of a party: read with it, written one by one, emptied and never deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.transport.errors import (
    ConfigurationError,
    MalformedResponseError,
    NotFoundError,
    RejectedError,
    UnknownOutcomeError,
)
from integrations.vendors.advoware.answers import TooLong
from integrations.vendors.advoware.api import AdvowareApi
from integrations.vendors.advoware.kinds import KINDS, MIRRORS, mirrors_of
from integrations.vendors.advoware.schemas import moment
from integrations.vendors.advoware.simulator import CLIENT, OPPONENT

from .conftest import OpenApi
from .saying import SayingAdvoware, always, sent

PHONE, MOBILE, MAIL = 88001, 88002, 88003  # the client's first entries
WRITE: dict[str, Any] = {"tlf": "0511 99", "bemerkung": "[ESPOCRM:MDUxMSA5OQ==:1] Zentrale", "online": True}


def test_a_party_is_read_with_its_contact_data_and_without_their_kinds(
    advoware: SayingAdvoware, api: AdvowareApi
) -> None:
    party = api.party(CLIENT)
    assert (party.betnr, len(party.row_id)) == (CLIENT, 40)
    assert [(one.id, one.tlf, one.bemerkung, one.komm_kz, one.online) for one in party.kommunikation] == [
        (PHONE, "0511/12345-60", "", 0, False),
        (MOBILE, "0170 5550123", "nur abends", 0, False),
        (MAIL, "rosa@lindqvist.example.com", "", 0, False),
    ]
    assert len({one.row_id for one in party.kommunikation}) == 3
    assert sent(advoware) == [f"GET Beteiligte/{CLIENT}"]


def test_the_partys_own_fields_tell_the_kind_of_the_first_value_of_each(api: AdvowareApi) -> None:
    assert api.party(CLIENT).mirrors == {1: "0511/12345-60", 3: "0170 5550123", 4: "rosa@lindqvist.example.com"}


def test_which_fields_those_are_is_a_setting_in_any_spelling(open_api: OpenApi) -> None:
    settings = {"mirror_fields": "MOBIL = 3, nothing=9"}
    assert open_api(settings=settings).party(CLIENT).mirrors == {3: "0170 5550123"}


@pytest.mark.parametrize("text", ["mobil", "mobil=13", "mobil=x", "=3", "mobil=3; tel=1"])
def test_a_field_without_a_kind_is_named(open_api: OpenApi, text: str) -> None:
    with pytest.raises(ConfigurationError, match="under Fields of the party"):
        open_api(settings={"mirror_fields": text}).party(CLIENT)


def test_every_kind_has_one_field_by_default() -> None:
    assert sorted(mirrors_of("").values()) == sorted(KINDS) == list(range(1, 13))
    assert mirrors_of(MIRRORS) == mirrors_of("")


def test_a_party_without_contact_data_has_none(api: AdvowareApi) -> None:
    assert api.party(OPPONENT).kommunikation == ()


def test_a_list_of_one_party_is_that_party(advoware: SayingAdvoware, api: AdvowareApi) -> None:
    advoware.wraps_party = True
    assert len(api.party(CLIENT).kommunikation) == 3


def test_a_vendor_that_repairs_its_bug_is_believed(advoware: SayingAdvoware, api: AdvowareApi) -> None:
    advoware.read_kind = True
    assert [one.komm_kz for one in api.party(CLIENT).kommunikation] == [1, 3, 4]


def test_neither_repr_shows_contact_data(api: AdvowareApi) -> None:
    shown = repr(api.party(CLIENT))
    for private in ("0511", "0170", "rosa", "abends"):
        assert private not in shown


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-07-01T12:00:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-01-01T12:00:00.1234567", datetime(2026, 1, 1, 11, 0, 0, 123456, tzinfo=UTC)),
        ("2026-01-01T12:00:00Z", datetime(2026, 1, 1, 12, tzinfo=UTC)),
        ("2026-01-01T12:00:00+02:00", datetime(2026, 1, 1, 10, tzinfo=UTC)),
        ("0001-01-01T00:00:00", None),
        ("gestern", None),
        (None, None),
        (7, None),
    ],
)
def test_a_time_without_a_zone_is_the_firms_own(said: Any, meant: datetime | None) -> None:
    assert moment(said) == meant


# --- what is no answer ------------------------------------------------------------------------------------------------

GOOD = {"betNr": CLIENT, "rowId": "A" * 40, "kommunikation": []}
ENTRY = {"id": 1, "rowId": "B" * 40, "tlf": "1"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Anmeldung</html>",
        [],
        [GOOD, GOOD],
        {},
        {"betNr": CLIENT},
        GOOD | {"betNr": OPPONENT},
        GOOD | {"betNr": str(CLIENT)},
        GOOD | {"kommunikation": None},
        GOOD | {"kommunikation": {}},
        GOOD | {"kommunikation": [None]},
        GOOD | {"kommunikation": [ENTRY | {"id": 0}]},
        GOOD | {"kommunikation": [ENTRY | {"id": 2**63}]},
        GOOD | {"kommunikation": [ENTRY | {"rowId": ""}]},
        GOOD | {"kommunikation": [ENTRY | {"tlf": 5}]},
        GOOD | {"kommunikation": [ENTRY | {"betNr": OPPONENT}]},
        GOOD | {"kommunikation": [ENTRY, ENTRY]},
    ],
)
def test_what_is_no_party_is_never_taken_for_one_without_contact_data(
    advoware: SayingAdvoware, api: AdvowareApi, body: Any
) -> None:
    advoware.change = always(body)
    with pytest.raises(MalformedResponseError) as raised:
        api.party(CLIENT)
    assert raised.value.excerpt == ""


def test_null_where_a_list_should_be_is_not_taken_for_none(advoware: SayingAdvoware, api: AdvowareApi) -> None:
    advoware.null_for_none = True
    with pytest.raises(MalformedResponseError, match="kommunikation"):
        api.party(OPPONENT)


def test_other_spellings_of_names_and_odd_values_are_understood(advoware: SayingAdvoware, api: AdvowareApi) -> None:
    entry = {"ID": 1, "rowid": "B" * 40, "TLF": None, "bemerkung": "a\x00b", "kommKz": None, "online": None, "more": 1}
    advoware.change = always({"BETNR": CLIENT, "kommunikation": [entry]})
    (found,) = api.party(CLIENT).kommunikation
    assert (found.tlf, found.bemerkung, found.komm_kz, found.online) == ("", "a\ufffdb", 0, False)


# --- writing ----------------------------------------------------------------------------------------------------------


def test_a_new_entry_is_stored_with_its_kind(advoware: SayingAdvoware, api: AdvowareApi) -> None:
    made = api.create_kommunikation(CLIENT, komm_kz=12, **WRITE)
    stored = advoware.data.entries[made.id]
    assert {name: stored[name] for name in ("tlf", "bemerkung", "online", "kommKz")} == WRITE | {"kommKz": 12}
    assert (made.tlf, made.row_id, made.komm_kz) == ("0511 99", stored["rowId"], 0)
    assert sent(advoware) == [f"POST Beteiligte/{CLIENT}/Kommunikationen"]


def test_a_change_sends_the_three_fields_that_can_be_set_and_no_other(
    advoware: SayingAdvoware, api: AdvowareApi
) -> None:
    before = api.party(CLIENT)
    changed = api.update_kommunikation(CLIENT, MAIL, **WRITE)
    after = api.party(CLIENT)
    assert changed is not None
    assert (changed.id, changed.tlf, changed.bemerkung, changed.online) == (MAIL, *WRITE.values())
    assert advoware.data.entries[MAIL]["kommKz"] == 4
    (put,) = [call for call in advoware.calls if call.method == "PUT"]
    assert put.body == '{"tlf": "0511 99", "bemerkung": "[ESPOCRM:MDUxMSA5OQ==:1] Zentrale", "online": true}'
    moved = [a.id for a, b in zip(before.kommunikation, after.kommunikation, strict=True) if a.row_id != b.row_id]
    assert (moved, after.row_id, after.changed_at) == ([MAIL], before.row_id, before.changed_at)


def test_an_emptied_entry_stays_where_it_is(advoware: SayingAdvoware, api: AdvowareApi) -> None:
    api.update_kommunikation(CLIENT, MAIL, tlf="", bemerkung="[ESPOCRM-SLOT:4]", online=False)
    party = api.party(CLIENT)
    assert (party.kommunikation[2].id, party.kommunikation[2].tlf) == (MAIL, "")
    assert 4 not in party.mirrors


def test_nothing_can_be_deleted(api: AdvowareApi) -> None:
    assert not [name for name in dir(api) if "delete" in name or "remove" in name]


@pytest.mark.parametrize("answer", ["object", "array"])
@pytest.mark.parametrize("tells", [True, False])
def test_either_shape_of_an_answer_to_a_write_is_understood(
    advoware: SayingAdvoware, api: AdvowareApi, answer: str, tells: bool
) -> None:
    advoware.write_answer, advoware.written_kind = answer, tells
    made = api.create_kommunikation(CLIENT, komm_kz=8, **WRITE)
    changed = api.update_kommunikation(CLIENT, made.id, **WRITE)
    assert (made.komm_kz, changed is not None and changed.komm_kz) == ((8, 8) if tells else (0, 0))


def test_an_answer_to_a_write_that_tells_the_id_alone_is_enough(advoware: SayingAdvoware, api: AdvowareApi) -> None:
    advoware.change = always({"id": 88004})
    assert api.create_kommunikation(CLIENT, komm_kz=1, **WRITE).id == 88004


def test_an_empty_answer_is_enough_for_a_change_and_too_little_for_a_new_entry(
    advoware: SayingAdvoware, api: AdvowareApi
) -> None:
    advoware.write_answer = "empty"
    assert api.update_kommunikation(CLIENT, MAIL, **WRITE) is None
    assert advoware.data.entries[MAIL]["tlf"] == "0511 99"
    with pytest.raises(UnknownOutcomeError):
        api.create_kommunikation(CLIENT, komm_kz=1, **WRITE)
    assert len(advoware.data.entries_of(CLIENT)) == 4


def test_a_text_that_advoware_might_cut_is_not_sent(advoware: SayingAdvoware, open_api: OpenApi) -> None:
    api = open_api(settings={"longest_text": "30"})
    with pytest.raises(TooLong, match=r"The remark has 33 characters\. The connection allows 30"):
        api.update_kommunikation(CLIENT, MAIL, **WRITE)
    with pytest.raises(TooLong, match="The value has 31 characters"):
        api.create_kommunikation(CLIENT, tlf="0" * 31, komm_kz=1, bemerkung="", online=True)
    assert sent(advoware) == []


def test_what_advoware_cut_shows_in_the_answer(advoware: SayingAdvoware, api: AdvowareApi) -> None:
    advoware.longest_text = 5
    assert api.create_kommunikation(CLIENT, komm_kz=1, **WRITE).tlf == "0511 "


@pytest.mark.parametrize(("kind", "value"), [(0, "1"), (13, "1"), (1, ""), (1, "  ")])
def test_a_new_entry_without_kind_or_value_is_an_error_of_the_program(
    advoware: SayingAdvoware, api: AdvowareApi, kind: int, value: str
) -> None:
    with pytest.raises(ValueError, match="kind from 1 to 12 and a value"):
        api.create_kommunikation(CLIENT, tlf=value, komm_kz=kind, bemerkung="", online=True)
    assert sent(advoware) == []


def test_what_is_not_there_is_named(advoware: SayingAdvoware, api: AdvowareApi) -> None:
    with pytest.raises(NotFoundError, match="does not have party 5"):
        api.party(5)
    with pytest.raises(NotFoundError, match="does not have party 5"):
        api.create_kommunikation(5, komm_kz=1, **WRITE)
    with pytest.raises(NotFoundError, match=f"does not have Kommunikation {MAIL} of party {OPPONENT}"):
        api.update_kommunikation(OPPONENT, MAIL, **WRITE)


@pytest.mark.parametrize("shape", ["text", "message", "problem"])
def test_a_refused_write_says_why_and_changed_nothing(advoware: SayingAdvoware, api: AdvowareApi, shape: str) -> None:
    advoware.refusal, advoware.errors_as = "Die Telefonnummer ist ungültig.", shape
    with pytest.raises(RejectedError, match=r"Advoware: Die Telefonnummer ist ungültig\."):
        api.update_kommunikation(CLIENT, MAIL, **WRITE)
    assert not [call for call in advoware.calls if call.committed]


def test_the_path_of_the_api_is_a_setting(advoware: SayingAdvoware, open_api: OpenApi) -> None:
    assert open_api(settings={"api_path": "api/v1/advonet/"}).party(CLIENT).betnr == CLIENT
    with pytest.raises(NotFoundError):
        open_api(settings={"api_path": "/api/v1"}).party(CLIENT)
