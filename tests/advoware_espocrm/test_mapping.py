"""What an entry is, what its remark says, and when two values are the same one."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.advoware_espocrm.mapping import (
    KINDS,
    NEW_EMAIL,
    NEW_PHONE,
    Guess,
    Mirrors,
    Remark,
    Unsendable,
    for_espocrm,
    marked,
    normal,
    plain,
    read_remark,
    slot,
    told,
)
from tests.advoware_espocrm.building import MAIL, PHONE

# --- kinds ------------------------------------------------------------------------------------------------------------


def test_every_kind_of_the_source_is_there() -> None:
    assert [(number, kind.name, kind.channel, kind.type) for number, kind in KINDS.items()] == [
        (1, "TelGesch", PHONE, "Office"),
        (2, "FaxGesch", PHONE, "Fax"),
        (3, "Mobil", PHONE, "Mobile"),
        (4, "MailGesch", MAIL, ""),
        (5, "Internet", None, ""),
        (6, "TelPrivat", PHONE, "Home"),
        (7, "FaxPrivat", PHONE, "Fax"),
        (8, "MailPrivat", MAIL, ""),
        (9, "AutoTelefon", PHONE, "Mobile"),
        (10, "Sonstige", PHONE, "Other"),
        (11, "EPost", MAIL, ""),
        (12, "Bea", MAIL, ""),
    ]


def test_a_new_value_of_each_type_gets_a_kind_of_that_type() -> None:
    assert NEW_PHONE == {"Office": 1, "Fax": 2, "Mobile": 3, "Home": 6, "Other": 10}
    assert {KINDS[number].type: number for number in NEW_PHONE.values()} == NEW_PHONE
    assert KINDS[NEW_EMAIL].channel is MAIL


# --- the same value ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    ["030 1234567", "030/1234567", "(030) 123 45-67", "+49 30 1234567", "+49 (0)30 / 123-45 67", "0049 30 1234567"],
)
def test_a_number_is_the_same_however_it_is_written(written: str) -> None:
    assert normal(PHONE, written, "DE") == "+49301234567"


@pytest.mark.parametrize("written", ["max@x.de", "Max@X.de", " max@x.de ", "max@x.de\u200b"])
def test_an_address_is_the_same_in_other_letters(written: str) -> None:
    assert normal(MAIL, written, "DE") == "max@x.de"


def test_a_number_of_another_country_is_another_one() -> None:
    assert normal(PHONE, "030 1234567", "AT") != normal(PHONE, "030 1234567", "DE")


@pytest.mark.parametrize("written", ["030 1 (privat)", "DE.BRAK.0123", "1", "030 1234567 ext 12", "030 1234567 #12"])
def test_what_is_no_number_keeps_its_text_but_not_its_blanks(written: str) -> None:
    assert normal(PHONE, written, "DE") == written.replace(" ", "").lower()


def test_without_a_region_a_national_number_is_none() -> None:
    assert normal(PHONE, "030 1234567", "") == "0301234567"


@given(st.text(max_size=30), st.sampled_from([MAIL, PHONE]))
def test_a_normal_form_is_normal(value: str, channel: object) -> None:
    assert channel in (MAIL, PHONE)
    channel = MAIL if channel is MAIL else PHONE
    assert normal(channel, normal(channel, value, "DE"), "DE") == normal(channel, value, "DE")


def test_what_nobody_sees_is_no_part_of_a_value() -> None:
    assert plain("\u202a030\xa012\u202c\n") == "030 12"


# --- what EspoCRM takes -----------------------------------------------------------------------------------------------


def sent(channel: object, value: str, *, region: str = "DE", is_international: bool = True) -> str:
    return for_espocrm(MAIL if channel is MAIL else PHONE, value, region, is_international=is_international)


@pytest.mark.parametrize("value", ["030 1234567", "030/123 45 67", "0049301234567", "+49 (0)30 1234567"])
def test_numbers_are_sent_international(value: str) -> None:
    assert sent(PHONE, value) == "+49301234567"


@pytest.mark.parametrize("value", [" Max@X.de ", "Max@X.de\u200b"])
def test_addresses_are_sent_as_typed_without_blanks_around(value: str) -> None:
    assert sent(MAIL, value) == "Max@X.de"


@pytest.mark.parametrize("value", ["müller@x.de", "max@müller.de", "DE.BRAK.0123.4567", "max", "a b@x.de", "max@"])
def test_what_is_no_address_for_espocrm_is_not_sent(value: str) -> None:
    with pytest.raises(Unsendable) as refused:
        sent(MAIL, value)
    assert value not in str(refused.value)


@pytest.mark.parametrize("value", ["030 1 (privat)", "abc", "1", "030 1234567 ext 12", "DE.BRAK.0123"])
def test_what_is_no_number_is_not_sent(value: str) -> None:
    with pytest.raises(Unsendable) as refused:
        sent(PHONE, value)
    assert value not in str(refused.value)


def test_a_national_number_is_not_sent_without_a_region() -> None:
    with pytest.raises(Unsendable):
        sent(PHONE, "030 1234567", region="")
    assert sent(PHONE, "+49 30 1234567", region="") == "+49301234567"


@pytest.mark.parametrize("value", ["030 1 (privat)", "abc", "030 1234567 ext 12"])
def test_where_numbers_are_as_typed_text_is_sent_too(value: str) -> None:
    assert sent(PHONE, value, is_international=False) == value


@pytest.mark.parametrize("value", ["030/1 privat", "1" * 37, "030 1 ü"])
def test_where_numbers_are_as_typed_other_signs_and_long_ones_are_not_sent(value: str) -> None:
    with pytest.raises(Unsendable):
        sent(PHONE, value, is_international=False)


# --- the marker -------------------------------------------------------------------------------------------------------


def test_the_marker_is_the_sources() -> None:
    assert marked("max@example.com", 4, "Geschäftlich") == "[ESPOCRM:bWF4QGV4YW1wbGUuY29t:4] Geschäftlich"
    assert marked("max@example.com", 4, "") == "[ESPOCRM:bWF4QGV4YW1wbGUuY29t:4]"
    assert (slot(4, ""), slot(4, "text")) == ("[ESPOCRM-SLOT:4]", "[ESPOCRM-SLOT:4] text")


@given(
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=60),
    st.sampled_from(sorted(KINDS)),
    st.text(max_size=40),
)
def test_a_marker_tells_what_was_put_into_it_and_the_text_behind_it_survives(value: str, kind: int, text: str) -> None:
    assert read_remark(marked(value, kind, text)) == Remark(text, is_marked=True, value=value, komm_kz=kind)
    assert read_remark(slot(kind, text)) == Remark(text, is_marked=True, is_slot=True, komm_kz=kind)


@given(st.text(max_size=60))
def test_a_marker_of_any_value_names_that_value(value: str) -> None:
    remark = read_remark(marked(value, 4, ""))
    assert normal(MAIL, remark.value, "DE") == normal(MAIL, value, "DE")


@pytest.mark.parametrize("value", ["??>>~~@x.de", "ÿÿÿ@x.de"])
def test_the_whole_alphabet_of_base64_is_read(value: str) -> None:
    encoded = base64.b64encode(value.encode()).decode()
    assert set(encoded) & set("+/=")
    assert read_remark(f"[ESPOCRM:{encoded}:4]").value == value


@pytest.mark.parametrize("middle", ["abc12345", "d41d8cd98f00b204", "abc", "", "!!", "AAEC"])
def test_an_old_hash_tells_the_kind_and_no_value(middle: str) -> None:
    assert read_remark(f"[ESPOCRM:{middle}:3] text") == Remark("text", is_marked=True, value="", komm_kz=3)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text",
        "text [ESPOCRM:bWF4QGV4YW1wbGUuY29t:4]",
        "[ESPOCRM:bWF4",
        "[ESPOCRM:bWF4:]",
        "[espocrm:bWF4:4]",
        "  a",
    ],
)
def test_without_a_marker_at_the_start_all_is_text(note: str) -> None:
    assert read_remark(note) == Remark(note)


def test_only_the_first_marker_counts() -> None:
    remark = read_remark(marked("a@x.de", 4, marked("b@x.de", 8, "text")))
    assert (remark.value, remark.text) == ("a@x.de", marked("b@x.de", 8, "text"))


def test_a_marker_with_blanks_before_it_is_one() -> None:
    assert read_remark("  " + marked("a@x.de", 4, "text")).value == "a@x.de"


def test_lines_of_text_survive() -> None:
    assert read_remark(marked("a@x.de", 4, "one\ntwo")).text == "one\ntwo"


@pytest.mark.parametrize("number", ["0", "13", "99"])
def test_a_kind_that_there_is_not_tells_nothing(number: str) -> None:
    assert read_remark(f"[ESPOCRM:bWF4:{number}]").komm_kz == 0


# --- of which kind an entry is: four steps ----------------------------------------------------------------------------


def test_what_advoware_says_comes_before_the_marker() -> None:
    assert told(8, Remark("", komm_kz=4)) == 8
    assert told(0, Remark("", komm_kz=4)) == 4
    assert told(77, Remark("", komm_kz=4)) == 4
    assert told(0, Remark("")) == 0


def test_a_field_of_the_party_with_that_value_tells_the_kind() -> None:
    mirrors = Mirrors({3: "0171 1234567", 8: "Max@X.de"}, "DE")
    assert mirrors.guess("+49 171 1234567") == Guess(3, is_known=True)
    assert mirrors.guess("max@x.de") == Guess(8, is_known=True)


def test_an_at_sign_is_an_address_and_all_else_a_number() -> None:
    mirrors = Mirrors({3: "0171 1234567", 4: "", 99: "new@x.de"}, "DE")
    assert mirrors.guess("new@x.de") == Guess(4, is_known=False)
    assert mirrors.guess("030 1234567") == Guess(1, is_known=False)


def test_the_internet_field_tells_what_is_not_synchronised() -> None:
    assert Mirrors({5: "www.x.de"}, "DE").guess("WWW.x.de ") == Guess(5, is_known=True)


def test_a_field_tells_the_kind_of_one_entry_before_that_of_another() -> None:
    mirrors = Mirrors({1: "030 1234567", 2: "030 1234567"}, "DE")
    seen = []
    for _ in range(3):
        seen.append(mirrors.guess("030 1234567").komm_kz)
        mirrors.met(seen[-1], "030 1234567")
    assert seen == [1, 2, 1]
