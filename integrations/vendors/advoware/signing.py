"""How a login at Advoware's security gateway is signed, and how its token is kept. Source: fact sheet, section 2.

A kept token lies among the connection's facts, which are not encrypted: so it is sealed here, with a key made of the
connection's own secrets. Whoever can open it could have logged in, and a changed password makes it unreadable.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from integrations.texts import gettext as _
from integrations.transport.errors import ConfigurationError

PRODUCT = 64  # of every program that is not the vendor's own
_BOUND_TO = ("app_id", "kanzlei", "database", "user", "password")


def signature(api_key: str, *, app_id: str, nonce: str, stamp: str) -> str:
    """HMAC-SHA-512 over `Product:AppID:Nonce:RequestTimeStamp`, the very strings that are sent; in base64.

    Raises ConfigurationError for an API key that is not base64.
    """
    try:
        key = base64.b64decode(api_key, validate=True)
    except (binascii.Error, ValueError):
        raise ConfigurationError(_("The API key is not base64: enter it exactly as the vendor sent it.")) from None
    signed = f"{PRODUCT}:{app_id}:{nonce}:{stamp}"
    return base64.b64encode(hmac.digest(key, signed.encode(), "sha512")).decode("ascii")


class Keep:
    """Seals and opens what is kept for one account at one address; nothing else can open it."""

    def __init__(self, base_url: str, credentials: Mapping[str, str]) -> None:
        account = json.dumps([base_url, *(credentials[name] for name in _BOUND_TO)])
        key = hmac.digest(credentials["api_key"].encode(), b"kept token " + account.encode(), "sha256")
        self._fernet = Fernet(base64.urlsafe_b64encode(key))
        self.name = hmac.digest(key, b"name", "sha256").hex()[:16]  # of this account and its password; tells neither

    def seal(self, value: Mapping[str, Any]) -> str:
        return self._fernet.encrypt(json.dumps(value).encode()).decode("ascii")

    def open(self, sealed: Any) -> dict[str, Any]:
        """What was sealed; nothing where it was sealed for another account, or is no seal."""
        if not isinstance(sealed, str):
            return {}
        try:
            opened: dict[str, Any] = json.loads(self._fernet.decrypt(sealed.encode()))
        except (InvalidToken, ValueError):
            return {}
        return opened
