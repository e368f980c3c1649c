"""Tickets, notes, files and parameters of TOGA 2, as the client reads and writes them."""

from __future__ import annotations

import io
import json
import random
import tracemalloc
from typing import Any

import pytest

from integrations.transport.errors import (
    ConfigurationError,
    MalformedResponseError,
    NotFoundError,
    RejectedError,
    UnknownOutcomeError,
)
from integrations.vendors import file_in_json as files
from integrations.vendors.simulation import Reply
from integrations.vendors.toga.api import TogaApi
from integrations.vendors.toga.dialect import KINDS
from integrations.vendors.toga.simulator import TogaSimulator

from .conftest import OpenApi, sent

TICKETS = KINDS["TICKETS"]


def test_a_ticket_is_read_with_its_notes_and_their_files_in_one_call(toga: TogaSimulator, api: TogaApi) -> None:
    contact = next(iter(toga.data.records["contacts"]))
    battery = next(key for key, row in toga.data.records["ticket-categories"].items() if row["name"] == "Battery")
    ticket = toga.do("add_ticket", {"subject": "No power", "contact": contact, "ticketCategory": battery})
    note = toga.do("add_note", {"ticket": ticket, "text": "It is dead.", "external": True, "contact": contact})
    toga.do("add_note", {"ticket": ticket, "text": "Order one.", "external": False})
    file = toga.do("add_file", {"note": note, "name": "photo.png", "content": "PNG", "type": "image/png"})
    toga.calls.clear()
    read = api.ticket(TICKETS, ticket)
    assert (read.subject, read.contact, read.category) == ("No power", contact, "Hardware > Laptop > Battery")
    assert {(one.body, one.is_external) for one in read.notes} == {("It is dead.", True), ("Order one.", False)}
    (shown,) = [one for one in read.notes if one.uuid == note]
    assert shown.files is not None
    assert [(one.uuid, one.name, one.size) for one in shown.files] == [(file, "photo.png", 3)]
    assert shown.author == contact
    assert sent(toga) == [f"GET tickets/{ticket}"]


def test_files_that_the_ticket_does_not_show_are_not_taken_for_none(toga: TogaSimulator, api: TogaApi) -> None:
    toga.nested_notes_show_files = False
    ticket = toga.do("add_ticket", {"subject": "a"})
    note = toga.do("add_note", {"ticket": ticket, "text": "b"})
    file = toga.do("add_file", {"note": note, "name": "f", "content": "c"})
    assert api.ticket(TICKETS, ticket).notes[0].files is None
    found = api.note(TICKETS, note).files
    assert found is not None
    assert [one.uuid for one in found] == [file]


def test_the_route_of_a_notes_files_is_no_list(toga: TogaSimulator, open_api: OpenApi) -> None:
    """What the source warns of, as the simulator has it: EV-6 for none, the record for one, EV-14 for several."""
    api = open_api()
    note = toga.do("add_note", {"ticket": toga.do("add_ticket", {"subject": "a"}), "text": "b"})
    path = f"ticket-notes/{note}/ticket-note-files"
    codes = []
    for name in ("1", "2", "3"):
        answer = api._session.call("GET", path)
        codes.append((answer.status, answer.json().get("errors", [{}])[0].get("code")))
        toga.do("add_file", {"note": note, "name": name, "content": name})
    assert codes == [(404, "EV-6"), (200, None), (404, "EV-14")]


def test_the_fingerprint_is_the_same_in_a_list_and_at_depth_and_changes_with_the_record(
    toga: TogaSimulator, api: TogaApi
) -> None:
    ticket = toga.do("add_ticket", {"subject": "a"})
    (row,), _ = api.changed(TICKETS.tickets, None, "", limit=10)
    assert row.fingerprint == api.ticket(TICKETS, ticket).fingerprint
    toga.data.records["tickets"][ticket]["subject"] = "b"  # in the same second
    (row,), _ = api.changed(TICKETS.tickets, None, "", limit=10)
    assert row.fingerprint == api.ticket(TICKETS, ticket).fingerprint
    assert row.fingerprint != api.ticket(TICKETS, ticket).uuid


def test_repair_orders_go_by_their_own_names(toga: TogaSimulator, api: TogaApi) -> None:
    toga.repair_orders = True
    ticket = api.create_ticket(KINDS["REPAIR_ORDERS"], {"subject": "Screen"})
    note = api.create_note(KINDS["REPAIR_ORDERS"], ticket, body="n", is_external=False)
    (row,), _ = api.changed(KINDS["REPAIR_ORDERS"].tickets, None, "", limit=10)
    assert row.uuid == ticket
    assert [one.uuid for one in api.ticket(KINDS["REPAIR_ORDERS"], ticket).notes] == [note]
    assert {call.path.split("/")[2] for call in toga.calls} == {"repair-orders", "repair-order-notes"}


