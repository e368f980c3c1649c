"""Attachments and pictures: byte by byte, of any size to the limit, without holding them in memory."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest

from integrations.transport.errors import (
    ConfigurationError,
    MalformedResponseError,
    NotFoundError,
    RejectedError,
    UnknownOutcomeError,
    VendorError,
)
from integrations.transport.session import CallRecord
from integrations.vendors import file_in_json
from integrations.vendors.itop.answers import NotAllowed, TooLarge
from integrations.vendors.itop.api import ItopApi
from integrations.vendors.itop.schemas import File, Ticket
from integrations.vendors.itop.simulator import ItopSimulator
from integrations.vendors.itop.simulator.world import Blob
from integrations.vendors.simulation import Reply

from .conftest import OpenApi, Wire, only, sent
from .saying import always

CHUNK = file_in_json.CHUNK


def send(api: ItopApi, ticket: Ticket, content: bytes, name: str = "a.bin", content_type: str = "image/png") -> int:
    return api.create_attachment(ticket, io.BytesIO(content), name=name, size=len(content), content_type=content_type)


def fetch(api: ItopApi, number: int) -> tuple[File, bytes]:
    target = io.BytesIO()
    file = api.download_attachment(number, io.BytesIO(), target)
    return file, target.getvalue()


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 2])
def test_a_file_arrives_byte_by_byte_and_comes_back_so(
    itop: ItopSimulator, api: ItopApi, ticket: Ticket, size: int
) -> None:
    content = random.Random(size).randbytes(size)
    number = send(api, ticket, content)
    stored = itop.data.objects["Attachment"][number]
    assert stored["contents"] == Blob(content, "image/png", "a.bin")
    file, got = fetch(api, number)
    assert (got, file.size, file.name, file.content_type) == (content, size, "a.bin", "image/png")
    assert sent(itop) == ["core/create Attachment", f"core/get Attachment::{number}"]


def test_a_file_hangs_on_its_ticket_with_the_tickets_organisation(
    itop: ItopSimulator, api: ItopApi, ticket: Ticket, open_api: OpenApi
) -> None:
    number = send(api, ticket, b"hello")
    stored = itop.data.objects["Attachment"][number]
    assert (stored["item_class"], stored["item_id"], stored["item_org_id"]) == ("UserRequest", str(ticket.id), "3")
    limited = open_api(username="limited")
    assert fetch(limited, number)[1] == b"hello"
    stored["item_org_id"] = "0"
    with pytest.raises(NotFoundError):
        fetch(limited, number)


@pytest.mark.parametrize(
    "name", ["a.txt", "ä/ö\\ü.txt", '"quoted".txt', "../../etc/passwd", "a\nb", "😀.png", "", "x" * 300]
)
def test_any_name_arrives_as_it_is(itop: ItopSimulator, api: ItopApi, ticket: Ticket, name: str) -> None:
    assert fetch(api, send(api, ticket, b"x", name))[0].name == name


def test_a_write_does_not_show_the_file_again(
    itop: ItopSimulator, open_api: OpenApi, records: list[CallRecord], ticket: Ticket
) -> None:
    send(open_api(), ticket, b"x" * 10_000)
    assert len(records[-1].response_body) < 500


def test_bytes_that_php_writes_with_backslashes_come_back(itop: ItopSimulator, api: ItopApi, ticket: Ticket) -> None:
    content = b"\xff" * 5000  # base64 of nothing but slashes
    number = send(api, ticket, content)
    itop.change = lambda request, real: Reply(200, real.body.replace(b"/", b"\\/"))  # type: ignore[attr-defined]
    assert fetch(api, number)[1] == content


def test_a_file_without_a_name_or_without_anything_is_read(itop: ItopSimulator, api: ItopApi, wire: Wire) -> None:
    nameless = wire.create("Attachment", {"item_class": "UserRequest", "item_id": 9, "contents": {"data": "aGk="}})
    bare = wire.create("Attachment", {"item_class": "UserRequest", "item_id": 9})
    assert only(nameless)["contents"]["filename"] is None
    first, second = (int(next(iter(one["objects"].values()))["key"]) for one in (nameless, bare))
    file, content = fetch(api, first)
    assert (content, file.name, file.content_type, file.item_id) == (b"hi", "", "", 9)
    file, content = fetch(api, second)
    assert (content, file.size, file.name) == (b"", 0, "")


def test_a_file_that_changes_its_size_while_it_is_sent_is_not_stored(
    itop: ItopSimulator, api: ItopApi, ticket: Ticket
) -> None:
    for content in (b"short", b"much too long"):
        with pytest.raises(UnknownOutcomeError):
            api.create_attachment(ticket, io.BytesIO(content), name="x", size=6, content_type="text/plain")
    assert "Attachment" not in itop.data.objects


def test_only_one_attachment_by_its_id_is_ever_deleted(itop: ItopSimulator, api: ItopApi, ticket: Ticket) -> None:
    first, second = send(api, ticket, b"1"), send(api, ticket, b"2")
    api.delete_attachment(first)
    assert list(itop.data.objects["Attachment"]) == [second]
    api.delete_attachment(first)  # gone already
    for query in ("SELECT Attachment", {"item_id": ticket.id}, None):
        with pytest.raises((ValueError, TypeError)):
            api.delete_attachment(query)  # type: ignore[arg-type]
    assert list(itop.data.objects["Attachment"]) == [second]


def test_another_content_and_name_take_the_place_of_the_first_and_no_list_tells(
    itop: ItopSimulator, api: ItopApi, ticket: Ticket
) -> None:
    number = send(api, ticket, b"first")
    before = api.attachment(number)
    api.replace_attachment(number, io.BytesIO(b"second"), name="b.txt", size=6, content_type="text/plain")
    file, content = fetch(api, number)
    assert (file.name, content) == ("b.txt", b"second")
    assert api.attachment(number) == before
    assert [one.id for one in api.attachments_of("UserRequest", ticket.id)] == [number]


def test_a_content_for_an_attachment_that_is_gone_is_not_found(itop: ItopSimulator, api: ItopApi) -> None:
    with pytest.raises(NotFoundError):
        api.replace_attachment(77, io.BytesIO(b"x"), name="x", size=1, content_type="text/plain")


# --- what is too large ------------------------------------------------------------------------------------------------


def test_a_file_beyond_the_connections_limit_is_neither_sent_nor_fetched(
    itop: ItopSimulator, open_api: OpenApi, ticket: Ticket
) -> None:
    api = open_api(max_file_mb="1")
    with pytest.raises(TooLarge):
        send(api, ticket, b"x" * 1_000_001)
    assert itop.calls == []
    assert send(api, ticket, b"x" * 1_000_000)
    for size in (1_000_001, 5_000_000):
        number = itop.do("attach", {"ticket": ticket.id, "name": "large", "size": size})
        with pytest.raises(TooLarge, match="larger than the connection allows"):
            fetch(api, number)


@pytest.mark.parametrize("setting", ["largest_upload", "largest_form"])
def test_a_form_that_php_drops_in_silence_is_a_file_too_large_and_not_a_wrong_password(
    itop: ItopSimulator, api: ItopApi, ticket: Ticket, setting: str
) -> None:
    setattr(itop, setting, 20_000)
    with pytest.raises(TooLarge, match="PHP's limits"):
        send(api, ticket, b"x" * 20_000)
    assert send(api, ticket, b"x" * 10_000)


def test_a_wrong_password_is_not_taken_for_a_file_too_large(
    itop: ItopSimulator, open_api: OpenApi, ticket: Ticket
) -> None:
    with pytest.raises(ConfigurationError, match="refused the login"):
        send(open_api(password="wrong"), ticket, b"x")


def test_a_web_server_that_refuses_the_size_says_so(itop: ItopSimulator, api: ItopApi, ticket: Ticket) -> None:
    itop.change = always(b"<html>Request Entity Too Large</html>", status=413)  # type: ignore[attr-defined]
    with pytest.raises(TooLarge, match="413"):
        send(api, ticket, b"x")


@pytest.mark.parametrize("limit", ["", "0", "many", "-1", "1.5"])
def test_a_limit_that_is_no_number_is_a_matter_of_configuration(open_api: OpenApi, limit: str) -> None:
    api = open_api(max_file_mb=limit)
    if not limit:
        with pytest.raises(NotFoundError):
            fetch(api, 1)
        return
    with pytest.raises(ConfigurationError, match="whole number of megabytes"):
        fetch(api, 1)


# --- answers that do not hold what was asked for ----------------------------------------------------------------------


def holding(data: str) -> dict[str, Any]:
    return {"code": 0, "objects": {"Attachment::1": {"fields": {"contents": {"data": data}}}}}


NO_RIGHT = "The current user does not have enough permissions for reading data of class Attachment"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"code": 0, "message": "Found: 0", "objects": None}, NotFoundError),
        ({"code": 1, "message": NO_RIGHT}, NotAllowed),
        ({"code": 100, "message": "Error: no"}, RejectedError),
        (b"<html>Sign in</html>", MalformedResponseError),
        (b"", MalformedResponseError),
        (holding("*no base64*"), MalformedResponseError),
        (holding("aGk="), MalformedResponseError),
        (b'{"code":0,"objects":{"Attachment::1":{"fields":{"contents":{"data":"aGk="', MalformedResponseError),
    ],
)
def test_an_answer_without_the_file_is_told_for_what_it_is(
    itop: ItopSimulator, api: ItopApi, body: Any, error: type[VendorError]
) -> None:
    itop.change = always(body)  # type: ignore[attr-defined]
    with pytest.raises(error):
        fetch(api, 1)


def test_a_spoiled_answer_to_a_new_file_is_unknown_and_the_file_is_sent_once(
    itop: ItopSimulator, api: ItopApi, ticket: Ticket
) -> None:
    for fault in ("answer_lost", "html_500", "garbage"):
        itop.fault(fault, path="core/create Attachment")
        with pytest.raises(UnknownOutcomeError):
            send(api, ticket, b"x")
    assert len(api.attachments_of("UserRequest", ticket.id)) == 3


def test_a_broken_read_starts_the_file_anew(itop: ItopSimulator, api: ItopApi, ticket: Ticket) -> None:
    number = send(api, ticket, b"hello" * 1000)
    itop.fault("truncated", path="core/get")
    assert fetch(api, number)[1] == b"hello" * 1000
