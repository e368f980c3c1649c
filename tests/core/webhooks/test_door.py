"""P7: who may come in, what is looked at first, and what is said. Nothing is kept of those who are turned away."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import logging
from typing import Any

import pytest
from django.db import DatabaseError
from django.db import connection as database
from django.test import Client as Sender
from django.test import RequestFactory
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.core.crypto import Sealed
from integrations.core.models import Connection, Job, WebhookDelivery
from integrations.core.opening import set_secrets
from integrations.core.webhooks import door

from . import pigeons
from .conftest import Send

SECRET = pigeons.SECRET
BASIC = "Basic " + base64.b64encode(f"anybody:{SECRET}".encode()).decode()
FORGED = {"X-Webhook-Secret": "a-secret-that-somebody-guessed"}
State = WebhookDelivery.State


@pytest.mark.parametrize(
    "headers", [{"X-Webhook-Secret": SECRET}, {"Authorization": f"Bearer {SECRET}"}, {"Authorization": BASIC}]
)
def test_the_secret_may_come_in_three_ways(send: Send, headers: dict[str, str]) -> None:
    assert send({"bird": 1}, **headers).status_code == 202
    assert WebhookDelivery.objects.get().state == State.WAITING


def test_a_202_means_that_row_and_job_are_there_and_says_how_many(send: Send) -> None:
    answer = send({"bird": 7})
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1})
    row, job = WebhookDelivery.objects.get(), Job.objects.get()
    assert (row.subject, row.event, bytes(row.body)) == ("bird:7", "bird", b'{"bird": 7}')
    assert (job.kind, job.args, job.state, job.trigger) == ("core.work_delivery", [row.pk], "queued", "webhook")


def test_no_header_that_carries_a_credential_is_kept(send: Send) -> None:
    send({"bird": 1}, **{"X-Webhook-Secret": SECRET, "Authorization": BASIC, "Cookie": "a=b", "User-Agent": "Pigeon/1"})
    row = WebhookDelivery.objects.get()
    assert row.headers.keys() <= {"content-type", "content-length", "user-agent"}
    assert row.headers["user-agent"] == "Pigeon/1"
    assert SECRET not in json.dumps(row.headers)


WRONG: list[tuple[str, dict[str, str]]] = [
    ("/webhooks/elite/pigeon/bird", FORGED),
    ("/webhooks/elite/pigeon/bird", {"Accept": "nothing to prove who it is"}),
    ("/webhooks/elite/pigeon/bird", {"Authorization": "Basic !!!"}),
    ("/webhooks/elite/pigeon/bird", {"X-Webhook-Secret": ""}),
    ("/webhooks/elite/pigeon/fish", {"X-Webhook-Secret": SECRET}),
    ("/webhooks/elite/nobody/bird", {"X-Webhook-Secret": SECRET}),
    ("/webhooks/house/pigeon/bird", {"X-Webhook-Secret": SECRET}),
    ("/webhooks/nobody/pigeon/bird", {"X-Webhook-Secret": SECRET}),
]


def test_a_wrong_secret_and_an_unknown_address_are_told_the_same(send: Send) -> None:
    answers = {(a.status_code, a.content) for path, headers in WRONG for a in [send({"bird": 1}, path=path, **headers)]}
    assert len(answers) == 1
    assert answers.pop()[0] == 401
    assert not WebhookDelivery.objects.exists()
    assert not Job.objects.exists()


def test_at_a_fixed_path_the_secret_alone_tells_who_calls(send: Send, connection: Connection) -> None:
    other = Connection(client=connection.client, slug="other", vendor="pigeon")
    set_secrets(other, {"webhook_secret": "another-secret-of-pigeons"}, by="anna")
    other.save()
    for path in ("/api/v0/pigeon-came", "/api/v0/pigeon-came/"):
        assert send({"bird": 1}, path=path).status_code == 202
    answer = send({"bird": 2}, path="/api/v0/pigeon-came", **{"X-Webhook-Secret": "another-secret-of-pigeons"})
    assert answer.status_code == 202
    rows = WebhookDelivery.objects.order_by("pk").values_list("connection__slug", "event", "subject")
    assert list(rows) == [("pigeon", "bird", "bird:1"), ("pigeon", "bird", "bird:1"), ("other", "bird", "bird:2")]


@pytest.mark.parametrize("headers", [FORGED, {"X-Webhook-Secret": ""}, {"Authorization": "Basic !!!"}])
def test_a_fixed_path_takes_nothing_from_strangers(send: Send, headers: dict[str, str]) -> None:
    assert send({"bird": 1}, path="/api/v0/pigeon-came", **headers).status_code == 401
    assert not WebhookDelivery.objects.exists()


def test_a_fixed_path_is_closed_to_the_inactive_to_other_vendors_and_to_two_of_one_secret(
    send: Send, connection: Connection
) -> None:
    path = "/api/v0/pigeon-came"
    Connection.objects.update(vendor="sealed")
    assert send({"bird": 1}, path=path).status_code == 401
    Connection.objects.update(vendor="pigeon")
    connection.client.is_active = False
    connection.client.save()
    assert send({"bird": 1}, path=path).status_code == 401
    connection.client.is_active = True
    connection.client.save()
    twin = Connection(client=None, slug="twin", vendor="pigeon", webhook_digest=connection.webhook_digest)
    twin.save()
    assert send({"bird": 1}, path=path).status_code == 401
    twin.delete()
    assert send({"bird": 1}, path=path).status_code == 202


def test_a_connection_without_a_secret_takes_nothing(send: Send, connection: Connection) -> None:
    Connection.objects.create(client=connection.client, slug="open", vendor="pigeon")
    assert send({"bird": 1}, path="/webhooks/elite/open/bird", **{"X-Webhook-Secret": ""}).status_code == 401


def test_an_inactive_client_takes_nothing(send: Send, connection: Connection) -> None:
    connection.client.is_active = False
    connection.client.save()
    assert send({"bird": 1}).status_code == 401


class Untouchable(io.BytesIO):
    """A body that must not be read."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("the body was read")


