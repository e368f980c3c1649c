"""P7 for Autotask as the sender: who is not Autotask gets nothing and leaves nothing, at both addresses."""

from __future__ import annotations

import json
from itertools import product

import pytest

from integrations.core.crypto import Sealed
from integrations.core.models import Client, Connection, Job, WebhookDelivery
from integrations.core.opening import set_secrets

from .posting import SECRET, post, signed

BODY = b'{"Action":"Delete","EntityType":"Ticket","Id":128926}'
OFF = b'{"Action":"Deactivated"}'
FORGED: tuple[dict[str, str], ...] = (
    {"Accept": "no signature at all"},
    {"X-Hook-Signature": signed(b"another body")},
    {"X-Hook-Signature": signed(BODY, "another secret"), "X-Webhook-Secret": SECRET},
    {"X-Hook-Signature": signed(OFF, "")},
    {"Authorization": f"Bearer {SECRET}"},
    {"X-Hook-Signature": SECRET},
)


@pytest.fixture
def connection(db: None) -> Connection:
    made = Connection(client=Client.objects.create(slug="elite", name="Elite"), slug="psa", vendor="autotask")
    set_secrets(made, {"webhook_secret": SECRET}, by="anna")
    made.save()
    return made


def test_an_unsigned_or_forged_call_is_told_nothing_and_leaves_nothing(connection: Connection) -> None:
    bodies = (BODY, OFF, b"{broken", b"[]")
    answers = [
        post(body, event=event, **headers)
        for event, body, headers in product(("ticket", "deactivated"), bodies, FORGED)
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(401, answers[0].content)}
    assert not WebhookDelivery.objects.exists()
    connection.refresh_from_db()
    assert connection.webhook_trouble == ""


def test_a_signed_body_written_anew_is_not_the_signed_one(connection: Connection) -> None:
    assert post(json.dumps(json.loads(BODY)).encode(), **{"X-Hook-Signature": signed(BODY)}).status_code == 401
    assert post(BODY).status_code == 202


def test_too_much_and_nonsense_are_refused_with_the_right_signature_too(connection: Connection) -> None:
    assert post(b" " * 1_000_001).status_code == 413
    assert post(b'{"Action":"Update"}').status_code == 400
    row = WebhookDelivery.objects.get()
    assert (row.state, "does not say what happened" in row.outcome) == ("ignored", True)
    assert not Job.objects.exists()


def test_neither_the_signature_nor_the_secret_is_kept(connection: Connection) -> None:
    post(BODY)
    row = WebhookDelivery.objects.get()
    assert row.headers.keys() <= {"content-type", "content-length", "user-agent"}
    assert SECRET not in json.dumps(row.headers)


def test_without_a_secret_nothing_is_taken(connection: Connection) -> None:
    connection.credentials, connection.webhook_digest = Sealed(), ""
    connection.save()
    assert post(BODY).status_code == post(BODY, **{"X-Hook-Signature": signed(BODY, "")}).status_code == 401
