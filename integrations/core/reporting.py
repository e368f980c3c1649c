"""Error reports to Sentry: only with a SENTRY_DSN, without personal data, and never with a secret in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.logging import ignore_logger

from integrations.transport.redaction import MASK, Redactor, is_sensitive_name

PASSWORD_LINK = re.compile(r"(/password/)[A-Za-z0-9]{20,}")  # the secret of a mailed link, in its address


def start(dsn: str, **more: Any) -> None:
    """Send reports there from now on; an empty address sends none. `more` goes to `sentry_sdk.init`.

    Personal data stays off by leaving `send_default_pii` and `data_collection` unset (sentry-sdk 2.75).
    """
    if not dsn:
        return
    redactor = Redactor(_secrets_of_the_settings())
    sentry_sdk.init(
        dsn=dsn,
        environment=settings.ENVIRONMENT,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        before_send=lambda event, hint: _clean(event, redactor),
        before_breadcrumb=lambda crumb, hint: _clean(crumb, redactor),
        **more,
    )
    ignore_logger("django-q")  # logs a whole traceback per failure; our job wrapper reports the exception itself


def report(exception: BaseException, *, transaction: str, tags: Mapping[str, str] | None = None) -> None:
    """Report an exception that was caught. `transaction` names the job's kind or the stream, so that it groups."""
    with sentry_sdk.new_scope() as scope:
        scope.set_transaction_name(transaction)
        for name, value in (tags or {}).items():
            scope.set_tag(name, value)
        sentry_sdk.capture_exception(exception)


def _secrets_of_the_settings() -> Iterator[str]:
    yield settings.SECRET_KEY
    yield from settings.SECRET_KEY_FALLBACKS
    for entry in settings.PORTAL_KEYS:
        yield entry.partition(":")[2]
    for database in settings.DATABASES.values():
        yield str(database.get("PASSWORD") or "")
    yield getattr(settings, "METRICS_TOKEN", "")
    yield getattr(settings, "EMAIL_HOST_PASSWORD", "") or ""
    for provider in getattr(settings, "SOCIALACCOUNT_PROVIDERS", {}).values():
        yield from (app["secret"] for app in provider["APPS"])


def _clean(value: Any, redactor: Redactor) -> Any:
    """The value without what is secret by name or by value, whatever it is made of."""
    if isinstance(value, str):
        return PASSWORD_LINK.sub(rf"\1{MASK}", redactor.text(value))
    if isinstance(value, Mapping):
        return {
            name: MASK if isinstance(name, str) and is_sensitive_name(name) else _clean(inner, redactor)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_clean(inner, redactor) for inner in value]
    return value
