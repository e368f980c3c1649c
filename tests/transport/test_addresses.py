"""No packet goes to an address that the connection has no permission for, however it is written or resolved."""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
import random
import socket
from typing import Any

import pytest

from integrations.transport.addresses import Reach, check_url, place_of, reach_of
from integrations.transport.errors import ConfigurationError, TemporaryError
from integrations.transport.session import Session
from tests.seeds import SEED
from tests.transport import spellings
from tests.transport.conftest import OpenSession, RawServer, answering

PUBLIC = ("8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "2606:4700::1111",
          "::ffff:8.8.8.8", "64:ff9b::808:808")  # fmt: skip


def reach(text: str) -> Reach:
    return reach_of(ipaddress.ip_address(text))


def test_addresses_are_judged_by_where_they_lead() -> None:
    assert {address: reach(address) for address in PUBLIC} == dict.fromkeys(PUBLIC, Reach.PUBLIC)
    private = (*spellings.PRIVATE, *spellings.PRIVATE_6)
    assert {address: reach(address) for address in private} == dict.fromkeys(private, Reach.PRIVATE)
    never = (*spellings.NEVER, *spellings.NEVER_6)
    assert {address: reach(address) for address in never} == dict.fromkeys(never, Reach.NEVER)


def test_an_embedded_address_never_has_more_reach_than_the_address_inside() -> None:
    order = [Reach.PUBLIC, Reach.PRIVATE, Reach.NEVER]
    for inner in (*spellings.PRIVATE, *spellings.NEVER):
        for outer in spellings.embedded_spellings(inner):
            assert order.index(reach(outer[1:-1])) >= order.index(reach(inner)), (inner, outer)


def test_nothing_behind_any_spelling_is_reached(server: RawServer) -> None:
    tried = list(spellings.urls(server.port))
    assert len(set(tried)) >= 300
    for url in tried:
        with contextlib.suppress(ConfigurationError, TemporaryError):
            Session(vendor="Vendor", base_url=url, deadline=2).call("GET", "/")
            pytest.fail(f"{url!r} was called")
        with (
            Session(vendor="Vendor", base_url="https://vendor.example", deadline=2) as session,
            pytest.raises((ConfigurationError, TemporaryError)),
        ):
            session.call("GET", url if "://" in url[:12] else f"http://127.0.0.1:{server.port}/{url}")
    assert server.connects == 0


def test_permission_for_private_addresses_does_not_open_the_forbidden_ones(
    server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _socket, address: connected.append(address))
    for host in spellings.NEVER + tuple(f"[{address}]" for address in spellings.NEVER_6):
        with (
            Session(vendor="Vendor", base_url=f"http://{host}:{server.port}", allow_private=True) as session,
            pytest.raises(ConfigurationError),
        ):
            session.call("GET", "/")
    assert connected == []


def resolver(*rounds: list[str]) -> Any:
    """A name server that answers differently each time it is asked; the last answer stays."""
    answers = itertools.chain(rounds, itertools.repeat(rounds[-1]))

    def getaddrinfo(_host: str, port: int, *_args: object, **_options: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in next(answers)]

    return getaddrinfo


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_rebinds_after_the_check_leads_nowhere(
    server: RawServer, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    dialled: list[str] = []
    connect = socket.socket.connect

    def dial(self: socket.socket, address: Any) -> None:
        dialled.append(address[0])
        if address[0] != "8.8.8.8":
            connect(self, address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolver(["8.8.8.8"], ["127.0.0.1"]))
    monkeypatch.setattr(socket.socket, "connect", dial)
    base_url = f"{scheme}://rebind.example:{server.port}"
    with (
        Session(vendor="Vendor", base_url=base_url, deadline=2, sleep=lambda _pause: None) as session,
        # The public address refuses the first try; the second finds a private one only.
        pytest.raises(ConfigurationError, match=r"rebind\.example"),
    ):
        session.call("GET", "/")
    assert dialled == ["8.8.8.8"]
    assert server.connects == 0


def test_of_several_addresses_only_the_allowed_are_dialled(server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolver(["169.254.169.254", "127.0.0.1"]))
    server.plays(answering(b"[]"))
    with Session(vendor="Vendor", base_url=f"http://intern.example:{server.port}", allow_private=True) as session:
        assert session.call("GET", "/").json() == []
    assert f"Host: intern.example:{server.port}".encode() in server.requests[0]


def test_the_refusal_names_the_host_and_the_cure_and_not_more(server: RawServer) -> None:
    with Session(vendor="Vendor", base_url=server.url) as session, pytest.raises(ConfigurationError) as raised:
        session.call("GET", "/secret-path?x=1")
    assert "127.0.0.1" in raised.value.message
    assert "allow private addresses on the connection" in raised.value.message
    assert "secret-path" not in raised.value.message


def test_the_environment_does_not_send_calls_through_a_proxy(
    server: RawServer, open_session: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert open_session().call("GET", "/").status == 200


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://API.Example.com", "https://api.example.com"),
        ("https://api.example.com:443/v1/", "https://api.example.com/v1/"),
        ("http://api.example.com:8080/x?y=1#z", "http://api.example.com:8080/x?y=1"),
        ("https://müller.example", "https://xn--mller-kva.example"),
        ("https://[2606:4700::1111]:8443/", "https://[2606:4700::1111]:8443/"),
    ],
)
def test_a_form_gets_the_canonical_spelling(written: str, read: str) -> None:
    assert check_url(written, allow_private=False) == read


def test_a_form_refuses_what_its_text_already_tells(server: RawServer) -> None:
    for url in ("http://localhost", "http://127.0.0.1:8000", "http://x.localhost/", "https://u:p@api.example.com"):
        with pytest.raises(ConfigurationError):
            check_url(url, allow_private=False)
    assert check_url("http://localhost:8000", allow_private=True) == "http://localhost:8000"
    with pytest.raises(ConfigurationError):
        check_url("http://169.254.169.254/", allow_private=True)


def test_a_refused_url_does_not_repeat_its_password() -> None:
    with pytest.raises(ConfigurationError) as raised:
        place_of("https://admin:hunter22@api.example.com/")
    assert "hunter22" not in str(raised.value)


@pytest.mark.proof
def test_mutated_urls_reach_nothing(server: RawServer) -> None:
    chance = random.Random(21 + SEED)
    seeds = list(spellings.urls(server.port))
    alphabet = "0123456789abcdefx.:/\\@#?%[]-_ \t\r\n\x00\u3002\uff0e\uff11é"
    for round_ in range(20_000):
        url = list(chance.choice(seeds))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(url) + 1)
            url[at : at + chance.randint(0, 2)] = chance.choice(alphabet)
        text = "".join(url)
        try:
            place = place_of(text)
            address = ipaddress.ip_address(place.host)
        except (ConfigurationError, ValueError):
            continue
        if reach_of(address) is Reach.PUBLIC:
            continue  # a mutation may well name a public address; nobody is called there
        with (
            Session(vendor="Vendor", base_url=text, deadline=2) as session,
            pytest.raises(ConfigurationError),
        ):
            session.call("GET", f"/{round_}")
    assert server.connects == 0
