"""What the client relies on, held against an iTop by the API alone."""

from __future__ import annotations

import base64
import io
import random
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.transport.errors import ConfigurationError, NotFoundError, RejectedError
from integrations.transport.session import Session
from integrations.vendors.itop import lifecycle, logs, pictures
from integrations.vendors.itop.answers import MissingFields, NotAllowed, WrongState
from integrations.vendors.itop.api import ItopApi
from integrations.vendors.itop.simulator import BRIDGE

from .instances import TITLE, Instance

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_every_step_of_the_connection_test_passes(instance: Instance) -> None:
    assert [step.detail for step in instance.api.test_connection() if not step.ok] == []


def test_a_wrong_password_is_refused(instance: Instance) -> None:
    with Session(vendor="iTop", base_url=instance.url, allow_private=True) as session:
        wrong = {"username": BRIDGE, "password": secrets.token_hex(8)}
        api = ItopApi(session, base_url=instance.url, credentials=wrong, settings={}, facts={})
        with pytest.raises(ConfigurationError, match="refused the login"):
            api.operations()


def test_a_ticket_is_read_as_it_was_made_whatever_class_is_asked(instance: Instance) -> None:
    title = 'Printer "A" & B < C, it\'s 100% – ünï 😀'
    made = instance.new(title, description="<p>Line one<br>Line two</p>", impact="2", urgency="2")
    assert made.title == f"{TITLE} {title}"
    assert (made.status, made.priority, made.org_id, made.caller_id) == ("new", "2", instance.org, instance.caller)
    read = instance.api.ticket(made.id)
    assert (read.ticket_class, read.ref, read.description) == ("UserRequest", made.ref, made.description)
    assert instance.api.ticket(made.id, "UserRequest") == read
    with pytest.raises(NotFoundError):
        instance.api.ticket(made.id, "NormalChange")
    with pytest.raises(NotFoundError):
        instance.api.ticket(2**31 - 1)


def test_times_are_of_the_zone_that_is_set(instance: Instance) -> None:
    made = instance.new("times")
    assert instance.api.told_at is not None
    assert abs(made.last_update - instance.api.told_at.astimezone(UTC)) < timedelta(minutes=2)


def test_html_is_sanitised_and_text_gets_a_paragraph(instance: Instance) -> None:
    made = instance.new("html", description='<p onclick="x()">Hi <script>alert(1)</script><b>there</b></p>')
    assert made.description == "<p>Hi <b>there</b></p>"
    assert instance.new("text", description="one\ntwo").description == "<p>one\ntwo</p>"


def test_fields_are_changed_and_a_change_of_nothing_is_no_error(instance: Instance) -> None:
    made = instance.new("change me")
    changed = instance.api.update_ticket("UserRequest", made.id, {"title": f"{TITLE} changed", "urgency": "1"})
    assert (changed.title, changed.urgency) == (f"{TITLE} changed", "1")
    again = instance.api.update_ticket("UserRequest", made.id, {"title": f"{TITLE} changed"})
    assert again.last_update == changed.last_update


@pytest.mark.parametrize(
    "fields",
    [{"impact": "9"}, {"nope": 1}, {"org_id": 2**31 - 1}, {"title": "x" * 256}, {"caller_id": "SELECT Person"}],
)
def test_what_the_data_model_refuses_is_a_refusal_in_its_words(instance: Instance, fields: dict[str, Any]) -> None:
    with pytest.raises(RejectedError, match=next(iter(fields))) as raised:
        instance.new("refused", **fields)
    assert len(raised.value.message) < 400


def test_a_write_to_what_is_not_there_is_not_found(instance: Instance) -> None:
    with pytest.raises(NotFoundError):
        instance.api.update_ticket("UserRequest", 2**31 - 1, {"title": "x"})
    with pytest.raises(NotFoundError):
        instance.api.apply_stimulus("UserRequest", 2**31 - 1, "ev_close", {})


