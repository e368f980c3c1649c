"""Which tickets of TOGaDesk are news, and what is written to one: all of it or nothing, and no row twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations.transport.errors import NotFoundError, RejectedError
from integrations.vendors.togadesk.api import COMMENT, REPLY, Changes, NewNote, TogadeskApi
from integrations.vendors.togadesk.simulator import CLIENT, DEPARTMENT, TogadeskSimulator

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def read(api: TogadeskApi, since: datetime | None, *, limit: int = 2) -> list[int]:
    found: list[int] = []
    after: tuple[datetime | None, int] = (since, 0)
    while rows := api.changed(CLIENT, [DEPARTMENT], after, limit=limit):
        found += [row.id for row in rows]
        after = (rows[-1].changed_at, rows[-1].id)
    return found


def test_tickets_come_by_their_latest_reply_or_comment_and_page_by_page(
    desk: TogadeskSimulator, api: TogadeskApi
) -> None:
    old, answered, commented, new = (desk.add_ticket(f"t{n}", timestamp=at(n)) for n in range(4))
    desk.reply(answered, "r", timestamp=at(20))
    desk.comment(commented, "c", timestamp=at(10))
    desk.add_ticket("another department", department=9, timestamp=at(5))
    desk.add_ticket("another client", client=99, timestamp=at(5))
    assert read(api, None) == [old, new, commented, answered]
    assert read(api, at(3)) == [new, commented, answered]
    assert read(api, at(20)) == [answered], "the second of the watermark itself is seen again"
    assert read(api, at(21)) == []


def test_many_of_one_second_come_once(desk: TogadeskSimulator, api: TogadeskApi) -> None:
    made = [desk.add_ticket("t", timestamp=at(0)) for _ in range(7)]
    assert read(api, None) == made
    assert read(api, at(0), limit=3) == made


def test_what_the_time_does_not_tell_is_found_too(desk: TogadeskSimulator, api: TogadeskApi) -> None:
    moved = desk.add_ticket("moved in", timestamp=at(-100))
    known = desk.add_ticket("known", timestamp=at(-100), referenceid="u1")
    found = api.moved_in(CLIENT, [DEPARTMENT], before=at(0), after=0, limit=10)
    assert [row.id for row in found] == [moved]
    reply = desk.reply(known, "r", timestamp=at(-90), referenceid="n1")
    assert api.with_new_files(CLIENT, [DEPARTMENT], above=0, after=0, limit=10) == []
    file = desk.add_file(reply, "late.txt", b"late")
    assert [row.id for row in api.with_new_files(CLIENT, [DEPARTMENT], above=0, after=0, limit=10)] == [known]
    assert api.with_new_files(CLIENT, [DEPARTMENT], above=file, after=0, limit=10) == []
    assert api.highest_file() == file


def test_the_fingerprint_tells_of_every_kind_of_news_and_of_no_bookkeeping(
    desk: TogadeskSimulator, api: TogadeskApi
) -> None:
    ticket = desk.add_ticket("t", timestamp=at(0))
    seen = [api.ticket(ticket).fingerprint]

    def is_news() -> bool:
        seen.append(api.ticket(ticket).fingerprint)
        assert api.changed_one(ticket).fingerprint == seen[-1]
        return seen[-1] not in seen[:-1]

    desk.edit_ticket(ticket, status="Closed", timestamp=at(0))
    assert is_news()
    reply = desk.reply(ticket, "r", timestamp=at(0))
    assert is_news()
    desk.comment(ticket, "c", timestamp=at(0))
    assert is_news()
    desk.add_file(reply, "f", b"f")
    assert is_news()
    api.set_reference(REPLY, reply, "n1")
    api.set_reference("ticket", ticket, "t1")
    assert not is_news()


def test_a_ticket_is_written_with_its_conversation_and_no_row_of_it_twice(
    desk: TogadeskSimulator, api: TogadeskApi
) -> None:
    notes = [NewNote(REPLY, "n1", "hello", 0, at(1)), NewNote(COMMENT, "n2", "internal", 0, at(2))]
    values = {"subject": "s", "status": "Open", "priority": "Low", "departmentid": DEPARTMENT, "timestamp": at(0)}
    first = api.write_ticket(CLIENT, None, "t1", Changes(values, notes, history=["A reply came from TOGA 2."]))
    again = api.write_ticket(CLIENT, None, "t1", Changes(values | {"status": "Closed"}, notes))
    assert first == again
    read_ = api.ticket(first)
    assert (read_.subject, read_.status, read_.reference, read_.at) == ("s", "Closed", "t1", at(0))
    assert [(one.kind, one.text, one.at, one.reference) for one in read_.replies] == [
        ("reply", "hello", at(1), "n1"),
        ("comment", "internal", at(2), "n2"),
    ]
    assert len(desk.table("tickets_history")) == 1
    assert api.find_ticket(CLIENT, "t1") == first


def test_a_row_that_does_not_fit_takes_the_whole_ticket_back(desk: TogadeskSimulator, api: TogadeskApi) -> None:
    values = {"subject": "s", "departmentid": DEPARTMENT, "timestamp": at(0)}
    bad = NewNote(REPLY, "n2", None, 0, at(2))  # type: ignore[arg-type]  # no text at all: refused by the table
    with pytest.raises(RejectedError):
        api.write_ticket(CLIENT, None, "t1", Changes(values, [NewNote(REPLY, "n1", "x", 0, at(1)), bad]))
    assert desk.table("tickets") == desk.table("tickets_replies") == []


def test_a_reference_is_stored_once(desk: TogadeskSimulator, api: TogadeskApi) -> None:
    reply = desk.reply(desk.add_ticket("t"), "r")
    api.set_reference(REPLY, reply, "n1")
    api.set_reference(REPLY, reply, "n2")
    assert desk.table("tickets_replies")[0]["referenceid"] == "n1"


def test_texts_of_every_kind_come_back_as_they_were(desk: TogadeskSimulator, api: TogadeskApi) -> None:
    text = "100 % – “ä” 'quoted' \"double\" ? %s \\ 🦊\r\n<b>bold</b>"
    key = api.write_ticket(
        CLIENT,
        None,
        "t1",
        Changes({"subject": text, "departmentid": 3, "timestamp": at(0)}, [NewNote(REPLY, "n", text, 0, at(0))]),
    )
    read_ = api.ticket(key)
    assert (read_.subject, read_.replies[0].text) == (text, text)


def test_a_ticket_that_is_gone_is_not_found(api: TogadeskApi) -> None:
    with pytest.raises(NotFoundError):
        api.ticket(12345)
    with pytest.raises(NotFoundError):
        api.changed_one(12345)


def test_reference_data_is_made_and_changed_by_its_uuid(desk: TogadeskSimulator, api: TogadeskApi) -> None:
    key = api.write_row("groups", CLIENT, "g1", {"name": "First line", "active": 1})
    assert api.write_row("groups", CLIENT, "g1", {"name": "Front line"}) == key
    assert api.referenced("groups", CLIENT, ["g1", "g2"])["g1"]["name"] == "Front line"
    assert api.row("groups", key) is not None
    assert api.options(CLIENT, "Category") is None
    api.set_options(CLIENT, "Category", "a,b")
    api.set_options(CLIENT, "Category", "a,b,c")
    assert api.options(CLIENT, "Category") == "a,b,c"
    assert len(desk.table("tickets_customfields")) == 1
