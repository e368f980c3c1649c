"""The simulator as a program: ports, ledger, faults, control, and a page for people."""

from __future__ import annotations

from contextlib import closing

import pytest

from integrations.vendors.advoware import VENDOR
from integrations.vendors.advoware import simulator as simulated
from integrations.vendors.advoware.simulator import CLIENT, CREDENTIALS
from integrations.vendors.advoware.simulator.switches import SWITCHES, Switches

from .conftest import ENTRIES, Wire
from .saying import SayingAdvoware


def test_the_api_is_at_the_port_a_hundred_above_it_or_elsewhere() -> None:
    with closing(simulated.serve()) as probe:
        port = int(probe.url.rpartition(":")[2])
    with simulated.serve(port=port) as server:
        assert server.url.endswith(f":{port}")
        assert server.api.url not in ("", server.url)
        with pytest.raises(OSError, match="in use"):
            simulated.serve(port=port)


def test_the_declaration_leads_to_it() -> None:
    assert VENDOR.simulator == simulated.__name__
    assert {field.name for field in VENDOR.credentials} == CREDENTIALS.keys()


def test_the_ledger_tells_who_asked_for_what_without_password_and_token(advoware: SayingAdvoware, wire: Wire) -> None:
    token = wire.login().json["access_token"]
    wire.api("PUT", f"{ENTRIES}/88003", {"tlf": "x"}, token=token)
    login, put = wire("GET", "/_simulator/ledger").json["calls"]
    assert (login["path"], '"User": "PRT"' in login["body"]) == ("/api/v1/Token", True)
    assert (put["path"], put["body"], put["committed"]) == (f"/api/v1/advonet{ENTRIES}/88003", '{"tlf": "x"}', True)
    for secret in (token, CREDENTIALS["password"]):
        assert secret not in str(advoware.calls)


def test_a_fault_is_ordered_for_a_path(advoware: SayingAdvoware, wire: Wire) -> None:
    assert wire("POST", "/_simulator/faults", {"name": "html_503", "path": "/Beteiligte/"}).status == 200
    assert wire.login().status == 200
    assert wire.api("GET", f"/Beteiligte/{CLIENT}").status == 503
    assert wire.api("GET", f"/Beteiligte/{CLIENT}").status == 200
    assert [call.fault for call in advoware.calls if call.fault] == ["html_503"]


def test_the_world_shows_real_kinds_and_no_token(wire: Wire) -> None:
    token = wire.login().json["access_token"]
    world = wire("GET", "/_simulator/world").json
    assert [one["kommKz"] for one in world["parties"][0]["kommunikation"]] == [1, 3, 4]
    assert world["tokens"] == 1
    assert token not in str(world)


def test_a_reset_brings_back_the_first_world(advoware: SayingAdvoware, wire: Wire) -> None:
    token = wire.login().json["access_token"]
    wire.do("new_entry", betnr=CLIENT, tlf="1", komm_kz=1)
    wire.do("switch", name="connector", value="set")
    wire.do("webhook", url="http://127.0.0.1:1")
    wire.do("pass_minutes", minutes=100.0)
    assert wire("POST", "/_simulator/reset", {}).status == 200
    assert (advoware.connector, advoware.sender.url, advoware.calls) == ("null", "", [])
    assert (len(advoware.data.entries), advoware.skew_seconds) == (3, 0)
    assert wire.api("GET", f"/Beteiligte/{CLIENT}", token=token).status == 401


def test_every_switch_has_a_sentence_and_can_be_set_over_http(advoware: SayingAdvoware, wire: Wire) -> None:
    assert set(SWITCHES) == set(Switches.__annotations__)
    for name in SWITCHES:
        value = getattr(Switches, name)
        changed = (not value) if isinstance(value, bool) else value + ("x" if isinstance(value, str) else 1)
        wire.do("switch", name=name, value=changed)
        assert getattr(advoware, name) == changed


@pytest.mark.parametrize(
    "order",
    [
        {"action": "nothing"},
        {"action": "switch", "name": "nothing", "value": 1},
        {"action": "switch", "name": "is_online", "value": 0},
        {"action": "edit_entry", "entry": 5, "tlf": "x"},
        {"action": "edit_entry", "entry": 88001, "betNr": 1},
        {"action": "edit_entry", "entry": 88001, "komm_kz": 13},
        {"action": "new_entry", "betnr": 5, "tlf": "x", "komm_kz": 1},
        {"action": "new_entry", "betnr": CLIENT, "tlf": 5, "komm_kz": 1},
        {"action": "delete_entry", "entry": 5},
        {"action": "edit_party", "betnr": 5},
        {"action": "new_party", "name": "x", "mobil": "1"},
        {"action": "webhook", "nothing": 1},
    ],
)
def test_an_order_that_cannot_be_understood_is_refused_and_changes_nothing(
    advoware: SayingAdvoware, wire: Wire, order: dict[str, object]
) -> None:
    before = str(advoware.world())
    assert wire("POST", "/_simulator/do", order).status == 400
    assert str(advoware.world()) == before


def test_the_page_for_people_is_inert_and_shows_parties_contact_data_hints_and_calls(
    advoware: SayingAdvoware, wire: Wire
) -> None:
    wire.do("new_entry", betnr=CLIENT, tlf="<script>alert(1)</script>", komm_kz=1)
    wire.api("GET", f"/Beteiligte/{CLIENT}")
    seen = wire("GET", "/")
    page = seen.text
    assert "default-src 'none'" in seen.headers["content-security-policy"]
    assert "<script>" not in page
    for text in ("Advoware (simulated)", "Lindqvist", "&lt;script&gt;", "nur abends", f"/Beteiligte/{CLIENT}"):
        assert text in page
    assert len(advoware.calls) == 2
