"""What was recorded of live tenants (samples of public clients, people made up) is understood."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations.transport.errors import RejectedError
from integrations.vendors.freshservice.inline import inline_images

from .saying import always, capture, saying


def test_a_recorded_ticket() -> None:
    with saying(always(capture("ticket"))) as (_, api):
        ticket = api.ticket(1234)
    assert (ticket.status, ticket.source, ticket.workspace_id) == (6, 1001, 2)
    assert (ticket.requester_id, ticket.responder_id, ticket.group_id) == (21004158707, 21004158709, 21000478054)
    assert ticket.category_path == ("Hardware", "Laptop")
    assert (ticket.to_emails, ticket.bcc_emails, ticket.department_id) == ((), (), None)
    assert ticket.custom_fields["affected_sites"] == ["Lisbon", "Porto"]
    assert ticket.updated_at == datetime(2026, 9, 30, 16, 18, 20, tzinfo=UTC)
    (file,) = ticket.attachments
    assert (file.id, file.name, file.size, file.content_type) == (21018754532, "Screenshot.png", 48213, "image/png")
    assert "Signature" in file.url
    assert "Signature" not in repr(ticket)
    assert [image.id for image in inline_images(ticket.description)] == [21018754540]


def test_recorded_conversations_come_oldest_first() -> None:
    with saying(always(capture("conversations"))) as (_, api):
        reply, note = api.conversations(1234)
    assert (reply.id, reply.incoming, reply.is_private, reply.source) == (21031234562, True, False, 0)
    assert reply.from_email == '"Rosa Lind" <rosa@elite.example.com>'
    assert (note.is_private, note.source, note.from_email, note.bcc_emails) == (True, 2, "", ())
    assert [file.name for file in reply.attachments] == ["Screenshot.png"]


def test_a_recorded_requester_and_agent() -> None:
    with saying(always(capture("requester"))) as (_, api):
        person = api.requester(21004158707)
    assert (person.name, person.email, person.is_agent) == ("Rosa Lind", "rosa@elite.example.com", False)
    assert person.phones == ("+1 555 0101",)


def test_a_recorded_group_and_a_page_of_tickets() -> None:
    with saying(always(capture("group"))) as (_, api):
        assert api.group(21000478054).name == "Service Desk"
    with saying(always(capture("tickets"))) as (_, api):
        (row,), has_next = api.tickets_updated_since(datetime(2026, 9, 1, tzinfo=UTC), 1)
    assert (row.id, row.workspace_id, has_next) == (1234, 2, False)


def test_the_recorded_form_gives_the_tree_of_categories() -> None:
    with saying(always(capture("ticket_form_fields"))) as (_, api):
        found = {choice.id: choice.path for choice in api.category_choices()}
    assert found == {
        21000771: ("Hardware",),
        21000772: ("Hardware", "Laptop"),
        21000773: ("Hardware", "Laptop", "Battery"),
        21000774: ("Hardware", "Printer"),
        21000775: ("Other",),
    }


def test_a_recorded_validation_names_fields_and_sentences() -> None:
    with saying(always(capture("validation"), status=400)) as (_, api), pytest.raises(RejectedError) as raised:
        api.ticket(1234)
    assert raised.value.message == (
        "Freshservice: Validation failed: responder_id There is no agent matching the given responder_id; "
        "category This field cannot be empty"
    )
