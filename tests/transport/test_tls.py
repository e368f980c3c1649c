"""TLS is verified against the name that was asked for, although the connection goes to a judged address."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import responses
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integrations.transport.errors import ConfigurationError, UnknownOutcomeError
from integrations.transport.session import Session
from tests.transport.conftest import OpenSession, RawServer, answering, hanging_up

NAME = "vendor.example"


def certificate_for(name: str, path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


class TLSServer(RawServer):
    """The raw server behind TLS; notes the name each client asked for."""

    def __init__(self, certificate: Path) -> None:
        self.names: list[str | None] = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        super().__init__()

    def _serve(self, connection: socket.socket) -> None:
        try:
            wrapped = self.context.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            return
        self._open.append(wrapped)
        super()._serve(wrapped)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return certificate_for(NAME, tmp_path / "vendor.pem")


@pytest.fixture
def tls_server(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TLSServer]:
    def name_server(_host: str, port: int, *_args: object, **_options: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", name_server)
    running = TLSServer(certificate)
    running.plays(answering(b'{"ok": true}'))
    yield running
    running.stop()


def test_the_name_stays_in_sni_and_host_while_the_address_is_pinned(
    tls_server: TLSServer, open_session: OpenSession, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))
    session = open_session(base_url=f"https://{NAME}:{tls_server.port}")
    assert [session.call("GET", "/").json() for _ in range(2)] == [{"ok": True}] * 2
    assert tls_server.names == [NAME]
    assert f"Host: {NAME}:{tls_server.port}".encode() in tls_server.requests[0]


def test_a_broken_answer_over_tls_is_unknown(
    tls_server: TLSServer, open_session: OpenSession, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))
    tls_server.plays(hanging_up)
    with pytest.raises(UnknownOutcomeError):
        open_session(base_url=f"https://{NAME}:{tls_server.port}").call("POST", "/", json={})
    assert len(tls_server.requests) == 1


@pytest.mark.parametrize("name", ["other.example", NAME])
def test_a_server_that_does_not_prove_its_name_gets_no_byte_of_the_request(
    tls_server: TLSServer, open_session: OpenSession, name: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name != NAME:  # the right authority for the wrong name; otherwise the right name of an unknown authority
        monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))
    session = open_session(base_url=f"https://{name}:{tls_server.port}")
    with pytest.raises(ConfigurationError, match="certificate"):
        session.call("POST", "/", json={"secret": "x"})
    assert tls_server.requests == []


def test_a_server_that_speaks_no_tls_is_a_setting_to_correct(server: RawServer, open_session: OpenSession) -> None:
    server.on_connect = lambda connection, _request: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(ConfigurationError, match="TLS"):
        open_session(base_url=server.url.replace("http:", "https:")).call("POST", "/", json={})


@responses.activate
def test_the_responses_library_can_stand_in_for_the_wire() -> None:
    responses.post("https://api.example.com/v1/tickets", json={"itemId": 7})
    responses.post("https://api.example.com/v1/lost", body=ConnectionError("gone"))
    with Session(vendor="Vendor", base_url="https://api.example.com/v1") as session:
        assert session.call("POST", "tickets", json={"title": "x"}).json() == {"itemId": 7}
        with pytest.raises(UnknownOutcomeError):
            session.call("POST", "lost", json={})
