"""Files come from allowed hosts alone, without our key, whole, and not too large."""

from __future__ import annotations

import io
import tracemalloc
from typing import Any, BinaryIO

import pytest

from integrations.transport.addresses import place_of
from integrations.transport.errors import ConfigurationError, MalformedResponseError, TemporaryError
from integrations.transport.session import CallRecord
from integrations.vendors.freshservice.answers import ExpiredUrl, TooLarge
from integrations.vendors.freshservice.api import FreshserviceApi
from integrations.vendors.freshservice.hosts import DEFAULT_HOSTS, FileHosts
from integrations.vendors.freshservice.inline import inline_images
from integrations.vendors.freshservice.schemas import Attachment
from integrations.vendors.freshservice.simulator import API_KEY, FreshserviceSimulator
from integrations.vendors.freshservice.simulator.acts import made_up

from .conftest import OpenApi, Wire


def attached(wire: Wire, api: FreshserviceApi, **values: Any) -> Attachment:
    number = wire.do("new_ticket", subject="x")
    wire.do("attach", ticket=number, **{"name": "a.txt", "text": "hello", "content_type": "text/plain"} | values)
    (file,) = api.ticket(number).attachments
    return file


def test_a_file_arrives_byte_by_byte_and_without_our_key(
    freshservice: FreshserviceSimulator, wire: Wire, api: FreshserviceApi, records: list[CallRecord]
) -> None:
    file, target = attached(wire, api, text="", size=300_000), io.BytesIO()
    done = api.download(file, target)
    assert (target.getvalue(), done.size, done.name) == (made_up(300_000), 300_000, "a.txt")
    assert [call.status for call in freshservice.files.calls] == [200]
    assert freshservice.files.strangers == 0
    assert "Authorization" not in records[-1].request_headers
    assert API_KEY not in str(records)


def test_neither_signature_nor_token_is_in_the_log_of_calls(
    wire: Wire, api: FreshserviceApi, records: list[CallRecord]
) -> None:
    file = attached(wire, api)
    api.download(file, io.BytesIO())
    signature = file.url.partition("Signature=")[2].partition("&")[0]
    assert len(signature) > 20
    assert signature not in str(records)


def test_an_empty_file_arrives(wire: Wire, api: FreshserviceApi) -> None:
    target = io.BytesIO(b"old")
    assert api.download(attached(wire, api, text=""), target).size == 0
    assert target.getvalue() == b""


def test_the_same_name_twice_are_two_files(wire: Wire, api: FreshserviceApi) -> None:
    number = wire.do("new_ticket", subject="x")
    for text in ("one", "two"):
        wire.do("attach", ticket=number, name="a.txt", text=text)
    contents = []
    for file in api.ticket(number).attachments:
        target = io.BytesIO()
        api.download(file, target)
        contents.append(target.getvalue())
    assert contents == [b"one", b"two"]


def test_an_expired_address_says_so_and_a_new_read_gives_a_new_one(
    freshservice: FreshserviceSimulator, wire: Wire, api: FreshserviceApi
) -> None:
    file = attached(wire, api)
    wire.do("pass_minutes", minutes=24 * 60 + 1)
    target = io.BytesIO(b"kept")
    with pytest.raises(ExpiredUrl) as raised:
        api.download(file, target)
    assert isinstance(raised.value, TemporaryError)
    assert target.getvalue() == b"kept"
    number = next(iter(freshservice.data.tickets))
    (again,) = api.ticket(number).attachments
    assert (again.id, again.url != file.url) == (file.id, True)
    assert api.download(again, target).size == 5


@pytest.mark.parametrize("status", [403, 404])
def test_either_word_for_an_expired_address_is_understood(
    freshservice: FreshserviceSimulator, wire: Wire, api: FreshserviceApi, status: int
) -> None:
    freshservice.expired_status = status
    file = attached(wire, api)
    wire.do("pass_minutes", minutes=24 * 60 + 1)
    with pytest.raises(ExpiredUrl):
        api.download(file, io.BytesIO())


def test_a_file_that_is_told_to_be_too_large_is_not_asked_for(
    freshservice: FreshserviceSimulator, wire: Wire, open_api: OpenApi
) -> None:
    api = open_api(max_file_mb="1")
    with pytest.raises(TooLarge, match="larger than the 1 MB"):
        api.download(attached(wire, api, text="", size=1_000_001), io.BytesIO())
    assert freshservice.files.calls == []
    assert api.download(attached(wire, api, text="", size=1_000_000), io.BytesIO()).size == 1_000_000


def test_a_file_that_turns_out_too_large_is_cut_off(wire: Wire, open_api: OpenApi) -> None:
    api = open_api(max_file_mb="1")
    number = wire.do("new_ticket", subject="x")
    wire.do("insert_image", ticket=number, size=1_000_001)
    (image,) = inline_images(api.ticket(number).description)
    assert image.size is None
    with pytest.raises(TooLarge):
        api.download(image, io.BytesIO())


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", "٣"])
def test_a_limit_that_is_no_number_is_a_matter_of_configuration(open_api: OpenApi, limit: str) -> None:
    with pytest.raises(ConfigurationError, match="Largest file"):
        open_api(max_file_mb=limit).download(Attachment(id=1, url="https://x/"), io.BytesIO())


