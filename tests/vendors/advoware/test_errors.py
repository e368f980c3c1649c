"""What goes wrong between the portal and a law firm, and what is known afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations.transport.errors import (
    ConfigurationError,
    ConflictError,
    MalformedResponseError,
    RejectedError,
    TemporaryError,
    UnknownOutcomeError,
    VendorError,
)
from integrations.vendors.advoware.answers import NotAllowed, Offline
from integrations.vendors.advoware.api import AdvowareApi
from integrations.vendors.advoware.simulator import CLIENT
from integrations.vendors.simulation import Reply

from .conftest import OpenApi
from .saying import SayingAdvoware, always, sent

MAIL = 88003
WRITE: dict[str, Any] = {"tlf": "030 1", "bemerkung": "", "online": True}
Act = Callable[[AdvowareApi], Any]
WRITES: dict[str, Act] = {
    "create": lambda api: api.create_kommunikation(CLIENT, komm_kz=1, **WRITE),
    "change": lambda api: api.update_kommunikation(CLIENT, MAIL, **WRITE),
}
ALL: dict[str, Act] = {"read": lambda api: api.party(CLIENT), **WRITES}


@pytest.fixture(params=WRITES)
def write(request: pytest.FixtureRequest) -> Act:
    return WRITES[request.param]


@pytest.fixture(params=ALL)
def act(request: pytest.FixtureRequest) -> Act:
    return ALL[request.param]


@pytest.mark.parametrize(
    "fault",
    ["answer_lost", "not_received", "late_commit", "truncated", "garbage", "committed_500", "html_500", "html_503"],
)
def test_a_write_whose_answer_is_spoiled_is_sent_once_and_its_outcome_unknown(
    advoware: SayingAdvoware, api: AdvowareApi, write: Act, fault: str
) -> None:
    advoware.fault(fault, path="Kommunikationen")
    with pytest.raises(UnknownOutcomeError):
        write(api)
    assert len(advoware.calls) == 1


def test_a_lost_new_entry_is_found_by_reading_the_party_again(advoware: SayingAdvoware, api: AdvowareApi) -> None:
    advoware.fault("late_commit", path="Kommunikationen")
    with pytest.raises(UnknownOutcomeError):
        WRITES["create"](api)
    assert "030 1" not in [one.tlf for one in api.party(CLIENT).kommunikation]
    advoware.commit_pending()
    assert [one.tlf for one in api.party(CLIENT).kommunikation].count("030 1") == 1


@pytest.mark.parametrize(
    "body", [b"ok", [], [1], {"rowId": "A" * 40}, {"id": 1, "rowId": "A" * 40, "betNr": 7}, [{"id": 0}]]
)
def test_a_success_that_cannot_be_understood_says_nothing_about_the_write(
    advoware: SayingAdvoware, api: AdvowareApi, write: Act, body: Any
) -> None:
    advoware.change = always(body)
    with pytest.raises(UnknownOutcomeError, match="its answer cannot be used"):
        write(api)


def test_a_change_that_is_answered_with_another_entry_is_not_known_to_be_done(
    advoware: SayingAdvoware, api: AdvowareApi
) -> None:
    advoware.change = always({"id": MAIL + 1, "rowId": "A" * 40})
    with pytest.raises(UnknownOutcomeError, match="with another one"):
        WRITES["change"](api)


def test_a_read_survives_what_passes(advoware: SayingAdvoware, api: AdvowareApi) -> None:
    for fault in ("answer_lost", "html_503", "429"):
        advoware.fault(fault, path="Beteiligte", times=2)
        assert api.party(CLIENT).betnr == CLIENT


def test_a_read_without_an_answer_in_time_is_an_outage(advoware: SayingAdvoware, open_api: OpenApi) -> None:
    open_api().party(CLIENT)
    advoware.delay = 0.5
    with pytest.raises(TemporaryError):
        open_api(deadline=0.2).party(CLIENT)


# --- the firm is switched off -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404])
@pytest.mark.parametrize("shape", ["text", "message", "problem"])
def test_a_firm_that_is_not_signed_in_is_an_outage_that_passes(
    advoware: SayingAdvoware, api: AdvowareApi, act: Act, status: int, shape: str
) -> None:
    advoware.is_online, advoware.offline_status, advoware.errors_as = False, status, shape
    with pytest.raises(Offline, match="tried again later"):
        act(api)
    assert len(advoware.calls) == 1
    advoware.is_online = True
    act(api)


def test_a_write_that_met_an_offline_firm_under_500_may_have_been_passed_on(
    advoware: SayingAdvoware, api: AdvowareApi, write: Act
) -> None:
    advoware.is_online, advoware.offline_status = False, 500
    with pytest.raises(UnknownOutcomeError):
        write(api)
    with pytest.raises(Offline):
        api.party(CLIENT)


def test_a_firm_that_is_said_to_be_off_under_a_good_status_is_off_all_the_same(
    advoware: SayingAdvoware, api: AdvowareApi
) -> None:
    advoware.is_online, advoware.offline_status = False, 200
    with pytest.raises(Offline):
        api.party(CLIENT)
    with pytest.raises(UnknownOutcomeError):
        WRITES["create"](api)


def test_a_remark_about_somebody_who_is_not_signed_in_is_no_outage(advoware: SayingAdvoware, api: AdvowareApi) -> None:
    advoware.do("edit_entry", {"entry": MAIL, "bemerkung": "ist nicht angemeldet"})
    assert api.party(CLIENT).kommunikation[2].bemerkung == "ist nicht angemeldet"


def test_a_firm_that_comes_back_needs_no_new_login(advoware: SayingAdvoware, api: AdvowareApi) -> None:
    advoware.is_online = False
    with pytest.raises(Offline):
        api.party(CLIENT)
    advoware.is_online = True
    api.party(CLIENT)
    assert sent(advoware) == [f"GET Beteiligte/{CLIENT}"] * 2


# --- statuses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RejectedError),
        (403, NotAllowed),
        (405, ConfigurationError),
        (409, ConflictError),
        (413, RejectedError),
        (418, RejectedError),
        (422, RejectedError),
        (204, MalformedResponseError),
        (500, TemporaryError),
        (599, TemporaryError),
    ],
)
@pytest.mark.parametrize(
    "body", [b"", b"Fehler", b"<html>Fehler</html>", b'{"title": "Fehler"}', b'["Fehler"]', b"\xff"]
)
def test_every_status_of_a_read_has_its_meaning(
    advoware: SayingAdvoware, api: AdvowareApi, status: int, error: type[VendorError], body: bytes
) -> None:
    advoware.change = lambda request, real: Reply(status, b"" if status == 204 else body)
    with pytest.raises(error) as raised:
        api.party(CLIENT)
    assert raised.value.status == status


def test_an_employee_without_rights_is_a_matter_of_configuration(
    advoware: SayingAdvoware, api: AdvowareApi, act: Act
) -> None:
    advoware.forbidden = True
    with pytest.raises(NotAllowed, match="does not allow this to the connection's employee"):
        act(api)
    assert len(advoware.calls) == 1


def test_somebody_who_edits_while_the_answer_is_on_its_way_is_seen_by_the_next_read(
    advoware: SayingAdvoware, api: AdvowareApi
) -> None:
    advoware.fault("meanwhile", value={"action": "edit_entry", "entry": MAIL, "tlf": "theirs@example.com"})
    changed = WRITES["change"](api)
    after = api.party(CLIENT).kommunikation[2]
    assert (changed.tlf, after.tlf) == ("030 1", "theirs@example.com")
    assert changed.row_id != after.row_id
