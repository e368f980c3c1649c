"""The simulator takes writes as Freshservice does: what it wants, what it answers, files in forms."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.vendors.freshservice.simulator import FreshserviceSimulator
from integrations.vendors.freshservice.simulator.bodies import MOST_BYTES
from integrations.vendors.freshservice.simulator.world import PORTAL_AGENT, REQUESTER

from .conftest import TICKET, Seen, Wire

BOUNDARY = "a-boundary"


def form(*parts: tuple[str, str | tuple[str, bytes]]) -> bytes:
    body = b""
    for name, value in parts:
        shown = f'; filename="{value[0]}"' if isinstance(value, tuple) else ""
        content = value[1] if isinstance(value, tuple) else value.encode()
        kind = "Content-Type: text/plain\r\n" if isinstance(value, tuple) else ""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n{kind}\r\n'
        body += head.encode() + content + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


def send(wire: Wire, method: str, path: str, *parts: tuple[str, str | tuple[str, bytes]]) -> Seen:
    return wire(method, path, form(*parts), kind=f"multipart/form-data; boundary={BOUNDARY}")


def create(wire: Wire, **values: Any) -> Seen:
    return wire("POST", "tickets", TICKET | values)


def test_a_ticket_is_made_for_the_requester_of_the_address(wire: Wire) -> None:
    seen = create(wire, tags=["a"])
    assert (seen.status, seen.json["ticket"]["requester_id"], seen.json["ticket"]["tags"]) == (201, REQUESTER, ["a"])
    new = create(wire, email="new@elite.example.com").json["ticket"]["requester_id"]
    assert wire.get(f"requesters/{new}")["requester"]["primary_email"] == "new@elite.example.com"


@pytest.mark.parametrize("missing", ["subject", "description", "status", "priority", "email"])
def test_what_a_ticket_needs_is_named(wire: Wire, missing: str) -> None:
    seen = wire("POST", "tickets", {name: value for name, value in TICKET.items() if name != missing})
    field = "requester_id" if missing == "email" else missing
    assert (seen.status, seen.json["errors"]) == (
        400,
        [{"field": field, "message": "This field cannot be empty", "code": "missing_field"}],
    )


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"status": "2"}, "datatype_mismatch"),
        ({"group_id": 1}, "invalid_value"),
        ({"colour": "red"}, "invalid_field"),
        ({"type": "Service Request"}, "invalid_value"),
    ],
)
def test_a_wrong_value_is_named_with_its_code(wire: Wire, values: dict[str, Any], code: str) -> None:
    assert create(wire, **values).json["errors"][0]["code"] == code


def test_what_is_no_json_is_refused(wire: Wire) -> None:
    for body in (b"{", b"[]"):
        assert wire("POST", "tickets", body).json["errors"][0]["code"] == "invalid_json"


def test_a_form_brings_files_lists_and_custom_fields(freshservice: FreshserviceSimulator, wire: Wire) -> None:
    parts: list[tuple[str, str | tuple[str, bytes]]] = [(name, str(value)) for name, value in TICKET.items()]
    parts += [("cc_emails[]", "a@x.example"), ("cc_emails[]", "b@x.example"), ("custom_fields[asset_tag]", "7")]
    parts += [("attachments[]", ("a.txt", b"one")), ("attachments[]", ("a.txt", b"two"))]
    ticket = send(wire, "POST", "tickets", *parts).json["ticket"]
    assert (ticket["status"], ticket["cc_emails"]) == (2, ["a@x.example", "b@x.example"])
    assert ticket["custom_fields"]["asset_tag"] == "7"
    assert [(row["name"], row["size"]) for row in ticket["attachments"]] == [("a.txt", 3), ("a.txt", 3)]
    assert sorted(file.content for file in freshservice.data.files.values()) == [b"one", b"two"]


def test_files_of_a_ticket_have_a_limit_together(freshservice: FreshserviceSimulator, wire: Wire) -> None:
    number = wire.do("new_ticket", subject="x")
    wire.do("attach", ticket=number, name="large", size=MOST_BYTES - 1)
    body = ("body", "x")
    assert send(wire, "POST", f"tickets/{number}/notes", body, ("attachments[]", ("a", b"1"))).status == 201
    assert send(wire, "POST", f"tickets/{number}/notes", body, ("attachments[]", ("a", b"1"))).status == 400
    freshservice.files_per_call = 1
    two = (("attachments[]", ("a", b"")), ("attachments[]", ("b", b"")))
    assert send(wire, "POST", f"tickets/{number}/notes", body, *two).status == 400


def test_the_answers_to_a_reply_and_a_note_lack_what_was_never_recorded(wire: Wire) -> None:
    number = wire.do("new_ticket", subject="x")
    reply = wire("POST", f"tickets/{number}/reply", {"body": "x"})
    note = wire("POST", f"tickets/{number}/notes", {"body": "x"})
    assert (reply.status, note.status) == (201, 201)
    assert not {"incoming", "private", "source"} & reply.json["conversation"].keys()
    assert not {"source", "from_email", "cc_emails", "bcc_emails"} & note.json["conversation"].keys()
    assert (note.json["conversation"]["private"], note.json["conversation"]["user_id"]) == (True, PORTAL_AGENT)
    assert wire("POST", f"tickets/{number}/notes", {}).status == 400
    assert wire("POST", f"tickets/{number}/note", {"body": "x"}).status == 404


def test_a_ticket_is_changed_deleted_and_restored(wire: Wire) -> None:
    number = wire.do("new_ticket", subject="x", tags=["a"])
    changed = wire("PUT", f"tickets/{number}", {"status": 3, "tags": ["b"], "custom_fields": {"asset_tag": "9"}})
    assert (changed.json["ticket"]["status"], changed.json["ticket"]["tags"]) == (3, ["b"])
    assert changed.json["ticket"]["custom_fields"] == {"asset_tag": "9", "affected_sites": []}
    assert wire("DELETE", f"tickets/{number}").status == 204
    assert wire("PUT", f"tickets/{number}/restore").status == 204
    assert wire.get(f"tickets/{number}")["ticket"]["deleted"] is False
    assert wire("PATCH", f"tickets/{number}", {}).status == 405


def test_a_required_field_is_wanted_before_a_ticket_is_resolved(
    freshservice: FreshserviceSimulator, wire: Wire
) -> None:
    freshservice.closure_needs_category = True
    number = wire.do("new_ticket", subject="x")
    assert wire("PUT", f"tickets/{number}", {"status": 4}).json["errors"][0]["field"] == "category"
    assert wire("PUT", f"tickets/{number}", {"status": 4, "category": "Access"}).status == 200


def test_a_file_is_taken_off_a_ticket_or_a_conversation(freshservice: FreshserviceSimulator, wire: Wire) -> None:
    number = wire.do("new_ticket", subject="x")
    note = wire.do("note", ticket=number, text="x")
    first = wire.do("attach", ticket=number, name="a", text="1")
    second = wire.do("attach", conversation=note, name="a", text="2")
    assert wire("DELETE", f"tickets/{number}/attachments/{first}").status == 204
    assert wire("DELETE", f"conversations/{note}/attachments/{second}").status == 204
    assert wire("DELETE", f"conversations/{note}/attachments/{second}").status == 404


@pytest.mark.parametrize("touches", [True, False])
def test_a_conversation_moves_its_tickets_last_change_if_so_switched(
    freshservice: FreshserviceSimulator, wire: Wire, touches: bool
) -> None:
    freshservice.note_touches_ticket = touches
    number = wire.do("new_ticket", subject="x")
    wire.do("pass_minutes", minutes=5)
    wire("POST", f"tickets/{number}/notes", {"body": "x"})
    ticket = wire.get(f"tickets/{number}")["ticket"]
    assert (ticket["updated_at"] > ticket["created_at"]) is touches
