"""What two real iTops 3.2.0 answered is understood; each test replays a recorded answer to the client."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest

from integrations.transport.errors import ConfigurationError, NotFoundError, RejectedError, VendorError
from integrations.vendors.itop.answers import MissingFields, NotAllowed, WrongState
from integrations.vendors.itop.pictures import Kind, pictures_in
from integrations.vendors.simulation import Reply, Request

from .saying import capture, recorded, saying

PARIS = {"time_zone": "Europe/Paris"}


def test_a_ticket_with_all_its_fields() -> None:
    with saying(recorded("get_userrequest_all_fields"), **PARIS) as (_, api):
        ticket = api.ticket(1)
    assert (ticket.id, ticket.ticket_class, ticket.ref, ticket.status) == (1, "UserRequest", "R-000001", "new")
    assert ticket.title == 'Printer "A" & B < C'
    assert (ticket.org_id, ticket.caller_id, ticket.team_id, ticket.agent_id) == (3, 15, 0, 0)
    assert (ticket.org_name, ticket.caller, ticket.priority, ticket.impact) == ("Demo", "Agatha Christie", "2", "2")
    assert ticket.last_update == datetime(2026, 11, 22, 2, 29, 46, tzinfo=UTC)
    assert (ticket.private_log, ticket.public_log) == ((), ())
    assert (ticket.fields["resolution_code"], ticket.fields["sla_tto_over"]) == ("assistance", None)


def test_logs_oldest_first_with_authors_of_nobody_here_debris_and_pictures() -> None:
    fields = capture("get_userrequest_all_fields")["response"]["body"]["objects"]["UserRequest::1"]["fields"]
    answer = capture("get_logs")["response"]["body"]
    answer["objects"]["UserRequest::8"]["fields"] = fields | answer["objects"]["UserRequest::8"]["fields"]
    with saying(lambda request, real: Reply.of(answer), **PARIS) as (_, api):
        ticket = api.ticket(8)
    imported, dated, debris, picture = ticket.private_log
    assert (imported.author, imported.user_id, imported.stamp) == ("Remote User", 0, "2024-01-02 03:04:05")
    assert imported.at == datetime(2024, 1, 2, 2, 4, 5, tzinfo=UTC)
    assert (dated.author, dated.user_id, dated.stamp) == ("Bridge Robot", 2, "2020-01-01 00:00:00")
    assert (debris.text, "DOCTYPE" in debris.html) == ("", True)
    assert [one.kind for one in pictures_in(picture.html)] == [Kind.DATA]
    assert [one.text for one in ticket.public_log] == ["public entry"]


def test_what_no_database_stores_becomes_a_sign_for_it() -> None:
    answer = capture("get_userrequest_all_fields")["response"]["body"]
    fields = answer["objects"]["UserRequest::1"]["fields"]
    entry = {"date": "odd \x00", "user_login": "\ud800", "user_id": None, "message": None, "message_html": "\x00"}
    fields |= {"title": "a\x00b", "private_log": {"entries": [entry]}, "custom": {"\x00": ["\ud800", 10**30]}}
    with saying(lambda request, real: Reply.of(answer), **PARIS) as (_, api):
        ticket = api.ticket(1)
    (said,) = ticket.private_log
    assert (ticket.title, ticket.fields["custom"]) == ("a\ufffdb", {"\ufffd": ["\ufffd", str(10**30)]})
    assert (said.stamp, said.at, said.author, said.user_id, said.html) == ("odd \ufffd", None, "\ufffd", 0, "\ufffd")


def test_a_picture_of_its_own_in_a_log() -> None:
    entries = capture("get_log_with_inline_image")["response"]["body"]["objects"]["UserRequest::37"]["fields"]
    (picture,) = pictures_in(entries["private_log"]["entries"][0]["message_html"])
    assert (picture.kind, picture.id, picture.secret) == (Kind.INLINE, 1, "abcdef0123456789")
    assert "abcdef" not in repr(picture)


def test_the_content_of_an_attachment_and_of_a_picture() -> None:
    for name, read in (("get_attachment", "download_attachment"), ("get_inline_image", "download_picture")):
        target = io.BytesIO(b"something old, and longer than the new content")
        with saying(recorded(name)) as (_, api):
            file = getattr(api, read)(1, io.BytesIO(), target)
        assert (file.size, len(target.getvalue())) == (file.size, file.size)
        if name == "get_attachment":
            assert (target.getvalue(), file.name, file.content_type) == (b"hello attachment", "hello.txt", "text/plain")
            assert (file.item_class, file.item_id) == ("UserRequest", 9)
        else:
            assert (target.getvalue()[:4], file.name, file.content_type) == (b"\x89PNG", "shot.png", "image/png")


def test_a_list_of_attachments() -> None:
    with saying(recorded("list_attachments_of_ticket"), **PARIS) as (_, api):
        (found,) = api.attachments_of("UserRequest", 9)
    assert (found.id, found.item_id, found.item_org_id, found.user_id, found.is_draft) == (1, 9, 3, 2, False)
    assert found.creation_date == datetime(2026, 11, 22, 2, 32, 27, tzinfo=UTC)


def test_what_is_missing_is_not_found_and_a_page_past_the_end_is_empty() -> None:
    with saying(recorded("get_missing")) as (_, api), pytest.raises(NotFoundError, match="UserRequest 999999"):
        api.ticket(999999, "UserRequest")
    with saying(recorded("update_missing")) as (_, api), pytest.raises(NotFoundError, match="UserRequest 999999"):
        api.update_ticket("UserRequest", 999999, {"title": "x"})
    with saying(recorded("get_page_past_end")) as (_, api):
        assert api.count("UserRequest") == 38


def test_what_was_made_and_changed() -> None:
    with saying(recorded("get_userrequest_all_fields")) as (itop, api):
        ticket = api.ticket(1)
        itop.change = recorded("create_attachment")
        made = api.create_attachment(ticket, io.BytesIO(b"hello"), name="x", size=5, content_type="text/plain")
        assert made == 1
        itop.change = recorded("delete_attachment")
        api.delete_attachment(1)
    with saying(recorded("update_private_log_add_item"), **PARIS) as (_, api):
        entries = api.append_log("UserRequest", 8, "<p>html <b>msg</b> &amp; x</p>")
    assert [entry.html for entry in entries] == [
        "<p>plain text line 1\nline <b>2</b></p>",
        "<p>html <b>msg</b> &amp; x</p>",
    ]
    with saying(recorded("update_private_log_on_behalf"), **PARIS) as (_, api):
        (entry,) = api.append_log("UserRequest", 46, "<p>remote says hi</p>", author="Jane (external)")
    assert (entry.author, entry.user_id, entry.at) == (
        "Jane (external)",
        0,
        datetime(2026, 11, 22, 0, 2, 3, tzinfo=UTC),
    )


def test_the_operations() -> None:
    with saying(recorded("list_operations")) as (_, api):
        assert "core/apply_stimulus" in api.operations()


REFUSALS: list[tuple[str, type[VendorError], str]] = [
    ("error_wrong_password", ConfigurationError, "refused the login"),
    ("unauthorized_class", NotAllowed, "do not allow reading UserRequest"),
    ("bad_enum", RejectedError, "Unexpected value for attribute 'Impact'"),
    ("stimulus_invalid", WrongState, "'ev_approve' on the object R-000043 in state 'assigned'"),
    ("stimulus_missing_field", MissingFields, "pending_reason"),
]


@pytest.mark.parametrize(("name", "error", "sentence"), REFUSALS)
def test_a_refusal_with_status_200(name: str, error: type[VendorError], sentence: str) -> None:
    with saying(recorded(name)) as (_, api), pytest.raises(error, match=sentence) as raised:
        api.apply_stimulus("UserRequest", 43, "ev_approve", {})
    if isinstance(raised.value, MissingFields):
        assert raised.value.fields == ("pending_reason",)
    if isinstance(raised.value, NotAllowed):
        assert raised.value.class_name == "UserRequest"


# --- what the client asks for -----------------------------------------------------------------------------------------


def asked(request: Request) -> dict[str, Any]:
    """The form of a call, with its document."""
    form: dict[str, Any] = dict(parse_qsl(request.body.decode()))
    return form | {"json_data": json.loads(form["json_data"])}


@pytest.mark.parametrize(
    ("name", "act"),
    [
        ("get_missing", lambda api: api.ticket(999999, "UserRequest")),
        ("update_title", lambda api: api.update_ticket("UserRequest", 43, {"title": "new title"})),
        (
            "stimulus_ok",
            lambda api: api.apply_stimulus("UserRequest", 43, "ev_assign", {"team_id": 37, "agent_id": 15}),
        ),
        (
            "update_private_log_on_behalf",
            lambda api: api.append_log(
                "UserRequest",
                46,
                "<p>remote says hi</p>",
                author="Jane (external)",
                at=datetime(2026, 11, 22, 0, 2, 3, tzinfo=UTC),
            ),
        ),
        ("delete_attachment", lambda api: api.delete_attachment(1)),
        ("list_operations", lambda api: api.operations()),
    ],
)
def test_a_call_looks_as_the_recorded_one(name: str, act: Any) -> None:
    seen: list[dict[str, Any]] = []

    def keep(request: Request, real: Reply) -> Reply:
        seen.append(asked(request))
        return recorded(name)(request, real)

    # The recorded answer may show fewer fields than the client asked for.
    with saying(keep, **PARIS) as (_, api), suppress(VendorError):
        act(api)
    wanted = capture(name)["request"]["form"]
    ours = seen[0]
    assert set(ours) == set(wanted)
    assert ours["version"] == wanted["version"]
    free = {"comment": "", "output_fields": ""}
    assert ours["json_data"] | free == wanted["json_data"] | free
