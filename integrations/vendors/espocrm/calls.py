"""The calls to one EspoCRM: its address, the two ways to show the key, and what follows when it is refused.

An HMAC user signs method and path, neither query nor body nor time. A key that was refused is not shown again for a
minute: eleven refusals within one block everybody at this address, with valid keys too. Source: fact sheet, section 1.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any

from integrations.texts import gettext as _
from integrations.transport.errors import ConfigurationError
from integrations.transport.session import Answer, Session

from .answers import BLOCKED_FOR, refuse

ROOT = "api/v1"
_REFUSED_AT = "refused_at"  # among the facts, which a new key empties


def root_of(base_url: str) -> str:
    """The site, however its address was copied."""
    return base_url.rstrip("/").removesuffix(f"/{ROOT}").rstrip("/")


def signature(api_key: str, secret_key: str, method: str, path: str) -> str:
    """What an HMAC user sends for a call; the path is what follows `api/v1/`, without a query."""
    digest = hmac.new(secret_key.encode(), f"{method} /{path}".encode(), hashlib.sha256).hexdigest()
    return base64.b64encode(f"{api_key}:{digest}".encode()).decode()


class Calls:
    """One account. `missing` says what does not exist where the answer is 404."""

    def __init__(
        self, session: Session, base_url: str, *, api_key: str, secret_key: str, facts: MutableMapping[str, Any]
    ) -> None:
        self._session, self._root = session, f"{root_of(base_url)}/{ROOT}"
        self._api_key, self._secret_key = api_key, secret_key
        self._facts = facts
        self.last: Answer | None = None

    def __repr__(self) -> str:
        return f"Calls({self._session!r})"

    def read(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        about: str,
        missing: str = "it",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """GET something; repeated where the way fails."""
        return self._send("GET", path, params=params, headers=headers, about=about, missing=missing)

    def create(self, path: str, fields: Mapping[str, Any], *, about: str, headers: Mapping[str, str]) -> Answer:
        """POST, sent at most once."""
        return self._send("POST", path, json=dict(fields), headers=headers, about=about, missing="it")

    def update(
        self, path: str, fields: Mapping[str, Any], *, about: str, missing: str, headers: Mapping[str, str]
    ) -> Answer:
        """PUT, sent at most once: a second one could undo what somebody did in between."""
        return self._send("PUT", path, json=dict(fields), headers=headers, about=about, missing=missing)

    def delete(self, path: str, *, about: str, missing: str) -> Answer:
        """DELETE, sent at most once."""
        return self._send("DELETE", path, about=about, missing=missing)

    def forget_refusal(self) -> None:
        """Show the key again although it was refused just now: a person wants to know."""
        self._facts.pop(_REFUSED_AT, None)

    def _send(
        self,
        method: str,
        path: str,
        *,
        about: str,
        missing: str,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        self._stop_after_refusal()
        sent = {**(headers or {}), **self._shown(method, path)}
        self.last = answer = self._session.call(
            method, f"{self._root}/{path}", params=params, json=json, headers=sent, about=about
        )
        if answer.status == 401:
            self._facts[_REFUSED_AT] = datetime.now(UTC).isoformat()
        refuse(answer, safe=method == "GET", missing=missing)
        return answer

    def _shown(self, method: str, path: str) -> dict[str, str]:
        if self._secret_key:
            return {"X-Hmac-Authorization": signature(self._api_key, self._secret_key, method, path)}
        return {"X-Api-Key": self._api_key}

    def _stop_after_refusal(self) -> None:
        """Raises ConfigurationError."""
        at = self._facts.get(_REFUSED_AT)
        if at and (datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds() < BLOCKED_FOR:
            raise ConfigurationError(
                _(
                    "EspoCRM refused the API key less than a minute ago; it is not shown again, or EspoCRM would block "
                    "everybody here. Enter it again on the connection, or test the connection."
                )
            )
