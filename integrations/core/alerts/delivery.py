"""Handing one message over: by Django's mail, or as a signed POST through transport. Raises `VendorError`.

The signature is `X-Portal-Signature: sha256=<hex>`, an HMAC-SHA256 with the channel's secret over the timestamp of
`X-Portal-Timestamp` (seconds since 1970), a full stop and the body. A message that is sent again, because nobody knows
whether it arrived, has the same body, the same `X-Portal-Message`, or as a mail the same Message-ID.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import smtplib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.crypto import UnreadableSecret
from integrations.core.models import AlertChannel
from integrations.transport.errors import ConfigurationError, TemporaryError
from integrations.transport.session import Session

from .wording import subject_of, text_of

SECRET = "secret"  # noqa: S105 — its name in the sealed field
CONNECT, READ, DEADLINE = 5.0, 10.0, 15.0  # seconds
LONGEST_ANSWER = 100_000  # bytes; nobody reads it
NO_MAIL = _("No mail server is set up: set EMAIL_URL, and start the portal again.")


def hand_over(channel: AlertChannel, content: Mapping[str, Any], *, message: str, now: datetime) -> str:
    """Send it; what came of it, in a sentence. `message` names it, the same at every try."""
    if channel.url:
        return _post(channel, content, message=message, now=now)
    return _mail(channel, dict(content), message=message)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """What the header `X-Portal-Signature` holds."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _post(channel: AlertChannel, content: Mapping[str, Any], *, message: str, now: datetime) -> str:
    try:
        secret = channel.secret.open().get(SECRET, "")
    except UnreadableSecret as problem:
        raise ConfigurationError(
            gettext("The secret of this channel cannot be read: {problem}.").format(problem=problem)
        ) from None
    if not secret:
        raise ConfigurationError(gettext("This channel has no secret to sign with; enter one."))
    # Sorted: a database gives the stored names back in an order of its own, and every try has the same bytes.
    body = json.dumps({"message": message, **content}, ensure_ascii=False, sort_keys=True).encode()
    timestamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Portal-Message": message,
        "X-Portal-Timestamp": timestamp,
        "X-Portal-Signature": sign(secret, timestamp, body),
    }
    with Session(
        vendor=gettext("The receiver"),
        base_url=channel.url,
        secrets=[secret],
        allow_private=channel.allow_private_address,
        connect_timeout=CONNECT,
        read_timeout=READ,
        deadline=DEADLINE,
        max_bytes=LONGEST_ANSWER,
    ) as session:
        answer = session.call("POST", channel.url, data=body, headers=headers)
    if not 200 <= answer.status < 300:
        raise TemporaryError(
            gettext("The receiver answered {status}.").format(status=answer.status), status=answer.status
        )
    return gettext("Taken by {host} ({status}).").format(host=urlsplit(channel.url).hostname, status=answer.status)


def _mail(channel: AlertChannel, content: dict[str, Any], *, message: str) -> str:
    if not settings.MAIL_IS_SET_UP:
        raise ConfigurationError(str(NO_MAIL))
    host = urlsplit(settings.PORTAL_BASE_URL).hostname
    mail = EmailMessage(
        subject_of(content), text_of(content), to=channel.addresses, headers={"Message-ID": f"<{message}@{host}>"}
    )
    try:
        mail.send()
    except (smtplib.SMTPException, OSError) as problem:
        raise TemporaryError(
            gettext("The mail server did not take it ({kind}).").format(kind=type(problem).__name__)
        ) from problem
    return gettext("Given to the mail server for {addresses}.").format(addresses=", ".join(channel.addresses))
