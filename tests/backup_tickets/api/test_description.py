"""The API keeps its own description, whatever is sent: generated calls through the real WSGI application."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from integrations.backup_tickets.intake import take_runs
from integrations.core.models import ApiToken
from tests.backup_tickets.intake.conftest import report

from .test_posting_runs import TOKEN, token
from .test_reading import READER, linked, reader

__all__ = ["reader", "token"]

pytestmark = pytest.mark.django_db(transaction=True)  # the application opens and closes connections as in production

# Left out: that every generated body is taken or refused as a whole. A call with one bad run of many is answered 200.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


OPERATIONS = [("/api/v1/runs", "POST", TOKEN), ("/api/v1/runs", "GET", READER), ("/api/v1/links", "GET", READER)]
of_each = pytest.mark.parametrize(("path", "method", "key"), OPERATIONS)


@pytest.fixture
def world(reader: ApiToken) -> None:
    """A few runs, some with tickets, so that pages are not empty."""
    take_runs(reader.client, [report(f"w{n}", job=f"J{n}") for n in range(5)])
    for number, state in enumerate(("active", "resolved", "deleted", "unknown")):
        linked(f"w{number}", number, state)


def hold_the_description(path: str, method: str, key: str, examples: int) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    operation = schema[path][method]
    modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
    for mode in modes:

        @settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def one_call(case: Any) -> None:
            case.call_and_validate(
                base_url="http://localhost", headers={"Authorization": f"Bearer {key}"}, checks=CHECKS
            )

        one_call()


@of_each
@pytest.mark.usefixtures("world")
def test_generated_calls_are_answered_as_described(path: str, method: str, key: str) -> None:
    hold_the_description(path, method, key, 25)


@pytest.mark.proof
@of_each
@pytest.mark.usefixtures("world")
def test_thousands_of_generated_calls_are_answered_as_described(path: str, method: str, key: str) -> None:
    hold_the_description(path, method, key, 2_000)
