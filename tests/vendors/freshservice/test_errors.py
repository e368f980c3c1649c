"""What Freshservice's refusals mean."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.transport.errors import (
    ConfigurationError,
    MalformedResponseError,
    NotFoundError,
    RejectedError,
    TemporaryError,
    VendorError,
)
from integrations.transport.session import CallRecord
from integrations.vendors.freshservice.api import FreshserviceApi
from integrations.vendors.freshservice.simulator import API_KEY, FreshserviceSimulator
from integrations.vendors.simulation import Reply

from .conftest import OpenApi, stop_the_clock
from .saying import always, saying

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HTML = b"<!doctype html><html><body>Sign in</body></html>"


def test_a_wrong_key_is_a_matter_of_configuration_and_is_shown_nowhere(
    open_api: OpenApi, records: list[CallRecord]
) -> None:
    with pytest.raises(ConfigurationError, match="API key") as raised:
        open_api(api_key="canary-5f2d81c7").ticket(1)
    assert "canary-5f2d81c7" not in f"{raised.value.message} {raised.value.excerpt} {records}"


def test_the_key_is_in_no_record_of_a_call(api: FreshserviceApi, records: list[CallRecord]) -> None:
    api.category_choices()
    assert records
    assert API_KEY not in str(records)


def test_a_missing_permission_is_a_matter_of_configuration_with_the_vendors_words(
    freshservice: FreshserviceSimulator, api: FreshserviceApi
) -> None:
    freshservice.forbidden = True
    with pytest.raises(ConfigurationError, match="You are not authorized to perform this action"):
        api.ticket(1)


def test_the_limit_of_a_minute_says_to_the_second_when_to_come_again(
    freshservice: FreshserviceSimulator, api: FreshserviceApi
) -> None:
    stop_the_clock(freshservice)
    number = freshservice.data.add_ticket(subject="x")["id"]
    for _ in range(50):
        api.ticket(number)
    with pytest.raises(TemporaryError) as raised:
        api.ticket(number)
    assert (raised.value.status, raised.value.retry_after) == (429, 60.0)


def test_a_short_wait_is_waited_for_by_the_session() -> None:
    answers = iter([Reply(429, b"", {"Retry-After": "2"})])
    with saying(lambda request, real: next(answers, real)) as (freshservice, api):
        number = freshservice.data.add_ticket(subject="x")["id"]
        assert api.ticket(number).id == number
        assert len(freshservice.calls) == 2


def test_a_429_without_a_time_is_temporary() -> None:
    with saying(always(b"", status=429)) as (_, api), pytest.raises(TemporaryError) as raised:
        api.ticket(1)
    assert raised.value.retry_after is None


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_trouble_of_the_vendor_is_temporary(status: int) -> None:
    with saying(always(HTML, status=status)) as (_, api), pytest.raises(TemporaryError):
        api.ticket(1)


def test_a_405_is_never_read_as_a_wrong_address() -> None:
    body = {"code": "method_not_allowed", "message": "PUT method is not allowed. It should be one of …: GET"}
    with saying(always(body, status=405)) as (_, api), pytest.raises(RejectedError, match="PUT method is not allowed"):
        api.ticket(1)


def test_an_empty_404_of_a_record_is_not_found_and_of_a_list_a_wrong_site(open_api: OpenApi) -> None:
    with pytest.raises(NotFoundError, match="ticket 1"):
        open_api().ticket(1)
    with saying(always(b"", status=404)) as (_, api):
        for read in (lambda: api.tickets_updated_since(NOW, 1), api.category_choices, api.workspaces):
            with pytest.raises(ConfigurationError, match="site"):
                read()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"description": "Validation failed", "errors": [{"field": "page", "message": "no", "code": "c"}]}, "page no"),
        ({"description": "Validation failed", "errors": [{"field": "page", "code": "datatype_mismatch"}]}, "mismatch"),
        ({"code": "require_feature", "message": "Not in your plan."}, "Not in your plan"),
        ({"message": "Just this."}, "Just this"),
        ({"code": "inaccessible_field"}, "inaccessible_field"),
        ({"description": ["odd"], "errors": ["odd", {"field": 1}]}, "400"),
        (b"", "400"),
        (HTML, "400"),
    ],
)
def test_a_validation_is_told_in_the_vendors_words_whatever_its_shape(body: Any, sentence: str) -> None:
    with saying(always(body, status=400)) as (_, api), pytest.raises(RejectedError, match=sentence):
        api.ticket(1)


ODD = [b"", b"null", b"[]", b"{}", b'{"ticket": null}', b'{"ticket": []}', HTML, b"\x00\xff{", b'{"ticket": {"id": 1}}']


@pytest.mark.parametrize("body", ODD)
def test_an_answer_without_what_was_promised_is_malformed_and_never_nothing(body: bytes) -> None:
    with saying(always(body)) as (_, api):
        for read in (
            lambda: api.ticket(1),
            lambda: api.conversations(1),
            lambda: api.tickets_updated_since(NOW, 1),
            lambda: api.requester(1),
            lambda: api.group(1),
            api.category_choices,
            api.workspaces,
        ):
            with pytest.raises(MalformedResponseError):
                read()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("garbage", MalformedResponseError),
        ("truncated", TemporaryError),
        ("answer_lost", TemporaryError),
        ("not_received", TemporaryError),
        ("html_503", TemporaryError),
        ("429", TemporaryError),
        ("committed_500", TemporaryError),
    ],
)
def test_a_fault_of_the_way_is_told_apart(
    freshservice: FreshserviceSimulator, api: FreshserviceApi, fault: str, error: type[VendorError]
) -> None:
    number = freshservice.data.add_ticket(subject="x")["id"]
    freshservice.fault(fault, times=3)
    with pytest.raises(error):
        api.ticket(number)


def test_a_fault_that_passes_is_overcome(freshservice: FreshserviceSimulator, api: FreshserviceApi) -> None:
    number = freshservice.data.add_ticket(subject="x")["id"]
    freshservice.fault("answer_lost", times=2)
    assert api.ticket(number).id == number


def test_a_redirect_of_the_site_is_a_matter_of_configuration() -> None:
    change = always(b"", status=301, Location="https://elite.freshservice.com/api/v2/tickets/1")
    with saying(change) as (_, api), pytest.raises(ConfigurationError, match=r"https://elite\.freshservice\.com"):
        api.ticket(1)


def test_a_site_that_was_entered_with_the_path_of_the_api_works(
    freshservice: FreshserviceSimulator, open_api: OpenApi
) -> None:
    number = freshservice.data.add_ticket(subject="x")["id"]
    for ending in ("", "/", "/api/v2", "/api/v2/"):
        assert open_api(base_url=freshservice.url + ending).ticket(number).id == number
