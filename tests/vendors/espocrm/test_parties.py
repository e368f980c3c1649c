"""Reading and writing parties: what goes out, what comes back, and what each refusal means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.transport.errors import (
    ConfigurationError,
    MalformedResponseError,
    NotFoundError,
    UnknownOutcomeError,
)
from integrations.vendors.espocrm.answers import Duplicate, Invalid, Modified, NotAllowed, NotReadBack
from integrations.vendors.espocrm.api import EspocrmApi
from integrations.vendors.espocrm.schemas import Email, Phone
from integrations.vendors.espocrm.simulator import CONTACT, READER_KEY, EspocrmSimulator
from integrations.vendors.simulation import Reply, Request

from .conftest import OpenApi, sent
from .saying import always, saying

BOTH = [Email(address="a@x.de", primary=True), Email(address="b@x.de", opt_out=True, invalid=True)]
NUMBERS = [Phone(number="+4930555", type="Fax"), Phone(number="+4930666", type="Office", primary=True, opt_out=True)]


@pytest.fixture
def party(espocrm: EspocrmSimulator) -> str:
    made: str = espocrm.do("new_party", {"last_name": "Muster", "number": 12, "emails": ["old@x.de"]})
    return made


def last_body(espocrm: EspocrmSimulator, method: str) -> Any:
    return json.loads(next(call.body for call in reversed(espocrm.calls) if call.method == method))


# --- writing ----------------------------------------------------------------------------------------------------------


def test_a_write_carries_every_flag_with_the_primary_first_and_beside_its_array(
    espocrm: EspocrmSimulator, api: EspocrmApi, party: str
) -> None:
    stored = api.update_party(party, emails=BOTH, phones=NUMBERS)
    assert sent(espocrm) == [f"PUT CBeteiligte/{party}", f"GET CBeteiligte/{party}"]
    assert last_body(espocrm, "PUT") == {
        "emailAddress": "a@x.de",
        "emailAddressData": [
            {"emailAddress": "a@x.de", "lower": "a@x.de", "primary": True, "optOut": False, "invalid": False},
            {"emailAddress": "b@x.de", "lower": "b@x.de", "primary": False, "optOut": True, "invalid": True},
        ],
        "phoneNumber": "+4930666",
        "phoneNumberData": [
            {"phoneNumber": "+4930666", "type": "Office", "primary": True, "optOut": True, "invalid": False},
            {"phoneNumber": "+4930555", "type": "Fax", "primary": False, "optOut": False, "invalid": False},
        ],
    }
    assert (list(stored.emails), list(stored.phones)) == (BOTH, NUMBERS[::-1])


def test_what_was_read_can_be_written_again_without_anything_happening(
    espocrm: EspocrmSimulator, api: EspocrmApi, party: str
) -> None:
    espocrm.do("subscribe", {"event": "CBeteiligte.update", "url": "http://127.0.0.1:1/", "skip_own": False})
    api.update_party(party, emails=BOTH, phones=NUMBERS)
    espocrm.sender.forget_waiting()
    read = api.party(party)
    assert api.update_party(party, emails=read.emails, phones=read.phones).emails == read.emails
    assert espocrm.sender.waiting == 0


def test_an_array_that_is_not_given_is_not_sent_and_an_empty_one_empties(
    espocrm: EspocrmSimulator, api: EspocrmApi, party: str
) -> None:
    assert len(api.update_party(party, {"firstName": "Max"}).emails) == 1
    assert last_body(espocrm, "PUT") == {"firstName": "Max"}
    assert api.update_party(party, emails=[]).emails == ()
    assert last_body(espocrm, "PUT") == {"emailAddress": None, "emailAddressData": []}


def test_an_old_national_number_in_the_primarys_place_does_not_block_a_write(
    espocrm: EspocrmSimulator, api: EspocrmApi
) -> None:
    party = espocrm.do("import_party", {"last_name": "Alt", "phones": ["030/123456"]})
    new = [Phone(number="+4930123456", type="Office", primary=True)]
    assert list(api.update_party(party, phones=new).phones) == new
    party = espocrm.do("import_party", {"last_name": "Alt", "phones": ["030/123456"]})
    assert api.update_party(party, phones=[]).phones == ()


@pytest.mark.parametrize(
    "values",
    [
        {"emails": [Email(address="a@x.de", primary=True), Email(address="A@x.de")]},
        {"emails": [Email(address="a@x.de")]},
        {"emails": [Email(address="a@x.de", primary=True), Email(address="b@x.de", primary=True)]},
        {"phones": [Phone(number="+4930", type="Fax", primary=True), Phone(number="+4930", type="Office")]},
    ],
)
def test_what_espocrm_would_collapse_is_never_sent(
    espocrm: EspocrmSimulator, api: EspocrmApi, party: str, values: Any
) -> None:
    with pytest.raises(ValueError, match=r"stands twice|exactly one primary"):
        api.update_party(party, **values)
    assert sent(espocrm) == []


def test_somebody_who_saves_in_the_same_instant_shows_in_what_was_stored(
    espocrm: EspocrmSimulator, api: EspocrmApi, party: str
) -> None:
    espocrm.do("save_at_once", {"party": party, "emailAddressData": [{"emailAddress": "theirs@x.de"}]})
    stored = api.update_party(party, emails=BOTH)
    assert {one.address for one in stored.emails} == {"a@x.de", "b@x.de", "theirs@x.de"}


def test_a_version_that_is_stale_is_refused_and_told(espocrm: EspocrmSimulator, api: EspocrmApi, party: str) -> None:
    espocrm.version_control = True
    version = api.update_party(party, {"firstName": "Max"}).version
    assert version == 1
    espocrm.do("edit_party", {"party": party, "lastName": "Theirs"})
    with pytest.raises(Modified, match=f"the party {party}") as raised:
        api.update_party(party, {"firstName": "Moritz"}, version=version)
    assert raised.value.version == 2
    assert api.update_party(party, {"firstName": "Moritz"}, version=2).version == 3


def test_a_new_party_and_its_double(espocrm: EspocrmSimulator, api: EspocrmApi) -> None:
    made = api.create_party({"lastName": "Neu", "betnr": 7}, emails=BOTH, phones=NUMBERS)
    assert (made.number, made.name, len(made.emails), len(made.phones)) == (7, "Neu", 2, 2)
    with pytest.raises(Duplicate) as raised:
        api.create_party({"lastName": "Andere"}, emails=BOTH)
    assert raised.value.ids == (made.id,)
    assert api.create_party({"lastName": "Neu"}, skip_duplicate_check=True).id != made.id


def test_a_refused_value_has_the_rules_of_the_instance_read_anew(
    espocrm: EspocrmSimulator, api: EspocrmApi, party: str
) -> None:
    assert api.instance().most_emails == 10
    espocrm.do("setting", {"name": "emailAddressMaxCount", "value": 1})
    with pytest.raises(Invalid) as raised:
        api.update_party(party, emails=BOTH)
    assert (raised.value.field, raised.value.kind) == ("emailAddress", "maxCount")
    assert api.instance().most_emails == 1


def test_whoever_may_not_write_is_told_to_see_the_role(open_api: OpenApi, party: str) -> None:
    with pytest.raises(NotAllowed, match="No edit access"):
        open_api(api_key=READER_KEY).update_party(party, {"lastName": "x"})


# --- reading ----------------------------------------------------------------------------------------------------------


def test_a_deleted_party_is_not_found(espocrm: EspocrmSimulator, api: EspocrmApi, party: str) -> None:
    espocrm.do("delete_party", {"party": party})
    with pytest.raises(NotFoundError, match=party):
        api.party(party)
    with pytest.raises(NotFoundError, match=party):
        api.update_party(party, {"lastName": "x"})
    assert api.parties_numbered(12) == []


def test_parties_are_found_by_number_and_by_any_of_their_values(
    espocrm: EspocrmSimulator, api: EspocrmApi, party: str
) -> None:
    api.update_party(party, emails=BOTH, phones=NUMBERS)
    other = espocrm.do("new_party", {"last_name": "Other", "emails": ["B@x.de"], "number": 13})
    assert [row.id for row in api.parties_numbered(12)] == [party]
    assert {row.id for row in api.parties_with(BOTH[1])} == {party, other}
    assert [row.id for row in api.parties_with(NUMBERS[0])] == [party]
    assert api.parties_with(Phone(number="+49 30 555", type="")) == []


def test_another_entity_and_field_can_be_the_partys(espocrm: EspocrmSimulator, open_api: OpenApi) -> None:
    contact = espocrm.do("new_party", {"last_name": "A", "entity": CONTACT, "emails": ["a@x.de"]})
    espocrm.do("edit_party", {"party": contact, "advowareRowId": "4711"})
    api = open_api(entity="Contact", number_field="advowareRowId")
    assert (api.party(contact).number, [row.id for row in api.parties_numbered(4711)]) == (4711, [contact])


def test_addresses_that_the_role_hides_are_never_taken_for_none(
    espocrm: EspocrmSimulator, api: EspocrmApi, party: str
) -> None:
    espocrm.hides_arrays = True
    with pytest.raises(MalformedResponseError, match=r"emailAddressData.*Does the role of the API user show them"):
        api.party(party)


@pytest.mark.parametrize("flag", ["primary", "optOut", "invalid"])
def test_a_flag_that_is_not_shown_is_never_taken_for_unset(espocrm: EspocrmSimulator, party: str, flag: str) -> None:
    item = {"emailAddress": "a@x.de", "lower": "a@x.de", "primary": True, "optOut": False, "invalid": False}
    del item[flag]
    body = {"id": party, "modifiedAt": "2026-11-22 00:00:00", "emailAddressData": [item], "phoneNumberData": []}
    with saying(always(body)) as (_, api), pytest.raises(MalformedResponseError, match="emailAddressData"):
        api.party(party)


def test_a_filter_that_got_lost_is_not_believed(espocrm: EspocrmSimulator) -> None:
    row = {"id": "a1", "modifiedAt": "2026-11-22 00:00:00", "betnr": 99}
    rules = {"version": "9.3.10"}
    with (
        saying(
            lambda request, real: Reply.of(rules if "Settings" in request.path else {"total": 1, "list": [row]})
        ) as (_, api),
        pytest.raises(MalformedResponseError, match="the filter got lost"),
    ):
        api.parties_numbered(12)


@pytest.mark.parametrize("given", ["", "a b", "../Settings", "x" * 41, "a/b"])
def test_what_is_no_id_is_never_sent(espocrm: EspocrmSimulator, api: EspocrmApi, given: str) -> None:
    with pytest.raises(ValueError, match="no id"):
        api.party(given)
    assert sent(espocrm) == []


@pytest.mark.parametrize("settings", [{"entity": "C Beteiligte"}, {"number_field": "betnr]=1"}, {"entity": "../x"}])
def test_an_entity_or_field_that_is_no_name_is_a_matter_of_configuration(open_api: OpenApi, settings: Any) -> None:
    with pytest.raises(ConfigurationError, match="on the connection"):
        open_api(**settings).parties_numbered(1)


# --- the rules of the instance ----------------------------------------------------------------------------------------


def test_the_rules_are_asked_once_and_remembered_between_opens(espocrm: EspocrmSimulator, open_api: OpenApi) -> None:
    facts: dict[str, Any] = {}
    espocrm.do("setting", {"name": "phoneNumberInternational", "value": False})
    found = open_api(facts=facts).instance()
    assert (found.version, found.is_international, found.most_phones, found.page) == ("9.3.10", False, 10, 200)
    assert open_api(facts=json.loads(json.dumps(facts))).instance() == found
    assert sent(espocrm) == ["GET Settings"]
    facts["instance"]["read_at"] = "2026-01-01T00:00:00+00:00"
    open_api(facts=facts).instance()
    assert len(espocrm.calls) == 2
    del facts["instance"]["page"]  # kept by another release
    open_api(facts=facts).instance()
    assert len(espocrm.calls) == 3


def test_rules_that_an_old_instance_does_not_tell_are_those_of_a_new_one() -> None:
    with saying(always({"version": "7.5.0"})) as (_, api):
        found = api.instance()
    assert (found.is_international, found.has_extensions, found.most_emails, found.page) == (True, False, 10, 200)
    with saying(always({"language": "de_DE"})) as (_, api), pytest.raises(MalformedResponseError, match="version"):
        api.instance()


def test_the_types_of_numbers_are_told(api: EspocrmApi) -> None:
    assert api.phone_types() == ("Mobile", "Office", "Home", "Fax", "Other")
    with saying(always(None)) as (_, other), pytest.raises(MalformedResponseError, match="types of numbers"):
        other.phone_types()


# --- answers that do not arrive as they were sent ---------------------------------------------------------------------

SPOILING = [
    "answer_lost",
    "late_commit",
    "truncated",
    "garbage",
    "committed_500",
    "html_500",
    "committed_429",
    "html_503",
]
WRITES: list[Any] = [
    lambda api, party: api.update_party(party, {"lastName": "x"}, emails=BOTH),
    lambda api, party: api.create_party({"lastName": "x"}),
    lambda api, party: api.subscribe("CBeteiligte.update", "https://portal.example.com/x"),
]


@pytest.mark.parametrize("fault", SPOILING)
@pytest.mark.parametrize("write", WRITES, ids=["update", "create", "subscribe"])
def test_a_write_whose_answer_is_spoiled_is_sent_once_and_its_outcome_unknown(
    espocrm: EspocrmSimulator, api: EspocrmApi, party: str, write: Any, fault: str
) -> None:
    espocrm.fault(fault)
    with pytest.raises(UnknownOutcomeError):
        write(api, party)
    assert len(espocrm.calls) == 1


@pytest.mark.parametrize("fault", ["html_500", "garbage", "truncated"])
def test_a_write_that_cannot_be_read_back_says_whose_it_was(
    espocrm: EspocrmSimulator, api: EspocrmApi, party: str, fault: str
) -> None:
    espocrm.fault(fault, method="GET", times=9)
    with pytest.raises(NotReadBack) as raised:
        api.update_party(party, emails=BOTH)
    assert raised.value.id == party
    with pytest.raises(NotReadBack) as raised:
        api.create_party({"lastName": "Neu"})
    assert raised.value.id in espocrm.data.records["CBeteiligte"]


def test_a_party_that_somebody_deletes_before_it_is_read_back_is_unknown_and_then_not_found(
    espocrm: EspocrmSimulator, api: EspocrmApi, party: str
) -> None:
    espocrm.fault("meanwhile", method="PUT", value={"action": "delete_party", "party": party})
    with pytest.raises(NotReadBack, match="does not have"):
        api.update_party(party, emails=BOTH)
    with pytest.raises(NotFoundError):
        api.party(party)


def test_a_read_survives_what_passes(espocrm: EspocrmSimulator, api: EspocrmApi, party: str) -> None:
    espocrm.fault("answer_lost", times=2)
    assert api.party(party).id == party
    espocrm.fault("html_503", times=2)
    assert api.party(party).id == party


@pytest.mark.parametrize("body", [[], "x", None, 5, {}, {"id": 5}, {"id": "other"}, {"id": ""}])
def test_an_answer_to_a_write_that_names_nobody_or_another_says_nothing_about_it(party: str, body: Any) -> None:
    def change(request: Request, real: Reply) -> Reply:
        return Reply.of(body) if request.method == "PUT" else real

    with saying(change) as (_, api), pytest.raises(UnknownOutcomeError):
        api.update_party(party, {"lastName": "x"})
