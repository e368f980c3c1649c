"""Credentials go to the origins they were declared for, and redirects do not carry them away."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from integrations.transport.addresses import Place
from integrations.transport.errors import ConfigurationError, RejectedError
from integrations.transport.session import raise_for_status
from tests.transport.conftest import OpenSession, RawServer, answering

SECRET = "canary-7f3a9b1c"


@pytest.fixture
def foreign() -> Iterator[RawServer]:
    running = RawServer()
    running.plays(answering(b"file of another house"))
    yield running
    running.stop()


def redirect(target: str, status: str = "302 Found") -> object:
    return answering(b"", status, Location=target)


def test_credentials_go_to_the_trusted_origin_alone(
    server: RawServer, foreign: RawServer, open_session: OpenSession
) -> None:
    session = open_session(secrets=[SECRET])
    session.trust(server.url + "/some/path", {"ApiSecret": SECRET})
    session.call("GET", "/a")
    session.call("GET", foreign.url + "/b")
    assert SECRET.encode() in server.requests[0]
    assert SECRET.encode() not in foreign.requests[0]


@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
def test_a_call_does_not_follow_a_redirect_and_names_its_target(
    server: RawServer, foreign: RawServer, open_session: OpenSession, status: str
) -> None:
    session = open_session(secrets=[SECRET])
    session.trust(server.url, {"ApiSecret": SECRET})
    server.plays(redirect(f"{foreign.url}/login?key={SECRET}", status))  # type: ignore[arg-type]
    for method in ("GET", "POST"):
        with pytest.raises(ConfigurationError) as raised:
            session.call(method, "/")
        assert foreign.url in raised.value.message
        assert SECRET not in raised.value.message
    assert foreign.connects == 0


def test_a_secret_in_a_call_to_an_undeclared_origin_is_not_sent(foreign: RawServer, open_session: OpenSession) -> None:
    session = open_session(secrets=[SECRET])
    for call in (
        {"headers": {"X-Key": SECRET}},
        {"json": {"password": SECRET}},
        {"params": {"key": SECRET}},
    ):
        with pytest.raises(ConfigurationError, match="credentials"):
            session.call("POST", foreign.url + "/", **call)  # type: ignore[arg-type]
    assert foreign.connects == 0


def test_a_download_follows_redirects_and_leaves_credentials_at_home(
    server: RawServer, foreign: RawServer, open_session: OpenSession
) -> None:
    session = open_session(secrets=[SECRET])
    session.trust(server.url, {"ApiSecret": SECRET})
    server.plays(redirect("/moved"), redirect(f"{foreign.url}/file"), answering(b"home again"))  # type: ignore[arg-type]
    foreign.plays(redirect(f"{server.url}/back"))  # type: ignore[arg-type]
    file = io.BytesIO()
    session.download(server.url + "/attachment", file)
    assert file.getvalue() == b"home again"
    assert [SECRET.encode() in request for request in server.requests] == [True, True, False]
    assert SECRET.encode() not in foreign.requests[0]


def test_a_download_gives_up_after_five_redirects(server: RawServer, open_session: OpenSession) -> None:
    server.plays(redirect("/again"))  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="without end"):
        open_session().download(server.url + "/", io.BytesIO())
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "http://[fe80::1]/", "//u:p@host/", ""]
)
def test_a_download_checks_each_hop(server: RawServer, open_session: OpenSession, target: str) -> None:
    server.plays(redirect(target))  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError):
        open_session().download(server.url + "/", io.BytesIO())


def test_a_download_asks_before_each_hop_whether_the_place_is_allowed(
    server: RawServer, foreign: RawServer, open_session: OpenSession
) -> None:
    server.plays(redirect(f"{foreign.url}/file"))  # type: ignore[arg-type]
    asked: list[str] = []

    def allowed(place: Place) -> None:
        asked.append(place.origin)
        if place.origin == foreign.url:
            raise ConfigurationError("not there")

    with pytest.raises(ConfigurationError, match="not there"):
        open_session().download(server.url + "/attachment", io.BytesIO(), allowed=allowed)
    assert asked == [server.url, foreign.url]
    assert (len(server.requests), foreign.connects) == (1, 0)


def test_a_first_place_that_is_not_allowed_is_not_called(server: RawServer, open_session: OpenSession) -> None:
    def allowed(place: Place) -> None:
        raise ConfigurationError("not there")

    with pytest.raises(ConfigurationError, match="not there"):
        open_session().download(server.url + "/attachment", io.BytesIO(), allowed=allowed)
    assert server.connects == 0


def test_an_anonymous_download_carries_no_credentials_even_to_a_trusted_origin(
    server: RawServer, open_session: OpenSession
) -> None:
    session = open_session(secrets=[SECRET])
    session.trust(server.url, {"ApiSecret": SECRET})
    server.plays(redirect("/moved"), answering(b"file"))  # type: ignore[arg-type]
    file = io.BytesIO()
    session.download(server.url + "/attachment", file, anonymous=True)
    assert file.getvalue() == b"file"
    assert [SECRET.encode() in request for request in server.requests] == [False, False]


def test_a_download_stores_the_bytes_of_a_success_only(server: RawServer, open_session: OpenSession) -> None:
    file = io.BytesIO(b"old")
    server.plays(answering(b"expired link", "400 Bad"), answering(b"\x00\xffnew"))
    answer = open_session().download(server.url + "/", file)
    assert (file.getvalue(), answer.body) == (b"old", b"expired link")
    with pytest.raises(RejectedError):
        raise_for_status(answer, safe=True)
    open_session().download(server.url + "/", file)
    assert file.getvalue() == b"\x00\xffnew"


def test_a_download_broken_halfway_starts_anew(server: RawServer, open_session: OpenSession) -> None:
    from tests.transport.conftest import sending

    server.plays(sending(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", close=True), answering(b"whole"))
    file = io.BytesIO()
    open_session().download(server.url + "/", file)
    assert file.getvalue() == b"whole"
