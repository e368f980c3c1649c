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

from .test_posting_runs import TOKEN, token

__all__ = ["token"]

pytestmark = pytest.mark.django_db(transaction=True)  # the application opens and closes connections as in production

# Left out: that every generated body is taken or refused as a whole. A call with one bad run of many is answered 200.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def hold_the_description(examples: int) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    operation = schema["/api/v1/runs"]["POST"]
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
                base_url="http://localhost", headers={"Authorization": f"Bearer {TOKEN}"}, checks=CHECKS
            )

        one_call()


@pytest.mark.usefixtures("token")
def test_generated_calls_are_answered_as_described() -> None:
    hold_the_description(25)


@pytest.mark.proof
@pytest.mark.usefixtures("token")
def test_thousands_of_generated_calls_are_answered_as_described() -> None:
    hold_the_description(2_000)
