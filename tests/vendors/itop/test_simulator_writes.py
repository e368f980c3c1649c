"""What the simulated iTop makes of what is written: values, HTML, logs, attachments, lives, and what it does not
check."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.vendors.itop.simulator import ItopSimulator
from integrations.vendors.itop.simulator.markup import DEBRIS, sanitised, text_of
from integrations.vendors.itop.simulator.world import AGENT, SERVICE, TEAM

from .conftest import Wire, only
from .test_simulator_rest import NEW, make

ASSIGN = {"team_id": TEAM, "agent_id": AGENT}
SOLVE = {"solution": "Restarted", "service_id": SERVICE}


def entries(wire: Wire, number: int, log: str = "private_log") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = only(wire.get("UserRequest", number, log))[log]["entries"]
    return found


# --- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "stored"), [(15, "15"), ("15", "15"), ({"name": "Monet"}, "16"), (0, "0"), ("0", "0"), (None, "0")]
)
def test_a_reference_may_be_an_id_or_criteria_and_0_clears_it(wire: Wire, value: Any, stored: str) -> None:
    number = make(wire, caller_id=15)
    assert only(wire.update("UserRequest", number, {"caller_id": value}))["caller_id"] == stored


def test_a_reference_may_be_a_query_that_finds_one(wire: Wire) -> None:
    number = make(wire)
    answer = wire.update("UserRequest", number, {"caller_id": "SELECT Person WHERE first_name = 'Claude'"})
    assert only(answer)["caller_id"] == "16"
    for query, said in (
        ("SELECT Person", "Several items found (9)"),
        ("SELECT Person WHERE id = 999", "No item found"),
    ):
        assert said in wire.update("UserRequest", number, {"caller_id": query})["message"]


def test_rest_enforces_less_than_the_forms(wire: Wire) -> None:
    number = make(wire, status="closed", ref="X-1", start_date="2020-01-01 00:00:00", agent_id=AGENT)
    fields = only(wire.get("UserRequest", number))
    assert (fields["status"], fields["ref"], fields["start_date"]) == ("closed", "X-1", "2020-01-01 00:00:00")
    assert (fields["caller_id"], fields["resolution_date"], fields["close_date"]) == ("0", "", "")
    assert only(wire.update("UserRequest", number, {"title": "changed", "private_log": "late"}))["title"] == "changed"
    assert len(entries(wire, number)) == 1


def test_priority_follows_impact_and_urgency(wire: Wire) -> None:
    assert only(wire.create("UserRequest", NEW | {"impact": "1", "urgency": 1}))["priority"] == "1"
    assert only(wire.update("UserRequest", 1, {"urgency": "4"}))["priority"] == "4"


def test_a_write_that_changes_nothing_does_not_move_the_ticket(itop: ItopSimulator, wire: Wire) -> None:
    number = make(wire)
    before = only(wire.get("UserRequest", number, "last_update"))
    wire.do("pass_minutes", minutes=5)
    assert only(wire.update("UserRequest", number, {"title": "No power"}, "last_update")) == before
    assert only(wire.update("UserRequest", number, {"title": "x"}, "last_update")) != before


def test_times_are_those_of_the_wall_in_each_zone(itop: ItopSimulator, wire: Wire) -> None:
    itop.data.clock.stop(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    number = make(wire)
    seen = [only(wire.get("UserRequest", number, "last_update"))["last_update"]]
    for title in ("a", "b"):
        wire.do("pass_minutes", minutes=60)
        seen.append(only(wire.update("UserRequest", number, {"title": title}, "last_update"))["last_update"])
    wire.do("zone", name="Asia/Jakarta")
    seen.append(only(wire.update("UserRequest", number, {"title": "c"}, "last_update"))["last_update"])
    assert seen == ["2026-10-25 02:30:00", "2026-10-25 02:30:00", "2026-10-25 03:30:00", "2026-10-25 09:30:00"]


# --- HTML -------------------------------------------------------------------------------------------------------------

ROOT = "http://itop.example.com/"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("plain", "<p>plain</p>"),
        ("one\ntwo <b>three</b>", "<p>one\ntwo <b>three</b></p>"),
        ("a <tag> b", "<p>a  b</p>"),
        ("<p style=\"color:red\" onclick=\"x()\">a</p>", '<p style="color:red">a</p>'),
        ("<script>x()</script><p>a</p><iframe src=x>y</iframe>", "<p>a</p>"),
        ('<p><img src="data:image/png;base64,AA"></p>', '<p><img src="data:image/png;base64,AA"></p>'),
        ('<p><img src="https://elsewhere.example.com/x.png" onerror="x()"></p>',
         '<p><img src="https://elsewhere.example.com/x.png"></p>'),
        ("lead <p>block</p>", "<p>lead </p><p>block</p>"),
        ("", ""),
    ],
)  # fmt: skip
def test_html_is_sanitised(given: str, stored: str) -> None:
    assert sanitised(given, ROOT) == stored


def test_a_picture_of_its_own_is_marked_and_the_mark_of_another_instance_is_taken_away() -> None:
    path = "pages/ajax.document.php?operation=download_inlineimage&amp;id=7&amp;s=ab12"
    own = sanitised(f'<p><img src="{ROOT}{path}" data-img-id="9" data-img-secret="ff"></p>', ROOT)
    assert own == f'<p><img src="{ROOT}{path}" data-img-id="7" data-img-secret="ab12"></p>'
    other = sanitised(
        f'<p><img src="http://other.example.com/{path}" data-img-id="7" data-img-secret="ab12"></p>', ROOT
    )
    assert other == f'<p><img src="http://other.example.com/{path}"></p>'


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("<p>a <b>b</b></p><p>c &amp; d</p>", "a b\n\nc & d"),
        ("<p>one\ntwo</p>", "one two"),
        ("one<br/>two", "one\ntwo"),
        ('<p>look <img src="x"></p>', "look"),
        ('<p><img src="x"></p>', ""),
        (DEBRIS, ""),
    ],
)
def test_the_text_of_html_is_derived(stored: str, text: str) -> None:
    assert text_of(stored) == text


# --- logs -------------------------------------------------------------------------------------------------------------


def test_an_entry_is_appended_by_a_text_or_an_item_and_has_no_id(wire: Wire) -> None:
    number = make(wire)
    wire.update("UserRequest", number, {"private_log": "<p>one</p>"})
    wire.update("UserRequest", number, {"private_log": {"add_item": {"message": "a <b>\nc", "format": "text"}}})
    wire.update("UserRequest", number, {"private_log": ""})
    first, second = entries(wire, number)
    assert set(first) == {"date", "user_login", "user_id", "message", "message_html"}
    assert (first["user_login"], first["user_id"], first["message_html"]) == ("Bridge Robot", "2", "<p>one</p>")
    assert (second["message_html"], second["message"]) == ("a &lt;b&gt;<br/>c", "a <b>\nc")


def test_an_empty_item_leaves_debris(wire: Wire) -> None:
    number = make(wire, private_log={"add_item": {"message": ""}})
    assert entries(wire, number)[0]["message_html"] == DEBRIS


@pytest.mark.parametrize(
    ("item", "author", "user_id"),
    [
        ({"user_login": "Jane"}, "Bridge Robot", "2"),
        ({"user_id": 0, "user_login": "Jane (external)"}, "Jane (external)", 0),
        ({"user_id": 6}, "Agnes Weber", "6"),
        ({"user_id": 0}, "", 0),
    ],
)
def test_an_author_is_kept_only_with_an_id(wire: Wire, item: dict[str, Any], author: str, user_id: Any) -> None:
    number = make(wire, private_log={"add_item": {"message": "x", **item}})
    (entry,) = entries(wire, number)
    assert (entry["user_login"], entry["user_id"]) == (author, user_id)


def test_a_date_may_be_past_or_future_and_free_text_is_refused(wire: Wire) -> None:
    number = make(wire, private_log={"add_item": {"message": "x", "date": "2020-01-01 00:00:00"}})
    wire.update("UserRequest", number, {"private_log": {"add_item": {"message": "x", "date": "2999-01-01 00:00:00"}}})
    assert [entry["date"][:4] for entry in entries(wire, number)] == ["2020", "2999"]
    refused = wire.update("UserRequest", number, {"private_log": {"add_item": {"message": "x", "date": "yesterday"}}})
    assert refused["code"] == 100


def test_items_replace_the_whole_log(wire: Wire) -> None:
    number = make(wire, private_log="one")
    wire.update("UserRequest", number, {"private_log": {"items": [{"message": "all", "user_login": "R", "date": ""}]}})
    assert [entry["message_html"] for entry in entries(wire, number)] == ["all"]


def test_of_appends_at_the_same_time_all_succeed_and_one_survives(itop: ItopSimulator, wire: Wire) -> None:
    number = make(wire)
    wire.do("switch", name="lost_appends", value=3)
    for text in "abcd":
        answer = wire.update("UserRequest", number, {"private_log": text}, "private_log")
        assert only(answer)["private_log"]["entries"][-1]["message"] == text
    assert [entry["message"] for entry in entries(wire, number)] == ["d"]


def test_a_ticket_has_a_public_log_too_but_a_change_has_none(wire: Wire) -> None:
    number = make(wire, public_log="aloud")
    assert len(entries(wire, number, "public_log")) == 1
    make(wire, "NormalChange")
    assert wire.get("NormalChange", 2, "public_log")["code"] == 100


# --- attachments ------------------------------------------------------------------------------------------------------


def attach(wire: Wire, **fields: Any) -> dict[str, Any]:
    given = {"item_class": "UserRequest", "item_id": 9} | fields
    found: dict[str, Any] = only(wire.create("Attachment", given))
    return found


@pytest.mark.parametrize(
    ("data", "content"),
    [("aGk=", b"hi"), ("aGk", b"hi"), ("*a*G*k*", b"hi"), ("a G\nk=", b"hi"), ("aGkx!", b"hi1"), ("a", b""), ("", b"")],
)
def test_base64_that_is_none_becomes_other_bytes(wire: Wire, data: str, content: bytes) -> None:
    found = attach(wire, contents={"data": data, "mimetype": "text/plain", "filename": "a"})
    assert base64.b64decode(found["contents"]["data"]) == content


def test_almost_nothing_of_an_attachment_is_checked(wire: Wire) -> None:
    bare = attach(wire, item_id=999999)
    assert (bare["item_org_id"], bare["contents"]) == ("0", None)
    nameless = attach(wire, contents={"data": "aGk="})
    assert (nameless["contents"]["filename"], nameless["contents"]["mimetype"]) == (None, None)
    assert wire.create("Attachment", {"contents": "aGk="})["code"] == 100


def test_attaching_moves_neither_the_ticket_nor_its_history(itop: ItopSimulator, wire: Wire) -> None:
    number = make(wire)
    before = only(wire.get("UserRequest", number))
    wire.do("pass_minutes", minutes=5)
    attach(wire, item_id=number)
    assert only(wire.get("UserRequest", number)) == before


def test_a_deleted_ticket_takes_its_attachments_along(wire: Wire) -> None:
    number = make(wire)
    attach(wire, item_id=number)
    answer = wire.delete("UserRequest", number)
    assert answer["message"] == "Deleted: 1 plus (for DB integrity) 1"
    assert wire.get("Attachment", "SELECT Attachment", "id")["objects"] is None


def test_a_simulated_deletion_deletes_nothing_and_a_query_deletes_all_it_finds(wire: Wire) -> None:
    for _ in range(2):
        attach(wire)
    assert wire.delete("Attachment", "SELECT Attachment", simulate=True)["message"] == "SIMULATING: Deleted: 2"
    assert wire.delete("Attachment", "SELECT Attachment")["message"] == "Deleted: 2"
    assert wire.get("Attachment", "SELECT Attachment", "id")["objects"] is None
