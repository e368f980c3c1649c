"""Who calls: a key, or a signature over method and path; and the block after too many that failed (section 1)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from integrations.vendors.simulation import Reply, Request

from . import refusals
from .world import User

if TYPE_CHECKING:
    from .espocrm import EspocrmSimulator

ROOT = "/api/v1"
WINDOW = timedelta(seconds=60)
_SHOWN = ("x-api-key", "x-hmac-authorization", "authorization", "espo-authorization")


class Door:
    """Counts failed logins, of everybody at once: all callers of a simulator have one address."""

    def __init__(self) -> None:
        self.failed: list[datetime] = []

    def refusal(self, espocrm: EspocrmSimulator, request: Request) -> Reply | None:
        """None lets the call in."""
        now = espocrm.data.clock.now()
        self.failed = [at for at in self.failed if now - at < WINDOW]
        if len(self.failed) > espocrm.failed_logins:
            return refusals.blocked()
        if user_of(espocrm, request) is not None:
            return None
        shown = any(name in request.headers for name in _SHOWN)
        if shown:
            self.failed.append(now)
        return refusals.unknown_login(nothing_shown=not shown)


def user_of(espocrm: EspocrmSimulator, request: Request) -> User | None:
    """The API user whose method this is: one of HMAC cannot show the key, and none can log in by Basic."""
    users = [user for user in espocrm.data.users.values() if user.api_key]
    if key := request.headers.get("x-api-key", ""):
        return _with(key, (user for user in users if not user.secret_key))
    try:
        shown, _, digest = base64.b64decode(request.headers.get("x-hmac-authorization", "")).partition(b":")
        user = _with(shown.decode(), (user for user in users if user.secret_key))
    except ValueError:
        return None
    if user is None:
        return None
    path = request.path.removeprefix(ROOT)
    signed = hmac.new(user.secret_key.encode(), f"{request.method} {path}".encode(), "sha256")
    return user if digest in (signed.hexdigest().encode(), signed.digest()) else None


def _with(key: str, users: Iterable[User]) -> User | None:
    return next((user for user in users if user.api_key == key), None)
