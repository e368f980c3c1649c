"""Encryption of credentials at rest: Fernet with several keys, each with an id, independent of SECRET_KEY.

`PORTAL_KEYS` is a list `id:key,id:key`, newest first. New values are sealed with the first; each sealed value names
the key it was sealed with (`id.token`), so that a missing key can be named and old keys can be retired knowingly.
"""

from __future__ import annotations

import binascii
import hmac
import json
import secrets
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext


class UnreadableSecret(Exception):
    """A stored secret cannot be decrypted with the keys we have. The message names the key that is missing."""


def new_key(key_id: str) -> str:
    """A fresh `id:key` entry for PORTAL_KEYS."""
    return f"{key_id}:{Fernet.generate_key().decode()}"


def parse_keys(entries: list[str]) -> dict[str, Fernet]:
    """`["k2:…", "k1:…"]` as fernets by key id, order kept. Raises `ImproperlyConfigured`, never quoting a key."""
    keys: dict[str, Fernet] = {}
    for position, entry in enumerate(entries, start=1):
        key_id, separator, key = entry.strip().partition(":")
        if not separator or not key_id.isalnum():
            raise ImproperlyConfigured(
                f"PORTAL_KEYS: entry {position} must be written as id:key, the id made of letters and digits"
            )
        try:
            fernet = Fernet(key)
        except (ValueError, binascii.Error):
            raise ImproperlyConfigured(
                f"PORTAL_KEYS: the key with id {key_id!r} is not a Fernet key (32 bytes, base64); "
                "make one with `manage.py rotate_keys --new-key`"
            ) from None
        if key_id in keys:
            raise ImproperlyConfigured(f"PORTAL_KEYS: the id {key_id!r} is used twice")
        keys[key_id] = fernet
    return keys


def keys() -> dict[str, Fernet]:
    """The configured keys by id, newest first. Raises `ImproperlyConfigured` when there is none."""
    found = parse_keys(settings.PORTAL_KEYS)
    if not found:
        raise ImproperlyConfigured("PORTAL_KEYS is empty: credentials cannot be stored or read without a key")
    return found


def current_key_id() -> str:
    return next(iter(keys()))


def seal(plain: str) -> str:
    """Encrypt with the newest key; the answer reads `key-id.token`."""
    key_id, fernet = next(iter(keys().items()))
    return f"{key_id}.{fernet.encrypt(plain.encode()).decode()}"


def unseal(sealed: str) -> str:
    """Decrypt. Raises `UnreadableSecret` naming the key that is missing or wrong."""
    key_id, _, token = sealed.partition(".")
    known = keys()
    if key_id not in known:
        raise UnreadableSecret(
            gettext(
                "sealed with key {key!r}, which is not in PORTAL_KEYS (present: {present}); "
                "put that key back, or enter the credential anew"
            ).format(key=key_id, present=", ".join(known))
        )
    try:
        return MultiFernet([known[key_id], *known.values()]).decrypt(token.encode()).decode()
    except InvalidToken:
        raise UnreadableSecret(
            gettext(
                "key {key!r} in PORTAL_KEYS is not the key this was sealed with; "
                "put the right key back, or enter the credential anew"
            ).format(key=key_id)
        ) from None


def digest(secret: str) -> str:
    """A keyed digest of a webhook secret, `key-id.hex`: found by it, never read from it."""
    return next(iter(digests(secret)))


def digests(secret: str) -> list[str]:
    """The same with every key, newest first: a stored one may have been made with an older key."""
    made = []
    for entry in settings.PORTAL_KEYS:
        key_id, _, key = entry.strip().partition(":")
        made.append(f"{key_id}.{hmac.new(key.encode(), b'webhook ' + secret.encode(), 'sha256').hexdigest()}")
    return made


def key_id_of(sealed: str) -> str:
    return sealed.partition(".")[0]


class Sealed:
    """A mapping of secrets as it lies in the database: encrypted. Printing, comparing or pickling shows nothing."""

    __slots__ = ("token",)

    def __init__(self, token: str = "") -> None:
        self.token = token

    @classmethod
    def of(cls, secrets_by_name: Mapping[str, str]) -> Sealed:
        return cls(seal(json.dumps(dict(secrets_by_name)))) if secrets_by_name else cls()

    def open(self) -> dict[str, str]:
        """Decrypt. Only where a connection is opened or a secret is replaced. Raises `UnreadableSecret`."""
        opened: dict[str, str] = json.loads(unseal(self.token)) if self.token else {}
        return opened

    def __bool__(self) -> bool:
        return bool(self.token)

    def __repr__(self) -> str:
        return "<sealed>" if self.token else "<empty>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and secrets.compare_digest(self.token, other.token)

    def __hash__(self) -> int:
        return hash(self.token)

    def __reduce__(self) -> str:
        raise TypeError("a sealed secret is never pickled")
