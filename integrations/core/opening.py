"""The one place where a connection's secrets are opened and its vendor's `Api` is built.

    with open_connection(connection, source="refresh reference data") as api:
        api.ticket_picklists()

Never inside a transaction: a vendor may take a minute to answer, and rows must not be locked meanwhile. Tests that
open connections therefore use `@pytest.mark.django_db(transaction=True)`.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.transport.errors import ConfigurationError, TemporaryError, VendorError
from integrations.transport.session import Session
from integrations.vendors import Vendor

from . import registry, write_hold
from .budgets import ConnectionBudget
from .call_log import CallLog
from .crypto import Sealed, UnreadableSecret, current_key_id, digest, digests
from .models import Connection, User
from .witness import Seen, Witness

INTERACTIVE_DEADLINE = 20.0  # seconds a person waits for one call, retries included
OK_AGAIN_AFTER = timedelta(minutes=1)  # a working connection's row is written at most this often
SHORTEST_SECRET = 16  # characters of a webhook secret
WEBHOOK_SECRET = "webhook_secret"  # noqa: S105 — its name among a connection's secrets


class OpenInTransactionError(RuntimeError):
    """A program error: a connection was opened while a transaction was open."""


@contextmanager
def open_connection(
    connection: Connection,
    *,
    source: str,
    user: User | AnonymousUser | None = None,
    record: str = "",
    interactive: bool = False,
    guard: Callable[[], None] | None = None,
    is_trial: bool = False,
) -> Iterator[Any]:
    """Yield the vendor's `Api` for this connection; log its calls, keep its facts, set the connection's health.

    `source` and `record` say in the API log which job or page called, and about what. `interactive` means that a
    person waits: shorter deadlines, and before bulk work in the budget. `guard` runs right before each request.
    `is_trial`: the row holds secrets that are not stored, so what this use tells is not remembered of the connection.
    While writes are held (`write_hold`) reads go and a write raises `WritesHeld`, unsent.
    Raises ConfigurationError when the connection is paused, its secrets are unreadable or its vendor is unknown;
    inside, whatever the vendor's Api raises.
    """
    if transaction.get_connection().in_atomic_block:
        raise OpenInTransactionError(
            f"{connection} was opened inside a transaction: commit first, then call the vendor. "
            "(Tests: use django_db(transaction=True).)"
        )
    vendor = _vendor_of(connection)
    secrets = _secrets_of(connection)
    credentials = _credentials_of(connection, vendor, secrets)
    log = CallLog(connection, source=source, user=user if isinstance(user, User) else None, record=record)
    facts = deepcopy(connection.facts)
    settings, base_url, session = dict(connection.settings), "", None
    if vendor.is_http:
        base_url = _base_url_of(connection, vendor)
        session = Session(
            vendor=vendor.label,
            base_url=base_url,
            secrets=secrets.values(),
            allow_private=connection.allow_private_address,
            budget=ConnectionBudget(connection.pk, str(connection), vendor.limits_of(settings)),
            endpoint_of=vendor.endpoint_of,
            recorder=log,
            guard=guard,
            before_write=write_hold.check,
            interactive=interactive,
            deadline=INTERACTIVE_DEADLINE if interactive else None,
        )
    else:
        settings["allow_private_address"] = connection.allow_private_address
        settings["before_write"] = write_hold.check
    witness = Witness()
    api: Any = None
    try:
        with witness.noting():
            api = vendor.api(session, base_url=base_url, credentials=credentials, settings=settings, facts=facts)
        yield Seen(api, witness)
    except VendorError as error:
        witness.ended_with(error)
        raise
    finally:
        if (opened := session or api) is not None:
            opened.close()
        log.flush()
        heard = log.heard or (session is None and witness.problem is None)
        if not is_trial:
            _remember(connection, facts, witness.problem, heard=heard)


def _vendor_of(connection: Connection) -> Vendor:
    if connection.is_paused:
        raise ConfigurationError(
            _("The connection “{connection}” is paused; no call goes out until it is resumed.").format(
                connection=connection
            )
        )
    try:
        return registry.vendor(connection.vendor)
    except KeyError:
        raise ConfigurationError(
            _("The connection “{connection}” is of the vendor {vendor!r}, which no installed integration uses.").format(
                connection=connection, vendor=connection.vendor
            )
        ) from None


def _base_url_of(connection: Connection, vendor: Vendor) -> str:
    base_url: str = connection.base_url or vendor.base_url_default
    if not base_url:
        raise ConfigurationError(
            _("The connection “{connection}” has no {label}; enter it there.").format(
                connection=connection, label=vendor.base_url_label
            )
        )
    return base_url


def _secrets_of(connection: Connection) -> dict[str, str]:
    """The connection's secrets; what cannot be read is shown as its health."""
    try:
        opened: dict[str, str] = connection.credentials.open()
        return opened
    except UnreadableSecret as error:
        problem = ConfigurationError(
            _("The credentials of the connection “{connection}” cannot be read: {error}.").format(
                connection=connection, error=error
            )
        )
    _remember(connection, connection.facts, problem, heard=False)
    raise problem


