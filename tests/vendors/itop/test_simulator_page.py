"""How two simulated iTops are run, steered and looked at."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from integrations.vendors.itop import VENDOR
from integrations.vendors.itop import simulator as simulated
from integrations.vendors.itop.simulator import BRIDGE, EXTERNAL, INTERNAL, PASSWORD, ItopSimulator

from .conftest import Wire, sent
from .saying import client_of


def test_serving_starts_both_each_with_its_own_address_world_and_ledger() -> None:
    with simulated.serve() as server:
        external, internal = server.simulator, server.internal.simulator
        assert isinstance(external, ItopSimulator)
        assert isinstance(internal, ItopSimulator)
        assert (external.kind, internal.kind) == (EXTERNAL, INTERNAL)
        assert server.url != server.internal.url
        assert (external.data.root, internal.data.root) == (f"{server.url}/", f"{server.internal.url}/")
        for itop in (external, internal):
            with client_of(itop) as api:
                assert len(api.operations()) == 7
            assert sent(itop) == ["list_operations"]


def test_with_a_port_the_internal_one_is_a_hundred_above_it_or_elsewhere() -> None:
    with closing(simulated.serve()) as probe:
        port = int(probe.url.rpartition(":")[2])
    with simulated.serve(port=port) as server:
        assert server.url.endswith(f":{port}")
        assert server.internal.url != server.url


def test_the_declaration_leads_to_it() -> None:
    assert VENDOR.simulator == simulated.__name__


def test_the_ledger_tells_who_asked_for_what_without_passwords_and_contents(itop: ItopSimulator, wire: Wire) -> None:
    contents = {"data": "QUJD" * 1000, "filename": "a"}
    wire.create("Attachment", {"item_class": "UserRequest", "item_id": 9, "contents": contents})
    wire.rest("core/check_credentials", user=BRIDGE)
    (call, _) = wire("GET", "/_simulator/ledger").json["calls"]
    body = json.loads(call["body"])
    assert (call["path"], call["committed"]) == ("/webservices/rest.php core/create Attachment", True)
    assert body["auth_user"] == BRIDGE
    assert body["json_data"]["fields"]["contents"]["data"] == "(4000 characters)"
    assert PASSWORD not in str(itop.calls)
    assert PASSWORD.replace(" ", "+") not in str(itop.calls)


def test_a_fault_is_ordered_for_a_verb_and_a_class(itop: ItopSimulator, wire: Wire) -> None:
    order = {"name": "html_503", "path": "core/create UserRequest"}
    assert wire("POST", "/_simulator/faults", json.dumps(order).encode()).status == 200
    assert wire.get("UserRequest", 1)["code"] == 0
    with pytest.raises(AssertionError):
        wire.create("UserRequest", {"org_id": 3, "title": "x"})
    assert itop.calls[-1].fault == "html_503"


def test_the_world_shows_everything_but_passwords_and_contents(itop: ItopSimulator, wire: Wire) -> None:
    number = itop.do("new_ticket", {"title": "x"})
    itop.do("attach", {"ticket": number, "name": "a.txt", "text": "hello"})
    world = wire("GET", "/_simulator/world").json
    assert [one["ref"] for one in world["ticket"]] == ["R-000001"]
    assert world["attachment"][0]["contents"] == {
        "name": "a.txt",
        "type": "application/octet-stream",
        "size": 5,
        "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    }
    assert {one["login"] for one in world["accounts"]} >= {BRIDGE, "bridge-agent", "restonly", "limited"}
    assert PASSWORD not in str(world)


def test_a_reset_brings_back_the_first_world(itop: ItopSimulator, wire: Wire) -> None:
    itop.do("new_ticket", {"title": "x"})
    wire.do("switch", name="php", value=7)
    wire.do("zone", name="Asia/Jakarta")
    wire.do("webhook", url="http://127.0.0.1:1")
    wire.do("account", login=BRIDGE, profiles=[])
    assert wire("POST", "/_simulator/reset", b"{}").status == 200
    assert (itop.php, itop.data.clock.zone, itop.sender.url, itop.calls) == (8, "Europe/Paris", "", [])
    assert itop.data.accounts[BRIDGE].is_admin
    assert "Ticket" not in itop.data.objects


@pytest.mark.parametrize(
    "order",
    [
        {"action": "nothing"},
        {"action": "switch", "name": "nothing", "value": 1},
        {"action": "switch", "name": "php", "value": "8"},
        {"action": "edit_ticket", "ticket": 99},
        {"action": "delete_attachment", "attachment": 99},
        {"action": "edit_ticket", "ticket": 1, "context": "nowhere"},
        {"action": "new_ticket"},
    ],
)
def test_an_order_that_cannot_be_understood_is_refused(
    itop: ItopSimulator, wire: Wire, order: dict[str, object]
) -> None:
    itop.do("new_ticket", {"title": "x"})
    assert wire("POST", "/_simulator/do", json.dumps(order).encode()).status == 400


def test_an_act_that_itop_refuses_says_why(itop: ItopSimulator, wire: Wire) -> None:
    number = itop.do("new_ticket", {"title": "x"})
    order = {"action": "stimulate", "ticket": number, "stimulus": "ev_close"}
    seen = wire("POST", "/_simulator/do", json.dumps(order).encode())
    assert (seen.status, "Invalid stimulus" in seen.json["error"]) == (400, True)


def test_the_page_for_people_is_inert_and_shows_tickets_logs_files_webhooks_and_calls(
    itop: ItopSimulator, wire: Wire
) -> None:
    number = itop.do("new_ticket", {"title": "<script>alert(1)</script>"})
    itop.do("add_log", {"ticket": number, "text": "look here"})
    itop.do("attach", {"ticket": number, "name": "a.txt", "text": "hello"})
    wire.get("UserRequest", number)
    seen = wire("GET", "/")
    page = seen.body.decode()
    assert "default-src 'none'" in seen.headers["content-security-policy"]
    assert "<script>" not in page
    for text in ("iTop, external (simulated)", "&lt;script&gt;", "look here", "a.txt", "core/get UserRequest::1"):
        assert text in page
    assert len(itop.calls) == 1


def test_a_ticket_has_a_page_where_itop_has_it(itop: ItopSimulator, wire: Wire) -> None:
    number = itop.do("new_ticket", {"title": "<b>No power</b>"})
    itop.do("add_log", {"ticket": number, "text": "look here"})
    itop.do("attach", {"ticket": number, "name": "a.txt", "text": "hello"})
    page = wire("GET", f"/pages/UI.php?operation=details&class=Ticket&id={number}").body.decode()
    for text in ("R-000001: &lt;b&gt;No power", "look here", "a.txt"):
        assert text in page
    assert wire("GET", "/pages/UI.php?operation=details&class=Ticket&id=99").status == 404