def ask(headers: dict[str, str], *, body: io.BytesIO, size: str | None) -> int:
    request = RequestFactory().generic("POST", "/webhooks/elite/pigeon/bird", headers=headers)
    request.META["wsgi.input"] = request.environ["wsgi.input"] = body  # type: ignore[attr-defined]
    request._stream = body  # type: ignore[attr-defined]
    request.META.pop("CONTENT_LENGTH", None)
    if size is not None:
        request.META["CONTENT_LENGTH"] = size
    return int(door.webhook(request, owner="elite", slug="pigeon", event="bird").status_code)


@pytest.mark.parametrize(("size", "status"), [("1000001", 413), ("9" * 40, 413), (None, 411), ("-3", 400), ("x", 400)])
def test_the_announced_size_is_judged_before_a_byte_is_read(send: Send, size: str | None, status: int) -> None:
    assert ask({"X-Webhook-Secret": SECRET}, body=Untouchable(), size=size) == status
    assert not WebhookDelivery.objects.exists()


def test_a_forged_call_has_no_byte_of_its_body_read(send: Send) -> None:
    assert ask(FORGED, body=Untouchable(), size="900000") == 401


def test_a_body_that_breaks_off_is_not_taken(send: Send) -> None:
    assert ask({"X-Webhook-Secret": SECRET}, body=io.BytesIO(b'{"bird"'), size="30") == 408
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "head", "options"])
def test_only_post_is_served(send: Send, method: str) -> None:
    answer = getattr(Sender(), method)("/webhooks/elite/pigeon/bird", headers={"X-Webhook-Secret": SECRET})
    assert answer.status_code == 405


def test_a_body_that_cannot_be_understood_is_refused_and_shown_to_the_admin(send: Send) -> None:
    answer = send(b"{broken")
    assert (answer.status_code, answer.json()) == (400, {"error": "The body is not JSON."})
    row = WebhookDelivery.objects.get()
    assert (row.state, row.subject, row.outcome) == (State.IGNORED, "not understood", "The body is not JSON.")
    assert not Job.objects.exists()


