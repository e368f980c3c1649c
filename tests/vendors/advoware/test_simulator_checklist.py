"""The simulator at the wire: what the fact sheet's checklist (section 10) asks of it, line by line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.vendors.advoware.simulator import CLIENT, OPPONENT

from .conftest import API, ENTRIES, Wire
from .saying import SayingAdvoware

PHONE, MOBILE, MAIL = 88001, 88002, 88003
NEW = {"tlf": "030 1", "kommKz": 9, "bemerkung": "Wagen", "online": True}
CONFIGURATOR = "/AdvonetConfigurator/api/Url"


# 1. configurator


@pytest.mark.parametrize("said", ["null", "absent", "set"])
def test_the_configurator_knows_three_ways_to_speak_of_a_connector(
    advoware: SayingAdvoware, wire: Wire, said: str
) -> None:
    wire.do("switch", name="connector", value=said)
    found = wire("GET", f"{CONFIGURATOR}?Kanzlei=MUSTER").json
    connector: dict[str, Any] = {
        "null": {"connectorUrl": None},
        "absent": {},
        "set": {"connectorUrl": f"{advoware.connector_url}/"},
    }
    assert found == {"relayUrl": f"{advoware.api_url}/", "securityGateway": f"{advoware.url}/"} | connector[said]


def test_a_firm_in_another_spelling_is_unknown(wire: Wire) -> None:
    for path in (CONFIGURATOR, f"{CONFIGURATOR}?Kanzlei=muster"):
        assert wire("GET", path).status == 404


def test_where_a_connector_is_set_the_relay_is_closed(advoware: SayingAdvoware, wire: Wire) -> None:
    assert wire.api("GET", f"/Beteiligte/{CLIENT}", root=advoware.connector_url).status == 404
    assert wire.do("move") == advoware.connector_url
    assert wire.api("GET", f"/Beteiligte/{CLIENT}").status == 404
    assert wire.api("GET", f"/Beteiligte/{CLIENT}", root=advoware.connector_url).status == 200


def test_each_host_has_its_own_paths(advoware: SayingAdvoware, wire: Wire) -> None:
    assert wire("GET", f"{CONFIGURATOR}?Kanzlei=MUSTER", root=advoware.api_url).status == 404
    assert wire("POST", "/api/v1/Token", {}, root=advoware.api_url).status == 404
    assert wire.api("GET", f"/Beteiligte/{CLIENT}", root=advoware.url).status == 404


# 2. token


def test_a_token_comes_with_its_end_in_seven_digits(wire: Wire) -> None:
    given = wire.login().json
    assert set(given) == {"access_token", "expiration_utc"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z", given["expiration_utc"])
    ends = datetime.fromisoformat(given["expiration_utc"])
    assert abs(ends - datetime.now(UTC) - timedelta(hours=1)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"HMAC512Signature": "AAAA"}, "Signatur"),
        ({"Product": 1}, "freigeschaltet"),
        ({"Product": "64"}, "freigeschaltet"),
        ({"AppID": "other"}, "freigeschaltet"),
        ({"Kanzlei": "other"}, "nicht registriert"),
        ({"Database": "other"}, "nicht registriert"),
        ({"User": "other"}, "falsches Kennwort"),
        ({"Password": "other"}, "falsches Kennwort"),
    ],
)
def test_a_login_is_checked_over_its_literal_strings(wire: Wire, given: dict[str, Any], sentence: str) -> None:
    seen = wire.login(**given)
    assert (seen.status, sentence in seen.text) == (401, True), seen.text


@pytest.mark.parametrize("stamp", ["2026-11-26T07:00:00.1234567Z", "2026-11-26T07:00:00+0000", "anything"])
def test_any_writing_of_the_time_is_taken_as_long_as_it_is_what_was_signed(wire: Wire, stamp: str) -> None:
    assert wire.login(RequestTimeStamp=stamp).status == 200


@pytest.mark.parametrize("missing", ["AppID", "Role", "Nonce", "RequestTimeStamp"])
def test_a_login_without_a_member_is_refused(wire: Wire, missing: str) -> None:
    assert wire("POST", "/api/v1/Token", {"Password": "x"}).status == 400
    complete = {"AppID": "a", "Kanzlei": "k", "Database": "d", "User": "u", "Role": 2, "Product": 64, "Password": "p"}
    complete |= {"Nonce": "n", "HMAC512Signature": "s", "RequestTimeStamp": "t"}
    del complete[missing]
    assert wire("POST", "/api/v1/Token", complete).status == 400


def test_a_nonce_counts_once_unless_told_otherwise(wire: Wire) -> None:
    assert [wire.login(Nonce="abc").status for _ in range(2)] == [200, 401]
    wire.do("switch", name="nonce_once", value=False)
    assert wire.login(Nonce="abc").status == 200


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("text", "Falscher Name oder falsches Kennwort."),
        ("message", '{"message": "Falscher Name oder falsches Kennwort."}'),
        (
            "problem",
            '{"type": "about:blank", "title": "Falscher Name oder falsches Kennwort.", "status": 403}',
        ),
    ],
)
def test_a_refusal_has_the_shape_and_status_that_were_chosen(wire: Wire, shape: str, body: str) -> None:
    wire.do("switch", name="errors_as", value=shape)
    wire.do("switch", name="login_status", value=403)
    seen = wire.login(Password="x")
    assert (seen.status, seen.text) == (403, body)


def test_a_firm_that_is_not_signed_in_refuses_logins_and_calls(wire: Wire) -> None:
    token = wire.login().json["access_token"]
    wire.do("switch", name="is_online", value=False)
    assert "ist nicht angemeldet" in wire.login().text
    assert "ist nicht angemeldet" in wire.api("GET", f"/Beteiligte/{CLIENT}", token=token).text


# 3. bearer


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer other", "Basic {token}", "{token}"])
def test_every_call_needs_a_token(advoware: SayingAdvoware, wire: Wire, header: str) -> None:
    token = wire.login().json["access_token"]
    headers = {"Authorization": header.format(token=token)} if header else {}
    for method, path in (("GET", f"/Beteiligte/{CLIENT}"), ("POST", ENTRIES), ("GET", "/nothing")):
        assert wire(method, API + path, {}, headers=headers, root=advoware.api_url).status == 401


def test_a_token_ends_by_the_vendors_clock(wire: Wire) -> None:
    wire.do("switch", name="token_minutes", value=5.0)
    token = wire.login().json["access_token"]
    wire.do("pass_minutes", minutes=4.9)
    assert wire.api("GET", f"/Beteiligte/{CLIENT}", token=token).status == 200
    wire.do("pass_minutes", minutes=0.2)
    assert wire.api("GET", f"/Beteiligte/{CLIENT}", token=token).status == 401


# 4. reading a party


def test_a_party_shows_its_contact_data_with_kommkz_0(wire: Wire) -> None:
    found = wire.api("GET", f"/Beteiligte/{CLIENT}").json
    assert (found["betNr"], found["name"], found["mobil"], found["telPrivat"]) == (
        CLIENT,
        "Lindqvist",
        "0170 5550123",
        None,
    )
    first = found["kommunikation"][0]
    assert set(first) == {"id", "betNr", "rowId", "kommArt", "kommKz", "tlf", "bemerkung", "online"}
    assert [one["kommKz"] for one in found["kommunikation"]] == [0, 0, 0]
    assert len({one["kommArt"] for one in found["kommunikation"]}) == 3


def test_a_field_of_the_party_repeats_the_first_value_that_is_not_empty(wire: Wire) -> None:
    wire.do("new_entry", betnr=CLIENT, tlf="second", komm_kz=3)
    assert wire.api("GET", f"/Beteiligte/{CLIENT}").json["mobil"] == "0170 5550123"
    wire.do("edit_entry", entry=MOBILE, tlf="")
    assert wire.api("GET", f"/Beteiligte/{CLIENT}").json["mobil"] == "second"


@pytest.mark.parametrize("path", ["/Beteiligte/5", "/Beteiligte", "/Beteiligte/x", "/Kommunikationen", "/Akten"])
def test_what_nobody_describes_is_not_there(wire: Wire, path: str) -> None:
    assert wire.api("GET", path).status == 404


@pytest.mark.parametrize("path", [ENTRIES, f"{ENTRIES}/{MAIL}"])
def test_contact_data_is_not_read_by_itself(wire: Wire, path: str) -> None:
    assert wire.api("GET", path).status == 405


# 5. POST


@pytest.mark.parametrize("kind", range(1, 13))
def test_every_kind_can_be_made(advoware: SayingAdvoware, wire: Wire, kind: int) -> None:
    seen = wire.api("POST", ENTRIES, NEW | {"kommKz": kind})
    assert (seen.status, seen.json["kommKz"]) == (201, 0)
    assert advoware.data.entries[seen.json["id"]]["kommKz"] == kind


@pytest.mark.parametrize(
    "change",
    [
        *({"tlf": value} for value in (None, 5)),
        *({"kommKz": value} for value in (None, 0, 13, "1", True)),
        {"online": "true"},
        {"bemerkung": 5},
    ],
)
def test_an_entry_that_lacks_something_is_refused(advoware: SayingAdvoware, wire: Wire, change: Any) -> None:
    assert wire.api("POST", ENTRIES, NEW | change).status == 400
    assert len(advoware.data.entries) == 3


def test_value_and_kind_are_enough_and_an_empty_value_is_a_switch(wire: Wire) -> None:
    assert wire.api("POST", ENTRIES, {"tlf": "1", "kommKz": 1}).json["bemerkung"] is None
    assert wire.api("POST", ENTRIES, {"tlf": "", "kommKz": 1}).status == 201
    wire.do("switch", name="empty_post", value=False)
    assert wire.api("POST", ENTRIES, {"tlf": "", "kommKz": 1}).status == 400


# 6. PUT


def test_a_put_keeps_id_and_kind_gives_a_new_rowid_and_leaves_the_party_alone(wire: Wire) -> None:
    before = wire.api("GET", f"/Beteiligte/{CLIENT}").json
    seen = wire.api("PUT", f"{ENTRIES}/{MAIL}", {"tlf": "x@example.com", "kommKz": 12})
    after = wire.api("GET", f"/Beteiligte/{CLIENT}").json
    assert (seen.status, seen.json["id"]) == (200, MAIL)
    assert after["emailGesch"] == "x@example.com"
    assert [a["rowId"] == b["rowId"] for a, b in zip(before["kommunikation"], after["kommunikation"], strict=True)] == [
        True,
        True,
        False,
    ]
    assert (before["rowId"], before["geaendertAm"]) == (after["rowId"], after["geaendertAm"])


def test_a_put_that_changes_nothing_gives_a_new_rowid_too(wire: Wire) -> None:
    seen = [wire.api("PUT", f"{ENTRIES}/{PHONE}", {"tlf": "0511/12345-60"}).json["rowId"] for _ in range(3)]
    assert len(set(seen)) == 3


def test_another_kind_in_a_put_may_be_refused(wire: Wire) -> None:
    wire.do("switch", name="other_kind", value="refuse")
    assert wire.api("PUT", f"{ENTRIES}/{MAIL}", {"tlf": "x", "kommKz": 4}).status == 200
    assert wire.api("PUT", f"{ENTRIES}/{MAIL}", {"tlf": "x", "kommKz": 8}).status == 400


@pytest.mark.parametrize(("switch", "kept"), [("keep", ("nur abends", False)), ("clear", (None, False))])
def test_what_is_left_out_of_a_put_is_a_switch(wire: Wire, switch: str, kept: tuple[Any, ...]) -> None:
    wire.do("switch", name="left_out", value=switch)
    seen = wire.api("PUT", f"{ENTRIES}/{MOBILE}", {"tlf": "0170 1"}).json
    assert (seen["bemerkung"], seen["online"]) == kept


def test_the_partys_time_moves_with_its_entries_where_that_is_chosen(advoware: SayingAdvoware, wire: Wire) -> None:
    wire.do("switch", name="entry_touches_party", value=True)
    party = advoware.data.parties[CLIENT]
    before = dict(party)
    wire.do("pass_minutes", minutes=1.0)
    wire.api("PUT", f"{ENTRIES}/{MAIL}", {"tlf": "x"})
    assert (party["rowId"], party["geaendertAm"] > before["geaendertAm"]) == (before["rowId"], True)


@pytest.mark.parametrize("path", [f"/Beteiligte/{OPPONENT}/Kommunikationen/{MAIL}", f"{ENTRIES}/5"])
def test_an_entry_is_found_below_its_own_party_alone(wire: Wire, path: str) -> None:
    assert wire.api("PUT", path, {"tlf": "x"}).status == 404


# 7. the party itself


def test_a_put_of_the_party_moves_its_own_rowid_alone(wire: Wire) -> None:
    before = wire.api("GET", f"/Beteiligte/{CLIENT}").json
    assert wire.api("PUT", f"/Beteiligte/{CLIENT}", {"name": "Lind", "mobil": "ignored"}).status == 200
    after = wire.api("GET", f"/Beteiligte/{CLIENT}").json
    assert (after["name"], after["mobil"]) == ("Lind", before["mobil"])
    assert after["rowId"] != before["rowId"]
    assert after["kommunikation"] == before["kommunikation"]


# 8. DELETE


def test_nothing_is_ever_deleted(wire: Wire) -> None:
    before = wire.entries()
    assert wire.api("DELETE", f"{ENTRIES}/{MAIL}").status == 403
    assert wire.entries() == before


# 9. rowId


def test_a_rowid_is_40_capital_letters_and_never_comes_again(wire: Wire) -> None:
    token = wire.login().json["access_token"]
    seen = [
        wire.api("PUT", f"{ENTRIES}/{MAIL}", {"tlf": str(number)}, token=token).json["rowId"] for number in range(50)
    ]
    assert len(set(seen)) == 50
    assert all(re.fullmatch(r"[A-Z]{40}", one) for one in seen)


# 10. what people do


def test_people_may_do_what_the_api_may_not(wire: Wire) -> None:
    before = {one["id"]: one["rowId"] for one in wire.entries()}
    wire.do("edit_entry", entry=MAIL, komm_kz=8, bemerkung="[ESPOCRM:eA==:4] privat", online=True)
    wire.do("delete_entry", entry=PHONE)
    made = wire.do("new_entry", betnr=CLIENT, tlf="0511 7", komm_kz=2, bemerkung="Fax")
    found = wire.api("GET", f"/Beteiligte/{CLIENT}").json
    assert (found["email"], found["emailGesch"], found["faxGesch"]) == ("rosa@lindqvist.example.com", None, "0511 7")
    assert [one["id"] for one in found["kommunikation"]] == [MOBILE, MAIL, made]
    assert found["kommunikation"][0]["rowId"] == before[MOBILE]
    assert found["kommunikation"][1]["rowId"] != before[MAIL]


def test_a_slot_is_filled_again_by_somebody(wire: Wire) -> None:
    wire.api("PUT", f"{ENTRIES}/{MAIL}", {"tlf": "", "bemerkung": "[ESPOCRM-SLOT:4]", "online": False})
    wire.do("edit_entry", entry=MAIL, tlf="new@example.com")
    slot = wire.entries()[2]
    assert (slot["tlf"], slot["bemerkung"]) == ("new@example.com", "[ESPOCRM-SLOT:4]")


def test_parties_come_and_go(wire: Wire) -> None:
    number = wire.do("new_party", name="Neu", vorname="Nora")
    wire.do("edit_party", betnr=number, name="Neuer")
    assert wire.api("GET", f"/Beteiligte/{number}").json["name"] == "Neuer"
    assert wire.do("new_party", name="Mit Nummer", betnr=200000) == 200000
    wire.do("delete_party", betnr=CLIENT)
    assert wire.api("GET", f"/Beteiligte/{CLIENT}").status == 404


# 11. and 12. shapes, and time


@pytest.mark.parametrize(("shape", "kind"), [("object", dict), ("array", list)])
def test_the_shape_of_an_answer_to_a_write_is_a_switch(wire: Wire, shape: str, kind: type) -> None:
    wire.do("switch", name="write_answer", value=shape)
    assert isinstance(wire.api("POST", ENTRIES, NEW).json, kind)
    wire.do("switch", name="write_answer", value="empty")
    assert wire.api("PUT", f"{ENTRIES}/{MAIL}", {"tlf": "x"}).body == b""


def test_long_texts_are_cut_without_a_word_where_that_is_chosen(wire: Wire) -> None:
    wire.do("switch", name="longest_text", value=10)
    seen = wire.api("POST", ENTRIES, NEW | {"bemerkung": "[ESPOCRM:MDMwIDE=:9]"})
    assert (seen.status, seen.json["bemerkung"]) == (201, "[ESPOCRM:M")


def test_a_slow_firm_is_slow(wire: Wire) -> None:
    wire.do("switch", name="delay", value=0.05)
    started = datetime.now(UTC)
    wire.api("GET", f"/Beteiligte/{CLIENT}")
    assert datetime.now(UTC) - started > timedelta(seconds=0.1)