def test_a_file_of_another_size_than_told_is_not_taken_for_it(wire: Wire, api: FreshserviceApi) -> None:
    file = attached(wire, api)
    other = Attachment(id=file.id, name=file.name, url=file.url, size=6)
    with pytest.raises(MalformedResponseError, match="5 bytes; Freshservice says 6"):
        api.download(other, io.BytesIO())


@pytest.mark.parametrize("fault", ["truncated", "not_received", "html_503"])
def test_a_host_of_files_in_trouble_is_temporary(
    freshservice: FreshserviceSimulator, wire: Wire, api: FreshserviceApi, fault: str
) -> None:
    file = attached(wire, api)
    freshservice.files.fault(fault, times=3)
    with pytest.raises(TemporaryError):
        api.download(file, io.BytesIO())
    assert api.download(file, io.BytesIO()).size == 5


def test_a_large_file_takes_no_memory_of_ours(
    freshservice: FreshserviceSimulator, wire: Wire, api: FreshserviceApi, tmp_path: Any
) -> None:
    """40 MB; the vendor's copy lives in this process too and was made before."""
    file = attached(wire, api, text="", size=40_000_000)
    target: BinaryIO
    with (tmp_path / "file").open("w+b") as target:
        tracemalloc.start()
        assert api.download(file, target).size == 40_000_000
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 2_000_000


# --- hosts ------------------------------------------------------------------------------------------------------


def test_a_file_elsewhere_is_not_fetched(freshservice: FreshserviceSimulator, wire: Wire, open_api: OpenApi) -> None:
    file = attached(wire, open_api())
    with pytest.raises(ConfigurationError, match="Hosts of files"):
        open_api(attachment_hosts="").download(file, io.BytesIO())
    assert freshservice.files.calls == []


def test_a_redirect_within_the_allowed_hosts_is_followed_and_one_out_of_them_is_not(
    freshservice: FreshserviceSimulator, wire: Wire, api: FreshserviceApi
) -> None:
    file = attached(wire, api)
    freshservice.file_redirect = freshservice.files.url
    assert api.download(file, io.BytesIO()).size == 5
    assert [call.status for call in freshservice.files.calls] == [302, 200]
    freshservice.calls.clear()
    freshservice.file_redirect = freshservice.url  # the API itself: the key must not go there either
    with pytest.raises(ConfigurationError, match="Hosts of files"):
        api.download(file, io.BytesIO())
    assert freshservice.calls == []


def test_the_key_does_not_go_to_the_site_itself_for_a_file(
    freshservice: FreshserviceSimulator, open_api: OpenApi, records: list[CallRecord]
) -> None:
    """Even where an admin lists the site among the hosts of files."""
    place = freshservice.url.removeprefix("http://")
    with pytest.raises(ConfigurationError):
        open_api(attachment_hosts=place).download(Attachment(id=1, url=f"{freshservice.url}/x"), io.BytesIO())
    assert "Authorization" not in records[-1].request_headers


@pytest.mark.parametrize(
    "url",
    [
        "https://elite.attachments.freshservice.com/data/x?Signature=y",
        "https://elite.ind-attachments.freshservice.com/x",
        "https://ELITE.attachments.FRESHSERVICE.com:443/x",
        "https://attachment.freshservice.com/inline/attachment?token=x",
    ],
)
def test_the_vendors_own_hosts_are_allowed(url: str) -> None:
    FileHosts.of(DEFAULT_HOSTS).check(place_of(url))


@pytest.mark.parametrize(
    "url",
    [
        "http://elite.attachments.freshservice.com/x",
        "https://elite.attachments.freshservice.com:8443/x",
        "https://attachments.freshservice.com/x",
        "https://elite-attachments.freshservice.com/x",
        "https://elite.attachments.freshservice.com.evil.example/x",
        "https://evil.example/elite.attachments.freshservice.com",
        "https://elite.freshservice.com/api/v2/tickets",
        "https://x.attachment.freshservice.com/x",
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest/meta-data/",
    ],
)
def test_other_hosts_are_not(url: str) -> None:
    with pytest.raises(ConfigurationError, match="may not fetch"):
        FileHosts.of(DEFAULT_HOSTS).check(place_of(url))


def test_http_is_for_hosts_with_a_port_alone() -> None:
    hosts = FileHosts.of("127.0.0.1:9999, files.example")
    hosts.check(place_of("http://127.0.0.1:9999/x"))
    hosts.check(place_of("https://127.0.0.1:9999/x"))
    hosts.check(place_of("https://files.example/x"))
    for url in ("http://127.0.0.1:9998/x", "http://127.0.0.1/x", "http://files.example/x"):
        with pytest.raises(ConfigurationError):
            hosts.check(place_of(url))


@pytest.mark.parametrize(
    "text", ["https://x.example", "x.example/path", "user@x", "*", "*.x.example:99", "a b", "0x7f.1"]
)
def test_what_is_no_host_is_named(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is not the name of a host"):
        FileHosts.of(f"files.example, {text}")


@pytest.mark.parametrize(
    "url", ["", "x", "//evil.example/x", "file:///etc/passwd", "https://u:p@evil.example/", "\x00"]
)
def test_an_odd_address_of_a_file_is_refused(api: FreshserviceApi, url: str) -> None:
    with pytest.raises(ConfigurationError):
        api.download(Attachment(id=1, url=url), io.BytesIO())