def test_what_the_vendor_package_ignores_is_kept_with_the_reason_and_has_no_job(send: Send) -> None:
    assert send({"bird": 1, "sits": True}).json() == {"accepted": 0}
    row = WebhookDelivery.objects.get()
    assert (row.state, row.outcome) == (State.IGNORED, "Only flying birds matter.")
    assert not Job.objects.exists()


def test_a_call_the_vendor_names_twice_is_taken_once(send: Send) -> None:
    assert [send({"bird": 1, "call": "c-1"}).json() for _ in range(3)] == [{"accepted": n} for n in (1, 0, 0)]
    assert WebhookDelivery.objects.count() == Job.objects.count() == 1


def test_an_array_becomes_a_row_for_each_element_all_or_none(send: Send) -> None:
    assert send([{"bird": 1}, {"bird": 2}, {"bird": 1}]).json() == {"accepted": 3}
    assert [bytes(row.body) for row in WebhookDelivery.objects.order_by("pk")] == [
        b'{"bird": 1}',
        b'{"bird": 2}',
        b'{"bird": 1}',
    ]
    assert Job.objects.count() == 2


def full(execute: Any, sql: str, *rest: Any) -> Any:
    """The disk is full when the job's row is to be written."""
    if sql.startswith("INSERT INTO") and "core_job" in sql:
        raise DatabaseError("disk full")
    return execute(sql, *rest)


def test_trouble_of_our_own_is_503_and_nothing_is_kept(send: Send) -> None:
    with database.execute_wrapper(full):
        answer = send({"bird": 1})
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert not WebhookDelivery.objects.exists()


def sealed(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_a_signature_is_checked_over_the_bytes_as_they_came(loft: pigeons.Loft, db: None) -> None:
    pigeons.make_world(vendor="sealed")
    body = b'{"bird":  3}'

    def send(data: bytes, seal: str) -> int:
        headers = {"X-Seal": seal, "X-Leg": "left"}
        path = "/webhooks/elite/sealed/bird"
        return int(Sender().post(path, data, content_type="application/json", headers=headers).status_code)

    assert send(body, sealed(b'{"bird": 3}')) == 401
    assert send(body, sealed(body, "another secret")) == 401
    assert send(body, SECRET) == 401  # the secret itself proves nothing here
    assert not WebhookDelivery.objects.exists()
    assert send(body, sealed(body)) == 202
    assert WebhookDelivery.objects.get().headers["x-leg"] == "left"
    assert "x-seal" not in WebhookDelivery.objects.get().headers


def test_a_signature_made_without_a_secret_proves_nothing(loft: pigeons.Loft, db: None) -> None:
    connection = pigeons.make_world(vendor="sealed")
    Connection.objects.filter(pk=connection.pk).update(credentials=Sealed.of({"other": "x"}))  # the secret got lost
    body = b'{"bird": 3}'
    headers = {"X-Seal": sealed(body, "")}
    path = "/webhooks/elite/sealed/bird"
    assert Sender().post(path, body, content_type="application/json", headers=headers).status_code == 401


def test_who_is_refused_again_and_again_fills_no_log(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    door._said.clear()
    with caplog.at_level(logging.WARNING, logger="portal.webhooks"):
        for _ in range(20):
            send({"bird": 1}, **FORGED)
    assert len(caplog.messages) == 1
    assert "elite/pigeon/bird" in caplog.messages[0]
    assert FORGED["X-Webhook-Secret"] not in caplog.text


JSON = st.recursive(st.none() | st.integers() | st.text() | st.just("\x00\ud800"), st.lists, max_leaves=5)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None)
@given(
    body=st.one_of(
        st.binary(min_size=1, max_size=300),
        JSON.map(lambda value: json.dumps(value).encode()),
        st.lists(st.fixed_dictionaries({"bird": JSON, "call": JSON})).map(lambda value: json.dumps(value).encode()),
    )
)
def test_no_body_breaks_the_door(body: bytes) -> None:
    with pigeons.kept():
        if not Connection.objects.filter(slug="pigeon").exists():
            pigeons.make_world()
        answer = Sender().post(
            "/webhooks/elite/pigeon/bird",
            body,
            content_type="application/json",
            headers={"X-Webhook-Secret": SECRET},
        )
    assert answer.status_code in (202, 400)