def _credentials_of(connection: Connection, vendor: Vendor, secrets: Mapping[str, str]) -> dict[str, str]:
    """Every credential by name, secret or not; what is missing is named, and shown as the connection's health."""
    credentials: dict[str, str] = {
        **connection.identity,
        **{name: secrets.get(name, "") for name in vendor.secret_names()},
    }
    missing = [
        str(declared.label)
        for declared in vendor.credentials
        if declared.required and not credentials.get(declared.name)
    ]
    if not missing:
        return credentials
    problem = ConfigurationError(
        _("The connection “{connection}” lacks: {missing}. Enter it there.").format(
            connection=connection, missing=", ".join(missing)
        )
    )
    _remember(connection, connection.facts, problem, heard=False)
    raise problem


def _remember(connection: Connection, facts: dict[str, Any], problem: VendorError | None, *, heard: bool) -> None:
    """Store changed facts and health in one statement, or none when there is nothing new."""
    changed = _health(connection, problem, heard=heard)
    if facts != connection.facts:
        changed["facts"] = facts
    if changed:
        Connection.objects.filter(pk=connection.pk).update(**changed)
        for name, value in changed.items():
            setattr(connection, name, value)


def _health(connection: Connection, problem: VendorError | None, *, heard: bool) -> dict[str, Any]:
    """What this use tells about the connection. A record that was refused or not found says that it works."""
    now = timezone.now()
    if isinstance(problem, ConfigurationError):
        return {"health": Connection.Health.ATTENTION, "health_cause": problem.message, "last_error_at": now}
    if isinstance(problem, TemporaryError):
        return {"health": Connection.Health.TROUBLE, "health_cause": problem.message, "last_error_at": now}
    if not heard:
        return {}  # nothing was asked, so nothing is known
    fresh = connection.last_ok_at is not None and now - connection.last_ok_at < OK_AGAIN_AFTER
    if connection.health == Connection.Health.OK and fresh:
        return {}
    return {"health": Connection.Health.OK, "health_cause": "", "last_ok_at": now}


# --- setting secrets --------------------------------------------------------------------------------------------------


def secrets_that_differ(connection: Connection, given: Mapping[str, str]) -> set[str]:
    """The names whose given secret is not the stored one. Raises `UnreadableSecret`."""
    stored = connection.credentials.open() if given else {}
    return {
        name
        for name, secret in given.items()
        if not hmac.compare_digest(stored.get(name, "").encode(), secret.encode())
    }


def redigest(connection: Connection) -> bool:
    """Make the digest of the webhook secret with the newest key; whether it was another. Raises `UnreadableSecret`."""
    if connection.webhook_digest.partition(".")[0] in ("", current_key_id()):
        return False
    connection.webhook_digest = digest(connection.credentials.open().get(WEBHOOK_SECRET, ""))
    Connection.objects.filter(pk=connection.pk).update(webhook_digest=connection.webhook_digest)
    return True


def is_anothers_secret(connection: Connection, webhook_secret: str) -> bool:
    """Whether another connection has this webhook secret: then a call could not be told to be this one's."""
    others = Connection.objects.exclude(pk=connection.pk)
    return bool(webhook_secret) and others.filter(webhook_digest__in=digests(webhook_secret)).exists()


def set_secrets(connection: Connection, secrets: Mapping[str, str], *, by: str) -> None:
    """Put these secrets beside the ones that stay, and note when and by whom. The caller saves the row.

    All secrets of a connection are sealed together, so the others are opened for a moment. Raises `UnreadableSecret`
    when they cannot be.
    """
    connection.credentials = Sealed.of(connection.credentials.open() | dict(secrets))
    if WEBHOOK_SECRET in secrets:
        connection.webhook_digest = digest(secrets[WEBHOOK_SECRET])
        connection.webhook_trouble, connection.webhook_trouble_at = "", None  # of whoever sent with the old one
        connection.webhook_trouble_by = ""
    stamp = {"at": timezone.now().isoformat(), "by": by}
    connection.credentials_set = connection.credentials_set | dict.fromkeys(secrets, stamp)
