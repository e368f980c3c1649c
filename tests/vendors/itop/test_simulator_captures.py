"""The simulated iTop answers each recorded call as the real one did, to the letter."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.vendors.itop.simulator import BRIDGE, PASSWORD, ItopSimulator
from integrations.vendors.itop.simulator.world import Blob

from .conftest import Wire
from .saying import CAPTURES, capture

REST = sorted(path.stem for path in CAPTURES.glob("*.json") if not path.stem.startswith("webhook"))
HTML = '<p>Line one<br>Line "two"</p><p>Café – ünïcode 😀 </p>'
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def at(itop: ItopSimulator, text: str) -> None:
    """The clock stands still at this time, by the wall clock of the recorded iTop in November."""
    itop.data.clock.stop(datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(hours=1))


def tickets(itop: ItopSimulator, *numbers: int, **values: Any) -> None:
    stamp = itop.data.clock.stamp()
    for number in numbers:
        made = {"ref": f"R-{number:06d}", "org_id": 3, "title": "t", "start_date": stamp, "last_update": stamp}
        itop.data.add("UserRequest", number, **made | values)


def the_first_ticket(itop: ItopSimulator) -> None:
    at(itop, "2026-11-22 03:29:46")
    tickets(itop, 1, title='Printer "A" & B < C', description=HTML, caller_id=15, impact="2", urgency="2", priority="2")


def an_attachment(itop: ItopSimulator) -> None:
    at(itop, "2026-11-22 03:32:27")
    tickets(itop, 9)
    stamp = itop.data.clock.stamp()
    itop.data.add(
        "Attachment",
        expire=stamp,
        creation_date=stamp,
        item_class="UserRequest",
        item_id="9",
        item_org_id="3",
        contents=Blob(b"hello attachment", "text/plain", "hello.txt"),
        user_id=2,
        contact_id=40,
    )


def many(itop: ItopSimulator) -> None:
    """38 in all, of which 36 are not closed."""
    at(itop, "2026-11-22 03:41:04")
    tickets(itop, *range(6, 42))
    tickets(itop, 42)
    at(itop, "2026-11-22 03:41:06")
    tickets(itop, 43, status="assigned")
    for number in (6, 7):
        itop.data.objects["Ticket"][number]["status"] = "closed"


def the_last_ticket(itop: ItopSimulator, **values: Any) -> None:
    at(itop, "2026-11-22 03:41:06")
    tickets(itop, 43, **values)


def a_picture(itop: ItopSimulator) -> None:
    at(itop, "2026-11-22 03:36:38")
    itop.data.root = "http://internal-itop.example.test/"
    content = Blob(b64decode(PIXEL), "image/png", "shot.png")
    stamp = itop.data.clock.stamp()
    itop.data.add(
        "InlineImage",
        expire=stamp,
        item_class="UserRequest",
        item_id="37",
        item_org_id="3",
        contents=content,
        secret="abcdef0123456789",
    )


def a_picture_in_a_log(itop: ItopSimulator) -> None:
    a_picture(itop)
    tickets(itop, 37)
    source = f"{itop.data.root}pages/ajax.document.php?operation=download_inlineimage&amp;id=1&amp;s=abcdef0123456789"
    html = f'<p>look <img src="{source}" style="width:10px"></p>'
    wire = Wire(itop.url)
    wire.update("UserRequest", 37, {"private_log": html, "description": html}, user="bridge-admin")


def what_became_of_the_log(itop: ItopSimulator) -> None:
    """Every way in which a log can be written, one after the other."""
    at(itop, "2026-11-22 03:31:49")
    tickets(itop, 8)
    wire = Wire(itop.url)

    def write(**fields: Any) -> None:
        assert wire.update("UserRequest", 8, fields, user="bridge-admin")["code"] == 0

    imported = {"date": "2024-01-02 03:04:05", "user_login": "Remote User", "message": "replaced all"}
    write(private_log={"items": [imported]})
    write(private_log={"add_item": {"message": "<p>with id</p>", "user_id": 2, "date": "2020-01-01 00:00:00"}})
    write(public_log="public entry", private_log={"add_item": {"message": ""}})
    at(itop, "2026-11-22 03:31:51")
    write(private_log=f'<p>see <img src="data:image/png;base64,{PIXEL}"></p>')


def an_entry_before(itop: ItopSimulator) -> None:
    at(itop, "2026-11-22 03:31:46")
    tickets(itop, 8)
    Wire(itop.url).update("UserRequest", 8, {"private_log": "plain text line 1\nline <b>2</b>"}, user="bridge-admin")
    at(itop, "2026-11-22 03:31:47")


def no_entry_before(itop: ItopSimulator) -> None:
    at(itop, "2026-11-22 03:31:46")
    tickets(itop, 8)


SCENES: dict[str, Callable[[ItopSimulator], None]] = {
    "create_userrequest_html": lambda itop: at(itop, "2026-11-22 03:29:46"),
    "get_userrequest_all_fields": the_first_ticket,
    "create_attachment": lambda itop: (at(itop, "2026-11-22 03:32:27"), tickets(itop, 9))[0],
    "get_attachment": an_attachment,
    "list_attachments_of_ticket": an_attachment,
    "delete_attachment": an_attachment,
    "get_by_oql_paged": many,
    "get_page_past_end": many,
    "update_title": the_last_ticket,
    "stimulus_ok": the_last_ticket,
    "stimulus_invalid": lambda itop: the_last_ticket(itop, status="assigned"),
    "stimulus_missing_field": lambda itop: the_last_ticket(itop, status="assigned"),
    "unauthorized_class": the_last_ticket,
    "update_private_log_plain": no_entry_before,
    "update_private_log_add_item": an_entry_before,
    "update_private_log_on_behalf": lambda itop: tickets(itop, 46),
    "get_logs": what_became_of_the_log,
    "get_inline_image": a_picture,
    "get_log_with_inline_image": a_picture_in_a_log,
    "bad_enum": lambda itop: None,
    "error_wrong_password": lambda itop: None,
    "get_missing": lambda itop: None,
    "update_missing": lambda itop: None,
    "list_operations": lambda itop: None,
}


@pytest.mark.parametrize("name", REST)
def test_the_recorded_call_gets_the_recorded_answer(itop: ItopSimulator, wire: Wire, name: str) -> None:
    admin = replace(itop.data.accounts[BRIDGE], login="bridge-admin")
    itop.data.accounts["bridge-admin"] = admin
    itop.data.objects["User"][admin.user_id]["login"] = "bridge-admin"
    SCENES[name](itop)
    form = capture(name)["request"]["form"]
    password = "wrong" if name == "error_wrong_password" else PASSWORD
    given = dict(form["json_data"])
    answer = wire.rest(given.pop("operation"), user=form["auth_user"], password=password, **{"comment": None} | given)
    wanted = capture(name)["response"]
    assert wanted["http_status"] == 200
    assert answer == wanted["body"]
    if answer.get("objects"):
        assert [list(one["fields"]) for one in answer["objects"].values()] == [
            list(one["fields"]) for one in wanted["body"]["objects"].values()
        ]