def test_a_mark_is_found_and_another_is_not(instance: Instance) -> None:
    mark = f"[{secrets.token_hex(6)} it's \\ 50%]"
    made = instance.new(f"marked {mark}")
    assert [one.id for one in instance.api.tickets_titled("Ticket", mark)] == [made.id]
    assert [one.id for one in instance.api.tickets_where("UserRequest", "title", made.title)] == [made.id]
    assert instance.api.tickets_titled("Ticket", mark.replace("50%", "50_")) == []


def test_what_changed_since_is_read_by_id_in_pages_of_any_size(instance: Instance) -> None:
    since = instance.new("first").last_update
    numbers = [instance.new(f"one of several {place}").id for place in range(3)]
    for limit in (2, 100):
        seen: list[int] = []
        cursor = ""
        while True:
            rows, cursor = instance.api.changed_tickets("UserRequest", since, cursor, limit=limit)
            seen += [row.id for row in rows]
            if not cursor:
                break
        assert [number for number in seen if number in numbers] == numbers
        assert seen == sorted(set(seen))
    rows, _ = instance.api.changed_tickets("UserRequest", since + timedelta(days=2))
    assert rows == []


def test_a_ticket_walks_through_its_life_and_is_not_reopened(instance: Instance) -> None:
    ticket = instance.new("life")
    for target in ("assigned", "pending", "resolved", "assigned", "closed"):
        ticket = instance.walk(ticket, target)
        assert ticket.status == target
    with pytest.raises(WrongState):
        instance.api.apply_stimulus("UserRequest", ticket.id, "ev_reopen", {})


def test_a_ticket_that_waits_for_approval_goes_on_only_by_a_decision(instance: Instance) -> None:
    ticket = instance.walk(instance.new("approval"), "waiting_for_approval")
    with pytest.raises(lifecycle.NoPath):
        instance.walk(ticket, "assigned")
    assert instance.walk(ticket, "closed", decide=True).status == "closed"


def test_a_missing_field_is_named_and_a_stimulus_out_of_place_is_a_wrong_state(instance: Instance) -> None:
    ticket = instance.walk(instance.new("missing"), "assigned")
    with pytest.raises(MissingFields) as raised:
        instance.api.apply_stimulus("UserRequest", ticket.id, "ev_pending", {})
    assert raised.value.fields == ("pending_reason",)
    with pytest.raises(WrongState, match="'ev_approve' on the object"):
        instance.api.apply_stimulus("UserRequest", ticket.id, "ev_approve", {})


def test_entries_are_appended_in_order_and_told_apart(instance: Instance) -> None:
    ticket = instance.new("log")
    first = instance.api.append_log("UserRequest", ticket.id, "<p>same</p>")
    second = instance.api.append_log("UserRequest", ticket.id, "<p>same</p>")
    assert [one.html for one in second] == ["<p>same</p>", "<p>same</p>"]
    difference = logs.compared(instance.api.ticket(ticket.id).private_log, logs.fingerprints(first))
    assert (len(difference.new), difference.gone) == (1, ())
    public = instance.api.append_log("UserRequest", ticket.id, "<p>aloud</p>", log="public_log")
    assert [one.text for one in public] == ["aloud"]


def test_an_author_and_a_date_are_kept(instance: Instance) -> None:
    _needs_an_administrator(instance)
    at = datetime(2026, 1, 5, 12, 0, 1, tzinfo=UTC)
    (entry,) = instance.api.append_log(
        "UserRequest", instance.new("author").id, "<p>says hi</p>", author="Jane (external)", at=at
    )
    assert (entry.author, entry.user_id, entry.at, entry.html) == ("Jane (external)", 0, at, "<p>says hi</p>")


def test_a_closed_ticket_still_takes_an_entry(instance: Instance) -> None:
    ticket = instance.walk(instance.new("closed"), "closed")
    assert len(instance.api.append_log("UserRequest", ticket.id, "<p>late</p>")) == 1


