from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from integrations.backup_tickets.api import posting
from integrations.backup_tickets.models import Run
from integrations.core.models import ApiToken, Client
from tests.backup_tickets.intake.conftest import report

TOKEN = "ip_a-token-for-tests"


@pytest.fixture
def token(db: Any) -> ApiToken:
    client = Client.objects.create(slug="elite", name="Elite")
    made: ApiToken = ApiToken.objects.create(client=client, name="veeam", digest=ApiToken.digest_of(TOKEN))
    return made


def post(body: Any, *, token: str = TOKEN, content_type: str = "application/json", **headers: str) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sender = Browser(enforce_csrf_checks=True)
    return sender.post(
        "/api/v1/runs", data, content_type=content_type, headers={"authorization": f"Bearer {token}"} | headers
    )


def test_runs_are_taken_and_counted(token: ApiToken) -> None:
    answer = post({"runs": [report("a"), report("b"), report("c", status="?")]})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["created"], body["updated"], body["unchanged"]) == (2, 0, 0)
    assert body["errors"] == [
        {
            "index": 2,
            "field": "status",
            "message": "Item 3: status must be one of success, warning, error, missed.",
        }
    ]
    assert Run.objects.filter(client=token.client).count() == 2


@pytest.mark.parametrize("shape", [lambda r: {"runs": [r]}, lambda r: [r], lambda r: r])
def test_one_run_a_list_and_the_full_shape_are_understood(token: ApiToken, shape: Any) -> None:
    assert post(shape(report())).json()["created"] == 1
    assert post(shape(report())).json()["unchanged"] == 1


def test_a_call_of_which_nothing_was_taken_is_answered_422(token: ApiToken) -> None:
    answer = post({"runs": [report(job="")]})
    assert (answer.status_code, len(answer.json()["errors"])) == (422, 1)


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer  ", "Basic abc", "Bearer wrong", "Bearer ünîcode"])
def test_without_a_valid_token_nothing_is_read(token: ApiToken, authorization: str) -> None:
    answer = post({"runs": [report()]}, authorization=authorization)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert not Run.objects.exists()


def test_a_revoked_token_and_one_of_an_inactive_client_are_refused(token: ApiToken) -> None:
    token.revoked_at = timezone.now()
    token.save()
    assert post({"runs": [report()]}).status_code == 401
    ApiToken.objects.update(revoked_at=None)
    Client.objects.update(is_active=False)
    assert post({"runs": [report()]}).status_code == 401


def test_the_last_use_of_a_token_is_noted(token: ApiToken) -> None:
    post({"runs": [report()]})
    token.refresh_from_db()
    assert token.last_used_at is not None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"runs": [}', "The body is not JSON: Expecting value, line 1, column 11."),
        (b"\xff\xfe", "The body is not UTF-8: byte 1 cannot be read."),
        (b"[" * 100_000, "The JSON is nested too deeply."),
        (b'{"runs": [NaN]}', "The body is not JSON: NaN is not a JSON value."),
        (b'{"runs": {}}', "“runs” must be a list of runs."),
        (b'{"runs": []}', "There is no run in the list; send at least one."),
        (b'{"runs": [], "x": 1}', "Beside “runs” nothing is expected; remove 'x'."),
        (b"17", 'Send {"runs": […]}, a list of runs, or a single run.'),
        (b" ", "The body is not JSON: Expecting value, line 1, column 2."),
        (b"9" * 5000, "The body is not JSON: Exceeds the limit"),
    ],
)
def test_a_broken_body_is_answered_with_where_it_breaks(token: ApiToken, body: bytes, words: str) -> None:
    answer = post(body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(words)


def test_too_much_is_refused_before_it_is_read(token: ApiToken) -> None:
    assert post(b" " * (posting.MAX_BYTES + 1)).status_code == 413
    assert post([{}] * (posting.MAX_ITEMS + 1)).status_code == 413


def test_another_content_type_is_refused(token: ApiToken) -> None:
    assert post(b"{}", content_type="text/plain").status_code == 415
    assert post(b"{}", **{"content-encoding": "gzip"}).status_code == 415


def test_other_methods_are_not_allowed(token: ApiToken) -> None:
    answer = Browser().delete("/api/v1/runs")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, POST")


def test_the_description_is_open_to_all(db: Any) -> None:
    answer = Browser().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json()["openapi"] == "3.1.0"