def test_a_new_record_says_which_it_is_or_its_fate_is_unknown(
    toga: TogaSimulator, api: TogaApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert api.create_ticket(TICKETS, {"subject": "a"}) in toga.data.records["tickets"]
    for body in (b"{}", b'{"data":{"tickets":{}}}', b'{"data":{"tickets":[]}}', b"nonsense"):
        monkeypatch.setattr(toga, "handle", lambda request, body=body: Reply(200, body))
        with pytest.raises(UnknownOutcomeError):
            api.create_ticket(TICKETS, {"subject": "a"})


@pytest.mark.parametrize("fault", ["answer_lost", "committed_500", "committed_429", "garbage", "truncated"])
def test_a_note_whose_answer_is_spoiled_is_sent_once_and_unknown(toga: TogaSimulator, api: TogaApi, fault: str) -> None:
    ticket = toga.do("add_ticket", {"subject": "a"})
    toga.fault(fault, method="POST")
    with pytest.raises(UnknownOutcomeError):
        api.create_note(TICKETS, ticket, body="b", is_external=True)
    assert sent(toga) == ["POST ticket-notes"]


def test_a_refusal_is_the_vendors_own_sentence(toga: TogaSimulator, api: TogaApi) -> None:
    with pytest.raises(RejectedError, match="ticket points to no record"):
        api.create_note(TICKETS, "no-such-ticket", body="b", is_external=True)
    with pytest.raises(NotFoundError):
        api.ticket(TICKETS, "no-such-ticket")


@pytest.mark.parametrize(
    "note",
    [
        {"uuid": "n1", "_updated": "2026-01-01 00:00:00"},
        {"uuid": "n1", "_updated": "2026-01-01 00:00:00", "isExternal": "yes"},
        {"uuid": "../x", "_updated": "2026-01-01 00:00:00", "isExternal": True},
        {"uuid": "n1", "_updated": "soon", "isExternal": True},
        {"uuid": "n1", "isExternal": True},
    ],
)
def test_a_note_that_could_be_misread_is_malformed(
    toga: TogaSimulator, api: TogaApi, note: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"uuid": "t1", "_updated": "2026-01-01 00:00:00", "ticketNotes": [note]}
    monkeypatch.setattr(toga, "handle", lambda request: Reply.of({"data": {"tickets": row}}))
    with pytest.raises(MalformedResponseError):
        api.ticket(TICKETS, "t1")


def test_a_parameter_is_made_once_and_then_changed(toga: TogaSimulator, api: TogaApi) -> None:
    assert api.parameter("MARK") is None
    api.set_parameter(None, "MARK", "2026-01-01 00:00:00")
    known = api.parameter("MARK")
    assert known is not None
    api.set_parameter(known, "MARK", "2026-01-02 00:00:00")
    assert [row["value"] for row in toga.data.records["parameters"].values()] == ["2026-01-02 00:00:00"]
    toga.data.add("parameters", name="MARK", value="2026-01-03 00:00:00")
    with pytest.raises(ConfigurationError, match="2 parameters of the name MARK"):
        api.parameter("MARK")


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, files.CHUNK - 1, files.CHUNK, files.CHUNK + 1, 3 * files.CHUNK + 2])
def test_a_file_arrives_byte_by_byte_as_it_was_sent(toga: TogaSimulator, api: TogaApi, size: int) -> None:
    content = random.Random(size).randbytes(size)
    file = api.create_file(io.BytesIO(content), name='a/ä"\\.bin', size=size, media_type="application/x")
    assert toga.data.records["files"][file]["content"] == content
    target = io.BytesIO()
    assert api.download_file(file, target, io.BytesIO()) == size
    assert target.getvalue() == content


def test_a_large_file_takes_no_memory_either_way(tmp_path: Any) -> None:
    """40 MB through base64 JSON; what is measured is Python's own memory, without the vendor's."""
    size = 40_000_000
    with (tmp_path / "sent").open("w+b") as sent_, (tmp_path / "got").open("w+b") as got:
        sent_.truncate(size)
        sent_.seek(0)
        with (tmp_path / "wire").open("w+b") as wire:
            tracemalloc.start()
            before, after = files.halves({"name": "x", "data": ""})
            for piece in files.Encoded(before, sent_, size, after):
                wire.write(piece)
            wire.seek(0)
            assert files.decode(wire, got, path=("data",)) == (size, b'{"name": "x", "data": ""}')
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
    assert peak < 2_000_000


def test_a_file_that_shrinks_while_it_is_sent_is_not_stored(toga: TogaSimulator, api: TogaApi) -> None:
    with pytest.raises(UnknownOutcomeError):
        api.create_file(io.BytesIO(b"short"), name="x", size=6, media_type="text/plain")
    assert toga.data.records["files"] == {}


@pytest.mark.parametrize(
    "document",
    [
        '{"data": "aGk="}',
        '{ "other" : {"data":"eHg="}, "more":[1,{"data":"}"}], "text":"\\"data\\":", "data" :\n"aG\\/=" }',
        '{"n":-1.5e3,"t":true,"data":"aGk=","after":1}',
    ],
)
def test_the_text_is_found_wherever_it_stands(document: str) -> None:
    target = io.BytesIO()
    files.decode(io.BytesIO(document.encode()), target, path=("data",))
    import base64

    assert target.getvalue() == base64.b64decode(json.loads(document)["data"])


@pytest.mark.parametrize("document", ["", "[]", "{}", '{"data":null}', '{"data":{"data":"aGk="}}'])
def test_where_no_file_is_the_document_is_left(document: str) -> None:
    assert files.decode(io.BytesIO(document.encode()), io.BytesIO(), path=("data",)) == (None, document.encode())


@pytest.mark.parametrize("document", ["{", '{"data":"aGk', '{"data":"a*k="}', '{"data":"aGk"}', '{"a', '{"a":[1'])
def test_what_is_no_file_is_malformed(document: str) -> None:
    with pytest.raises(MalformedResponseError):
        files.decode(io.BytesIO(document.encode()), io.BytesIO(), path=("data",))