@pytest.mark.parametrize(("size", "name"), [(0, "empty.bin"), (1, 'ä "quoted" 😀.txt'), (1_000_003, "large.bin")])
def test_a_file_comes_back_byte_by_byte(instance: Instance, size: int, name: str) -> None:
    ticket = instance.new("file")
    content = random.Random(size).randbytes(size)
    number = instance.api.create_attachment(
        ticket, io.BytesIO(content), name=name, size=size, content_type="application/x-thing"
    )
    target = io.BytesIO()
    file = instance.api.download_attachment(number, io.BytesIO(), target)
    assert (target.getvalue() == content, file.size, file.name) == (True, size, name)
    (listed,) = instance.api.attachments_of("UserRequest", ticket.id)
    assert (listed.id, listed.item_org_id, listed.is_draft) == (number, instance.org, False)
    assert instance.api.ticket(ticket.id).last_update == ticket.last_update


def test_a_file_is_deleted_once_and_its_ticket_stays(instance: Instance) -> None:
    ticket = instance.new("deleted file")
    number = instance.api.create_attachment(ticket, io.BytesIO(b"x"), name="x", size=1, content_type="text/plain")
    assert instance.api.attachment(number).item_id == ticket.id
    for _ in range(2):
        instance.api.delete_attachment(number)
    with pytest.raises(NotFoundError):
        instance.api.attachment(number)
    assert instance.api.ticket(ticket.id).id == ticket.id


def test_a_new_file_is_found_by_its_date(instance: Instance) -> None:
    ticket = instance.new("new file")
    since = ticket.last_update
    number = instance.api.create_attachment(ticket, io.BytesIO(b"x"), name="x", size=1, content_type="text/plain")
    rows, _ = instance.api.new_attachments(since)
    assert number in [row.id for row in rows]


def test_a_picture_in_an_entry_is_found_and_read_with_and_without_rights(instance: Instance) -> None:
    _needs_an_administrator(instance)
    ticket, secret = instance.new("picture"), secrets.token_hex(8)
    contents = {"data": base64.b64encode(PIXEL).decode(), "mimetype": "image/png", "filename": "shot.png"}
    made = instance.api.calls.write(
        "core/create",
        comment="contract",
        about="picture",
        **{"class": "InlineImage"},
        output_fields="id",
        fields={
            "item_class": "UserRequest",
            "item_id": ticket.id,
            "item_org_id": instance.org,
            "secret": secret,
            "expire": "2030-01-01 00:00:00",
            "contents": contents,
        },
    )
    (number,) = (int(one["key"]) for one in made["objects"].values())
    root = instance.url.rstrip("/")
    source = f"{root}/pages/ajax.document.php?operation=download_inlineimage&amp;id={number}&amp;s={secret}"
    html = f'<p>look <img src="{source}" data-img-id="{number}" data-img-secret="{secret}"></p>'
    entry = instance.api.append_log("UserRequest", ticket.id, html)[-1]
    (picture,) = pictures.pictures_in(entry.html)
    assert (picture.kind, picture.id, picture.secret) == (pictures.Kind.INLINE, number, secret)
    target = io.BytesIO()
    file = instance.api.download_picture(number, io.BytesIO(), target)
    assert (target.getvalue(), file.name) == (PIXEL, "shot.png")
    assert instance.api.calls.read_picture(number, secret, target, max_bytes=10_000) == "image/png"
    assert target.getvalue() == PIXEL
    with pytest.raises(NotFoundError):
        instance.api.calls.read_picture(number, "0" * 16, target, max_bytes=10_000)


def _needs_an_administrator(instance: Instance) -> None:
    try:
        instance.api.count("InlineImage")
    except NotAllowed:
        pytest.skip(f"the account on the {instance.kind} iTop is no administrator")
