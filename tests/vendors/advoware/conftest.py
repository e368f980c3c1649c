"""A simulated Advoware, a client of it, and a bare HTTP caller that knows nothing but the wire."""

from __future__ import annotations

import base64
import hmac
import http.client
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from integrations.transport.session import CallRecord
from integrations.vendors.advoware.api import AdvowareApi
from integrations.vendors.advoware.simulator import CLIENT, CREDENTIALS

from .saying import SayingAdvoware, as_started, client_of, server

OpenApi = Callable[..., AdvowareApi]
API = "/api/v1/advonet"
ENTRIES = f"/Beteiligte/{CLIENT}/Kommunikationen"


@dataclass(frozen=True)
class Seen:
    """An answer as it was on the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class Wire:
    """Calls to the simulator, each over a connection of its own."""

    def __init__(self, advoware: SayingAdvoware) -> None:
        self._advoware = advoware

    def __call__(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, root: str = ""
    ) -> Seen:
        place = urlsplit(root or self._advoware.url)
        connection = http.client.HTTPConnection("127.0.0.1", place.port or 0, timeout=20)
        try:
            data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            connection.request(method, path, data, {"Host": place.netloc} | (headers or {}))
            answer = connection.getresponse()
            return Seen(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def login(self, **given: Any) -> Seen:
        """A login with these members changed; one that is None is left out."""
        asked: dict[str, Any] = {
            "AppID": CREDENTIALS["app_id"],
            "Kanzlei": CREDENTIALS["kanzlei"],
            "Database": CREDENTIALS["database"],
            "User": CREDENTIALS["user"],
            "Role": 2,
            "Product": 64,
            "Password": CREDENTIALS["password"],
            "Nonce": uuid.uuid4().hex,
            "RequestTimeStamp": datetime.now(UTC).isoformat(),
        } | given
        signed = ":".join(str(asked[name]) for name in ("Product", "AppID", "Nonce", "RequestTimeStamp"))
        digest = hmac.digest(base64.b64decode(CREDENTIALS["api_key"]), signed.encode(), "sha512")
        asked = {"HMAC512Signature": base64.b64encode(digest).decode()} | asked
        return self("POST", "/api/v1/Token", {name: value for name, value in asked.items() if value is not None})

    def api(self, method: str, path: str, body: Any = None, *, token: str | None = None, root: str = "") -> Seen:
        """A call to the firm's API under a new token, or this one."""
        bearer = self.login().json["access_token"] if token is None else token
        headers = {"Authorization": f"Bearer {bearer}"}
        return self(method, API + path, body, headers=headers, root=root or self._advoware.api_url)

    def entries(self, betnr: int = CLIENT) -> list[dict[str, Any]]:
        """The Kommunikationen of a party, as the API shows them."""
        found: list[dict[str, Any]] = self.api("GET", f"/Beteiligte/{betnr}").json["kommunikation"]
        return found

    def do(self, action: str, **arguments: Any) -> Any:
        """An act of somebody else, over HTTP."""
        seen = self("POST", "/_simulator/do", {"action": action, **arguments})
        assert seen.status == 200, seen.body
        return seen.json["done"]


@pytest.fixture(scope="session", autouse=True)
def _server() -> Iterator[None]:
    with server():
        yield


@pytest.fixture
def advoware() -> SayingAdvoware:
    return as_started()


@pytest.fixture
def wire(advoware: SayingAdvoware) -> Wire:
    return Wire(advoware)


@pytest.fixture
def records() -> list[CallRecord]:
    return []


@pytest.fixture
def facts() -> dict[str, Any]:
    """What the connection keeps between opens."""
    return {}


@pytest.fixture
def open_api(advoware: SayingAdvoware, records: list[CallRecord], facts: dict[str, Any]) -> Iterator[OpenApi]:
    """`open_api(password=…, settings={…})`: an opened client; all of a test have the same facts."""
    with ExitStack() as stack:

        def opened(**given: Any) -> AdvowareApi:
            return stack.enter_context(client_of(advoware, **{"records": records, "facts": facts} | given))

        yield opened


@pytest.fixture
def api(open_api: OpenApi, advoware: SayingAdvoware) -> AdvowareApi:
    """One that has logged in; the ledger begins after it."""
    found = open_api()
    found.party(CLIENT)
    advoware.calls.clear()
    return found
