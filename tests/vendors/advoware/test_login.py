"""The token: one for about an hour and for all processes, renewed once on a 401, and no employee gets locked out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.transport.errors import ConfigurationError, MalformedResponseError, TemporaryError, VendorError
from integrations.vendors.advoware.answers import Offline, WrongPassword
from integrations.vendors.advoware.api import AdvowareApi
from integrations.vendors.advoware.signing import Keep
from integrations.vendors.advoware.simulator import CLIENT, CREDENTIALS
from integrations.vendors.simulation import Reply

from .conftest import OpenApi
from .saying import SayingAdvoware, always, sent

LOOKUP, LOGIN, READ = "GET Url", "POST Token", f"GET Beteiligte/{CLIENT}"


def kept_until(advoware: SayingAdvoware, facts: dict[str, Any]) -> timedelta:
    """How long the kept token is to be used from now on."""
    opened = Keep(advoware.url, CREDENTIALS).open(facts["token"])
    return datetime.fromisoformat(opened["until"]) - datetime.now(UTC)


def keep(advoware: SayingAdvoware, facts: dict[str, Any], **changed: Any) -> None:
    """Change what is kept of the token."""
    box = Keep(advoware.url, CREDENTIALS)
    facts["token"] = box.seal(box.open(facts["token"]) | changed)


def test_addresses_and_token_are_got_once_and_kept_for_later_opens(advoware: SayingAdvoware, open_api: OpenApi) -> None:
    for _ in range(3):
        open_api().party(CLIENT)
    assert sent(advoware) == [LOOKUP, LOGIN, READ, READ, READ]


def test_what_is_kept_fits_into_json_and_does_not_show_the_token(
    advoware: SayingAdvoware, api: AdvowareApi, facts: dict[str, Any]
) -> None:
    (token,) = advoware.data.tokens
    assert token not in json.dumps(facts)
    assert json.loads(json.dumps(facts)) == facts


def test_a_login_says_who_calls_and_signs_the_very_time_it_sends(advoware: SayingAdvoware, open_api: OpenApi) -> None:
    open_api().party(CLIENT)
    (login,) = [json.loads(call.body) for call in advoware.calls if call.path.endswith("Token")]
    assert {name: login[name] for name in ("AppID", "Kanzlei", "Database", "User", "Role", "Product")} == {
        "AppID": "made-up-app",
        "Kanzlei": "MUSTER",
        "Database": "ADVOWARE",
        "User": "PRT",
        "Role": 2,
        "Product": 64,
    }
    assert len(login["RequestTimeStamp"].partition(".")[2]) == len("1234567Z")


@pytest.mark.parametrize(("minutes", "used"), [(60, 58), (600, 598), (3, 1), (1, 1), (4000, 1440)])
def test_a_token_is_used_until_two_minutes_before_its_end(
    advoware: SayingAdvoware, open_api: OpenApi, facts: dict[str, Any], minutes: float, used: float
) -> None:
    advoware.token_minutes = float(minutes)
    open_api().party(CLIENT)
    assert abs(kept_until(advoware, facts) - timedelta(minutes=used)) < timedelta(seconds=5)


def test_a_token_that_tells_seconds_is_understood_too(
    advoware: SayingAdvoware, open_api: OpenApi, facts: dict[str, Any]
) -> None:
    advoware.tells_expires_in = True
    open_api().party(CLIENT)
    assert abs(kept_until(advoware, facts) - timedelta(minutes=58)) < timedelta(seconds=5)


@pytest.mark.parametrize("told", [{}, {"expiration_utc": "soon"}, {"expires_in": "3600"}, {"expires_in": -1}])
def test_a_token_that_does_not_tell_its_end_is_used_for_less_than_an_hour(
    advoware: SayingAdvoware, open_api: OpenApi, facts: dict[str, Any], told: dict[str, Any]
) -> None:
    def without_end(request: Any, real: Reply) -> Reply:
        if b"access_token" not in real.body:
            return real
        return Reply.of({"access_token": json.loads(real.body)["access_token"]} | told)

    advoware.change_login = without_end
    open_api().party(CLIENT)
    assert abs(kept_until(advoware, facts) - timedelta(minutes=53)) < timedelta(seconds=5)


@pytest.mark.parametrize("hours", [-1, 3])
def test_the_vendors_clock_may_differ_from_ours(
    advoware: SayingAdvoware, open_api: OpenApi, facts: dict[str, Any], hours: float
) -> None:
    advoware.do("pass_minutes", {"minutes": hours * 60.0})
    open_api().party(CLIENT)
    assert abs(kept_until(advoware, facts) - timedelta(minutes=58)) < timedelta(seconds=5)


@pytest.mark.parametrize(("minutes", "logins"), [(5, 0), (-1, 1), (60 * 30, 1)])
def test_a_kept_token_is_used_until_its_end_and_not_if_that_is_beyond_belief(
    advoware: SayingAdvoware, api: AdvowareApi, open_api: OpenApi, facts: dict[str, Any], minutes: int, logins: int
) -> None:
    keep(advoware, facts, until=(datetime.now(UTC) + timedelta(minutes=minutes)).isoformat())
    open_api().party(CLIENT)
    assert sent(advoware) == [LOGIN] * logins + [READ]


def test_a_long_job_gets_a_new_token_when_its_own_ends(advoware: SayingAdvoware, open_api: OpenApi) -> None:
    advoware.token_minutes = 1.0
    api = open_api()
    api.party(CLIENT)
    advoware.do("pass_minutes", {"minutes": 2.0})
    api.party(CLIENT)
    assert sent(advoware) == [LOOKUP, LOGIN, READ, READ, LOGIN, READ]


def test_a_token_that_the_vendor_forgot_is_renewed_once_and_the_read_repeated(
    advoware: SayingAdvoware, api: AdvowareApi
) -> None:
    advoware.do("expire_tokens", {})
    assert api.party(CLIENT).betnr == CLIENT
    assert sent(advoware) == [READ, LOGIN, READ]


def test_a_write_under_a_forgotten_token_was_not_done_and_is_sent_once_more(
    advoware: SayingAdvoware, api: AdvowareApi
) -> None:
    advoware.do("expire_tokens", {})
    api.create_kommunikation(CLIENT, tlf="030 1", komm_kz=1, bemerkung="", online=True)
    assert [call.committed for call in advoware.calls if "Kommunikationen" in call.path] == [False, True]
    assert len(advoware.data.entries_of(CLIENT)) == 4


def test_a_new_token_that_is_refused_too_ends_it(advoware: SayingAdvoware, api: AdvowareApi) -> None:
    advoware.change = always(b"", status=401)
    with pytest.raises(ConfigurationError, match="token that it has just given"):
        api.party(CLIENT)
    assert sent(advoware) == [READ, LOGIN, READ]


def test_a_changed_password_does_not_use_what_was_kept(
    advoware: SayingAdvoware, api: AdvowareApi, open_api: OpenApi
) -> None:
    with pytest.raises(WrongPassword):
        open_api(password="another one").party(CLIENT)
    assert sent(advoware) == [LOGIN]


# --- refused ----------------------------------------------------------------------------------------------------------


def test_a_wrong_password_is_tried_once_and_not_again_for_half_an_hour(
    advoware: SayingAdvoware, open_api: OpenApi, facts: dict[str, Any]
) -> None:
    for _ in range(3):
        with pytest.raises(WrongPassword, match="nter both again"):
            open_api(password="wrong").party(CLIENT)
    assert sent(advoware) == [LOOKUP, LOGIN]
    assert "wrong" not in json.dumps(facts)
    facts["refused"]["until"] = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    with pytest.raises(WrongPassword):
        open_api(password="wrong").party(CLIENT)
    assert sent(advoware) == [LOOKUP, LOGIN, LOGIN]


def test_the_right_password_is_tried_at_once(
    advoware: SayingAdvoware, open_api: OpenApi, facts: dict[str, Any]
) -> None:
    with pytest.raises(WrongPassword):
        open_api(password="wrong").party(CLIENT)
    assert open_api().party(CLIENT).betnr == CLIENT
    assert "refused" not in facts


def test_testing_the_connection_tries_a_refused_password_all_the_same(
    advoware: SayingAdvoware, open_api: OpenApi
) -> None:
    with pytest.raises(WrongPassword):
        open_api(password="wrong").party(CLIENT)
    assert not list(open_api(password="wrong").test_connection())[-1].ok
    assert sent(advoware) == [LOOKUP, LOGIN, LOOKUP, LOGIN]


@pytest.mark.parametrize("shape", ["text", "message", "problem"])
@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"is_enabled": False}, ConfigurationError, "have the vendor enable it. Advoware: Das Produkt ist für diese"),
        ({"app_id": "other"}, ConfigurationError, "have the vendor enable it"),
        ({"database": "OTHER"}, ConfigurationError, "does not know this firm or database"),
        ({"is_online": False}, Offline, "advoware Manager does not run"),
        ({"user": "XYZ"}, WrongPassword, "refused the employee's code or password"),
    ],
)
def test_a_refused_login_says_what_to_do_whatever_its_shape_and_status(
    advoware: SayingAdvoware,
    open_api: OpenApi,
    change: dict[str, Any],
    error: type[VendorError],
    sentence: str,
    shape: str,
    status: int,
) -> None:
    advoware.errors_as, advoware.login_status = shape, status
    credentials = {name: value for name, value in change.items() if name in CREDENTIALS}
    for name in change.keys() - credentials.keys():
        setattr(advoware, name, change[name])
    with pytest.raises(error) as raised:
        open_api(**credentials).party(CLIENT)
    assert sentence in raised.value.message
    assert sent(advoware) == [LOOKUP, LOGIN]


@pytest.mark.parametrize(
    ("status", "error"), [(400, ConfigurationError), (401, ConfigurationError), (500, TemporaryError)]
)
def test_a_refusal_without_a_known_phrase_is_judged_by_its_status(
    advoware: SayingAdvoware, open_api: OpenApi, status: int, error: type[VendorError]
) -> None:
    advoware.login_status = status
    with pytest.raises(error):
        open_api(api_key="b3RoZXI=").party(CLIENT)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_outage_of_the_gateway_passes_and_no_nonce_is_sent_twice(
    advoware: SayingAdvoware, open_api: OpenApi, status: int
) -> None:
    real_login = advoware.change_login
    advoware.change_login = lambda request, real: Reply(status) if request.method == "POST" else real
    with pytest.raises(TemporaryError):
        open_api().party(CLIENT)
    assert sent(advoware) == [LOOKUP, LOGIN]
    advoware.change_login = real_login
    assert open_api().party(CLIENT).betnr == CLIENT


@pytest.mark.parametrize("fault", ["answer_lost", "not_received", "truncated"])
def test_a_login_without_an_answer_is_no_write_whose_outcome_matters(
    advoware: SayingAdvoware, open_api: OpenApi, fault: str
) -> None:
    advoware.fault(fault, path="Token")
    with pytest.raises(TemporaryError, match="a login changes nothing"):
        open_api().party(CLIENT)
    assert open_api().party(CLIENT).betnr == CLIENT


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", {"access_token": None}, {"access_token": "a\r\nb"}, {"access_token": ""}]
)
def test_an_answer_without_a_token_is_malformed(advoware: SayingAdvoware, open_api: OpenApi, body: Any) -> None:
    api = open_api()
    known = advoware.change_login
    advoware.change_login = lambda request, real: (
        always(body)(request, real) if request.method == "POST" else known(request, real)
    )
    with pytest.raises(MalformedResponseError):
        api.party(CLIENT)


def test_clocks_that_differ_are_told_with_a_login_that_is_refused(advoware: SayingAdvoware, open_api: OpenApi) -> None:
    advoware.window_minutes = 5.0
    open_api(facts={}).party(CLIENT)
    advoware.do("pass_minutes", {"minutes": 10.0})
    with pytest.raises(ConfigurationError, match=r"differ by (599|600|601) seconds"):
        open_api(facts={}).party(CLIENT)
