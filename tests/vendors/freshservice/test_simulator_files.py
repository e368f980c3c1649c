"""The simulated host of files: signed addresses that expire, no credentials, a ledger of downloads."""

from __future__ import annotations

import os
import re
import socket
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations.vendors.freshservice.simulator import FILES_OFFSET, FreshserviceSimulator, serve
from integrations.vendors.freshservice.simulator.acts import made_up

from .conftest import BASIC, Wire, fetch


@pytest.fixture
def ticket(wire: Wire) -> int:
    number: int = wire.do("new_ticket", subject="x")
    wire.do("attach", ticket=number, name="a b.txt", text="hello", content_type="text/plain")
    return number


def address(wire: Wire, ticket: int) -> str:
    (row,) = wire.get(f"tickets/{ticket}")["ticket"]["attachments"]
    found: str = row["attachment_url"]
    return found


def test_a_file_has_an_address_on_another_port_signed_for_a_day(
    freshservice: FreshserviceSimulator, wire: Wire, ticket: int
) -> None:
    url = address(wire, ticket)
    parts, query = urlsplit(url), parse_qs(urlsplit(url).query)
    assert parts.netloc == freshservice.files.place != urlsplit(freshservice.url).netloc
    assert re.fullmatch(r"/data/helpdesk/attachments/production/[0-9]+/original/a%20b\.txt", parts.path)
    assert query.keys() == {"response-content-type", "Expires", "Signature", "Key-Pair-Id"}
    ends = int(query["Expires"][0]) - freshservice.data.clock.now().timestamp()
    assert 86_300 < ends <= 86_400
    seen = fetch(url)
    assert (seen.status, seen.body, seen.headers["content-type"]) == (200, b"hello", "text/plain")


def test_each_read_signs_anew_unless_switched_off(freshservice: FreshserviceSimulator, wire: Wire, ticket: int) -> None:
    assert address(wire, ticket) != address(wire, ticket)
    freshservice.urls_reminted = False
    assert address(wire, ticket) == address(wire, ticket)


def test_after_its_time_an_address_is_403_in_xml(wire: Wire, ticket: int) -> None:
    url = address(wire, ticket)
    wire.do("pass_minutes", minutes=24 * 60 + 1)
    seen = fetch(url)
    assert (seen.status, b"AccessDenied" in seen.body) == (403, True)
    assert fetch(address(wire, ticket)).status == 200


@pytest.mark.parametrize("old", ["Expires=", "Signature=", "production/"])
def test_a_forged_address_is_403(wire: Wire, ticket: int, old: str) -> None:
    url = address(wire, ticket)
    assert fetch(url.replace(old, f"{old}1")).status == 403
    assert fetch(url.partition("?")[0]).status == 403


def test_a_call_with_credentials_is_refused_and_counted(
    freshservice: FreshserviceSimulator, wire: Wire, ticket: int
) -> None:
    seen = fetch(address(wire, ticket), **BASIC)
    assert (seen.status, b"Only one auth mechanism allowed" in seen.body) == (400, True)
    assert freshservice.files.strangers == 1


def test_downloads_are_in_a_ledger_without_signatures(
    freshservice: FreshserviceSimulator, wire: Wire, ticket: int
) -> None:
    fetch(address(wire, ticket))
    downloads = wire.get("/_simulator/world")["downloads"]
    assert [(call["status"], "original/a%20b.txt" in call["path"]) for call in downloads] == [(200, True)]
    assert "Signature" not in str(downloads)
    assert [call.path for call in freshservice.calls] == [f"/api/v2/tickets/{ticket}"]


def test_faults_of_the_host_of_files_are_ordered_at_its_own_port(
    freshservice: FreshserviceSimulator, wire: Wire, ticket: int
) -> None:
    url = address(wire, ticket)
    files = Wire(freshservice.files.url)
    assert files("POST", "/_simulator/faults", {"name": "html_503"}, headers={}).status == 200
    assert [fetch(url).status, fetch(url).status] == [503, 200]


def test_an_inline_image_has_a_token_that_expires_unless_switched_off(
    freshservice: FreshserviceSimulator, wire: Wire, ticket: int
) -> None:
    wire.do("insert_image", ticket=ticket, size=100)
    html = wire.get(f"tickets/{ticket}")["ticket"]["description"]
    (url,) = re.findall(r'src="([^"]+/inline/attachment\?token=[^"]+)"', html)
    assert fetch(url).body == made_up(100)
    wire.do("pass_minutes", minutes=24 * 60 + 1)
    assert fetch(url).status == 403
    freshservice.inline_tokens_expire = False
    assert fetch(url).status == 200


def test_a_file_can_be_asked_for_by_its_id_where_that_route_is_switched_on(
    freshservice: FreshserviceSimulator, wire: Wire, ticket: int
) -> None:
    (file,) = freshservice.data.files
    assert wire("GET", f"attachments/{file}").status == 404
    freshservice.attachment_route = True
    seen = wire("GET", f"attachments/{file}")
    assert (seen.status, fetch(seen.headers["location"]).body) == (302, b"hello")


def test_a_renamed_file_keeps_its_id(freshservice: FreshserviceSimulator, wire: Wire, ticket: int) -> None:
    (file,) = freshservice.data.files
    wire.do("rename_file", file=file, name="../../etc/passwd")
    (row,) = wire.get(f"tickets/{ticket}")["ticket"]["attachments"]
    assert (row["id"], row["name"]) == (file, "../../etc/passwd")
    assert fetch(row["attachment_url"]).body == b"hello"


def test_with_a_port_files_are_a_hundred_above_it_if_that_is_free() -> None:
    port = a_free_pair()
    with serve(port=port) as server:
        assert isinstance(server.simulator, FreshserviceSimulator)
        assert server.simulator.files.place.endswith(f":{port + FILES_OFFSET}")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + FILES_OFFSET))
        with serve(port=port) as server:
            assert isinstance(server.simulator, FreshserviceSimulator)
            assert not server.simulator.files.place.endswith(f":{port + FILES_OFFSET}")


def a_free_pair() -> int:
    """A port that is free with the one 100 above it, below those that systems give away by themselves."""
    for port in range(20_000 + os.getpid() % 5_000, 32_000):
        with socket.socket() as one, socket.socket() as other, suppress(OSError):
            one.bind(("127.0.0.1", port))
            other.bind(("127.0.0.1", port + FILES_OFFSET))
            return port
    raise AssertionError("no port is free")
