from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import sentry_sdk
from django.conf import settings
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from integrations.core import reporting


class Kept(Transport):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.texts.append(envelope.serialize().decode())


@pytest.fixture
def sent() -> Iterator[list[str]]:
    kept = Kept()
    reporting.start("https://public@sentry.example.com/1", transport=kept, default_integrations=True)
    yield kept.texts
    sentry_sdk.get_global_scope().set_client(None)


def test_a_caught_exception_arrives_under_its_transaction_with_tags(sent: list[str]) -> None:
    reporting.report(ValueError("odd"), transaction="backup.refresh", tags={"job": "17"})
    assert len(sent) == 1
    assert '"transaction":"backup.refresh"' in sent[0]
    assert '"job":"17"' in sent[0]


def test_no_report_holds_a_secret_of_ours_or_what_is_secret_by_name(sent: list[str]) -> None:
    password = "canary-local-40aa1"
    logging.getLogger("portal").warning("password=canary-crumb-9911 and %s", settings.SECRET_KEY)
    try:
        raise ValueError(f"{settings.SECRET_KEY} {settings.PORTAL_KEYS[0]} token=canary-text-11")
    except ValueError as error:
        sentry_sdk.set_context("call", {"api_key": password})
        reporting.report(error, transaction="t")
    assert "ValueError" in sent[0]
    assert "canary-local" not in sent[0]
    assert "canary-crumb" not in sent[0]
    assert "canary-text" not in sent[0]
    assert settings.SECRET_KEY not in sent[0]
    assert settings.PORTAL_KEYS[0].partition(":")[2] not in sent[0]


def test_the_queue_s_own_log_lines_are_no_reports(sent: list[str]) -> None:
    logging.getLogger("django-q").error("Failed 'steak-king' - …")
    assert sent == []


def test_without_an_address_nothing_is_reported() -> None:
    reporting.start("")
    assert not sentry_sdk.get_client().is_active()
