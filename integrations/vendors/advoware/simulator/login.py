"""The vendor's own hosts: the configurator, which tells anybody where a firm is, and the gateway that gives tokens."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from integrations.vendors.simulation import Reply, Request

from .refusals import NOT_ENABLED, NOT_REGISTERED, OFFLINE, WRONG_PASSWORD, Refused
from .world import API_KEY, APP_ID, DATABASE, KANZLEI, PASSWORD, USER

if TYPE_CHECKING:
    from .advoware import AdvowareSimulator

PRODUCT = 64
_MEMBERS = ("AppID", "Kanzlei", "Database", "User", "Role", "Product", "Password", "Nonce", "HMAC512Signature")
_SECRET_MEMBERS = ("Password", "HMAC512Signature")


def configurator(simulator: AdvowareSimulator, request: Request) -> Reply:
    """Where the firm's API is."""
    if request.query.get("Kanzlei") != KANZLEI or not simulator.is_registered:
        raise Refused(404, NOT_REGISTERED)
    found: dict[str, Any] = {
        "relayUrl": f"{simulator.api_url}/",
        "securityGateway": (simulator.foreign_gateway or simulator.url) + "/",
    }
    if simulator.connector == "set":
        found["connectorUrl"] = f"{connector_url(simulator)}/"
    elif simulator.connector == "null":
        found["connectorUrl"] = None
    return Reply.of(found)


def connector_url(simulator: AdvowareSimulator) -> str:
    """The firm's own connector: another name of the host at which the API is."""
    return f"http://localhost:{urlsplit(simulator.api_url).port}"


def token(simulator: AdvowareSimulator, request: Request) -> Reply:
    """A token for an employee of a firm, if the signature over the literal strings is right."""
    asked = _asked(request)
    _check_signature(simulator, asked)
    if asked["AppID"] != APP_ID or asked["Product"] != PRODUCT or not simulator.is_enabled:
        raise Refused(simulator.login_status, NOT_ENABLED)
    if (asked["Kanzlei"], asked["Database"]) != (KANZLEI, DATABASE) or not simulator.is_registered:
        raise Refused(simulator.login_status, NOT_REGISTERED)
    if not simulator.is_online:
        raise Refused(simulator.login_status, OFFLINE)
    if (asked["User"], asked["Password"]) != (USER, PASSWORD):
        raise Refused(simulator.login_status, WRONG_PASSWORD)
    simulator.data.nonces.add(asked["Nonce"])
    ends = simulator.data.clock.now() + timedelta(minutes=simulator.token_minutes)
    value = secrets.token_urlsafe(48)
    simulator.data.tokens[value] = ends
    if simulator.tells_expires_in:
        return Reply.of({"access_token": value, "expires_in": round(simulator.token_minutes * 60)})
    return Reply.of({"access_token": value, "expiration_utc": ends.strftime("%Y-%m-%dT%H:%M:%S.%f7Z")})


def _asked(request: Request) -> dict[str, Any]:
    try:
        asked = json.loads(request.body)
    except ValueError:
        raise Refused(400, "Ungültige Anfrage.") from None
    if not isinstance(asked, dict) or any(name not in asked for name in (*_MEMBERS, "RequestTimeStamp")):
        raise Refused(400, "Ungültige Anfrage.")
    return asked


def _check_signature(simulator: AdvowareSimulator, asked: dict[str, Any]) -> None:
    signed = ":".join(str(asked[name]) for name in ("Product", "AppID", "Nonce", "RequestTimeStamp"))
    digest = hmac.digest(base64.b64decode(API_KEY), signed.encode(), "sha512")
    right = base64.b64encode(digest).decode()
    if not hmac.compare_digest(str(asked["HMAC512Signature"]).encode(), right.encode()):
        raise Refused(simulator.login_status, "Ungültige Signatur.")
    if simulator.nonce_once and asked["Nonce"] in simulator.data.nonces:
        raise Refused(simulator.login_status, "Die Nonce wurde bereits verwendet.")
    if simulator.window_minutes:
        sent = datetime.fromisoformat(str(asked["RequestTimeStamp"])).astimezone(UTC)
        if abs(simulator.data.clock.now() - sent) > timedelta(minutes=simulator.window_minutes):
            raise Refused(simulator.login_status, "Der Zeitstempel ist abgelaufen.")


def without_secrets(body: bytes) -> str:
    """What the ledger has of a login."""
    try:
        asked = json.loads(body)
    except ValueError:
        return "(not JSON)"
    if not isinstance(asked, dict):
        return "(no object)"
    return json.dumps({name: "…" if name in _SECRET_MEMBERS else value for name, value in asked.items()})
