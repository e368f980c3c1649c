"""Reading: tickets by id and in windows of ids, what changed, whom tickets name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations.transport.errors import MalformedResponseError, NotFoundError, RejectedError
from integrations.vendors.itop import oql, windows
from integrations.vendors.itop.answers import NotAllowed, UnknownClass
from integrations.vendors.itop.api import ItopApi
from integrations.vendors.itop.schemas import ListedTicket
from integrations.vendors.itop.simulator import ItopSimulator
from integrations.vendors.itop.simulator.world import AGENT, CALLER, ORG, OTHER_ORG, TEAM
from integrations.vendors.simulation import Reply

from .conftest import OpenApi, sent
from .saying import always, both, client_of, saying


def make(itop: ItopSimulator, count: int, **values: object) -> list[int]:
    return [itop.do("new_ticket", {"title": f"Ticket {number}", **values}) for number in range(count)]


def all_changed(api: ItopApi, since: datetime | None, *, limit: int, class_name: str = "Ticket") -> list[int]:
    found: list[ListedTicket] = []
    cursor = ""
    while True:
        rows, cursor = api.changed_tickets(class_name, since, cursor, limit=limit)
        assert len(rows) <= limit
        found += rows
        if not cursor:
            return [row.id for row in found]


def test_a_ticket_is_found_without_its_class_in_one_call_with_everything(itop: ItopSimulator, api: ItopApi) -> None:
    (request,) = make(itop, 1)
    (incident,) = make(itop, 1, class_name="Incident")
    (change,) = make(itop, 1, class_name="NormalChange")
    itop.do("add_log", {"ticket": incident, "text": "hello"})
    itop.calls.clear()
    assert api.ticket(request).ticket_class == "UserRequest"
    found = api.ticket(incident)
    assert (found.ticket_class, found.status, [one.text for one in found.private_log]) == ("Incident", "new", ["hello"])
    assert api.ticket(change).ref == "C-000003"
    assert sent(itop) == [f"core/get Ticket::{number}" for number in (request, incident, change)]


def test_what_is_gone_of_another_class_or_hidden_reads_the_same(itop: ItopSimulator, open_api: OpenApi) -> None:
    (incident,) = make(itop, 1, class_name="Incident")
    (foreign,) = make(itop, 1, org_id=OTHER_ORG)
    for number, class_name, username in (
        (999, "Ticket", "bridge"),
        (incident, "UserRequest", "bridge"),
        (foreign, "Ticket", "limited"),
    ):
        with pytest.raises(NotFoundError, match="or does not show it to this account"):
            open_api(username=username).ticket(number, class_name)


def test_two_instances_at_once_keep_their_ids_zones_and_tickets_apart() -> None:
    external, internal = both()
    (outside,), (inside,) = make(external, 1), make(internal, 1)
    moment = datetime(2026, 7, 1, 12, tzinfo=UTC)
    for itop in (external, internal):
        itop.data.clock.stop(moment)
        itop.do("edit_ticket", {"ticket": outside if itop is external else inside, "title": "moved"})
    assert (outside, inside) == (1, 5001)
    assert external.data.objects["Ticket"][outside]["last_update"] == "2026-07-01 14:00:00"
    assert internal.data.objects["Ticket"][inside]["last_update"] == "2026-07-01 19:00:00"
    with client_of(external) as one, client_of(internal) as other:
        assert one.ticket(outside).last_update == other.ticket(inside).last_update == moment
        with pytest.raises(NotFoundError):
            one.ticket(inside)


# --- lists ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
def test_every_ticket_is_shown_once_in_the_order_of_ids_whatever_the_limit(
    itop: ItopSimulator, api: ItopApi, limit: int
) -> None:
    numbers = make(itop, 12)
    for gone in (numbers[3], numbers[4], numbers[8]):
        itop.do("delete_ticket", {"ticket": gone})
    left = [number for number in numbers if number in itop.data.objects["Ticket"]]
    assert all_changed(api, None, limit=limit) == left


def test_a_list_that_fits_takes_one_call(itop: ItopSimulator, api: ItopApi) -> None:
    make(itop, 5)
    itop.calls.clear()
    assert len(all_changed(api, None, limit=5)) == 5
    assert len(itop.calls) == 1


def test_wide_gaps_between_ids_are_crossed_in_few_calls(itop: ItopSimulator, api: ItopApi) -> None:
    for number in (1, 2, 3, 1_000_000, 1_000_001, 900_000_000):
        itop.data.add("UserRequest", number, ref=f"R-{number:06d}", last_update=itop.data.clock.stamp(), org_id=ORG)
    assert all_changed(api, None, limit=2) == [1, 2, 3, 1_000_000, 1_000_001, 900_000_000]
    assert len(itop.calls) < 120


def test_a_ticket_that_comes_and_one_that_goes_between_two_pages_hide_no_other(
    itop: ItopSimulator, api: ItopApi
) -> None:
    numbers = make(itop, 6)
    rows, cursor = api.changed_tickets("Ticket", None, limit=2)
    seen = [row.id for row in rows]
    assert numbers[0] in seen
    itop.do("delete_ticket", {"ticket": numbers[0]})
    (late,) = make(itop, 1)
    while cursor:
        rows, cursor = api.changed_tickets("Ticket", None, cursor, limit=2)
        seen += [row.id for row in rows]
    assert seen == [*numbers, late]


def test_only_what_changed_since_a_moment_is_shown(itop: ItopSimulator, api: ItopApi) -> None:
    itop.data.clock.stop(datetime(2026, 10, 24, 12, tzinfo=UTC))
    old, changed = make(itop, 2)
    itop.do("pass_minutes", {"minutes": 60})
    since = itop.data.clock.now()
    itop.do("edit_ticket", {"ticket": changed, "title": "x"})
    assert all_changed(api, since, limit=10) == [changed]
    assert all_changed(api, since - timedelta(hours=1), limit=10) == [old, changed]
    assert all_changed(api, since + timedelta(seconds=1), limit=10) == []


def test_what_changes_in_the_hour_that_comes_twice_is_found(itop: ItopSimulator, api: ItopApi) -> None:
    itop.data.clock.stop(datetime(2026, 10, 25, 0, 50, tzinfo=UTC))  # 02:50, for the first time
    (number,) = make(itop, 1)
    since = itop.data.clock.now()
    itop.do("pass_minutes", {"minutes": 20})  # 02:10, for the second time
    itop.do("edit_ticket", {"ticket": number, "title": "x"})
    assert itop.data.objects["Ticket"][number]["last_update"] == "2026-10-25 02:10:00"
    assert all_changed(api, since, limit=10) == [number]


def test_attachments_are_polled_apart_because_a_ticket_does_not_move_with_them(
    itop: ItopSimulator, api: ItopApi
) -> None:
    (number,) = make(itop, 1)
    since = itop.data.clock.now() + timedelta(seconds=1)
    itop.do("pass_minutes", {"minutes": 5})
    file = itop.do("attach", {"ticket": number, "name": "a", "text": "hello"})
    draft = itop.do("upload", {"name": "b", "text": "later"})
    assert all_changed(api, since, limit=10) == []
    rows, cursor = api.new_attachments(since)
    assert ([(row.id, row.is_draft) for row in rows], cursor) == ([(file, False), (draft, True)], "")
    assert [one.id for one in api.attachments_of("UserRequest", number)] == [file]
    assert api.attachment(file).item_org_id == ORG


def test_many_attachments_of_one_ticket_are_all_listed(itop: ItopSimulator, api: ItopApi) -> None:
    (number,) = make(itop, 1)
    files = [itop.do("attach", {"ticket": number, "name": "a", "text": str(one)}) for one in range(3)]
    assert [one.id for one in api.attachments_of("UserRequest", number)] == files
    assert api.attachments_of("Incident", number) == []


def test_a_ticket_is_looked_up_by_a_mark_that_is_quoted_whatever_it_holds(itop: ItopSimulator, api: ItopApi) -> None:
    odd = 'it\'s \\ "odd" 100% [R-000001]'
    (number,) = make(itop, 1)
    itop.do("edit_ticket", {"ticket": number, "title": odd})
    make(itop, 1, class_name="Incident")
    assert [one.id for one in api.tickets_where("UserRequest", "title", odd)] == [number]
    assert [one.id for one in api.tickets_titled("UserRequest", "[R-000001]")] == [number]
    assert api.tickets_titled("UserRequest", "[R_000001]") == []
    assert api.tickets_where("UserRequest", "title", "' OR 1=1 OR title='") == []
    with pytest.raises(ValueError, match="every title"):
        api.tickets_titled("UserRequest", " ")


def test_a_ticket_is_looked_up_by_a_field_of_the_customers_own(itop: ItopSimulator, api: ItopApi) -> None:
    older, _ = make(itop, 2)
    with pytest.raises(RejectedError, match="external_ref"):
        api.tickets_where("UserRequest", "external_ref", "R-000012")
    itop.do("custom_field", {"name": "external_ref"})
    made = api.create_ticket("UserRequest", {"org_id": ORG, "title": "x", "external_ref": "R-000012"})
    assert made.fields["external_ref"] == "R-000012"
    assert [one.id for one in api.tickets_where("Ticket", "external_ref", "R-000012")] == [made.id]
    assert api.update_ticket("UserRequest", older, {"external_ref": "R-000013"}).fields["external_ref"] == "R-000013"


def test_names_of_classes_and_attributes_never_become_part_of_a_query() -> None:
    for bad in ("", "a b", "x' OR '1", "Ticket WHERE 1", "é", "1a", "a" * 101):
        with pytest.raises(ValueError, match="no name"):
            oql.select(bad)


def test_a_bad_query_is_refused_with_a_short_sentence(api: ItopApi) -> None:
    with pytest.raises(RejectedError) as raised:
        api.tickets_where("UserRequest", "no_such_field", "x")
    assert "no_such_field" in raised.value.message
    assert len(raised.value.message) < 400  # iTop lists every attribute it knows


def test_whom_tickets_name_can_be_read_and_listed(api: ItopApi) -> None:
    agatha = api.named("Person", CALLER)
    assert (agatha.name, agatha.label, agatha.org_id) == ("Christie", "Agatha Christie", ORG)
    assert api.named("Organization", ORG).name == "Demo"
    assert api.named("Team", TEAM).org_id == ORG
    assert AGENT in [one.id for one in api.all_named("Person", org_id=ORG)]
    assert {one.org_id for one in api.all_named("Person", org_id=OTHER_ORG)} == {OTHER_ORG}
    with pytest.raises(NotFoundError):
        api.named("Person", TEAM)


def test_a_class_that_is_not_there_or_not_allowed_has_errors_of_its_own(itop: ItopSimulator, open_api: OpenApi) -> None:
    itop.has_incidents = False
    with pytest.raises(UnknownClass, match="no class Incident"):
        open_api().count("Incident")
    with pytest.raises(NotAllowed) as raised:
        open_api(username="bridge-agent").count("InlineImage")
    assert raised.value.class_name == "InlineImage"


# --- answers that cannot be believed ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"code": 0, "message": "Found: 3", "objects": None},
        {"code": 0, "message": "Found: 3"},
        {"code": 0, "message": "Found: 1", "objects": [1]},
        {"code": 0, "message": "", "objects": None},
        {"code": 0, "message": "Found: many", "objects": None},
        {"code": 0, "message": "Found: 1", "objects": {"a": {"key": "0", "class": "UserRequest", "fields": {}}}},
        {"code": 0, "message": "Found: 1", "objects": {"a": {"key": "1", "class": "", "fields": {}}}},
        {"code": 0, "message": "Found: 1", "objects": {"a": {"key": "1", "class": "UserRequest", "fields": None}}},
        {"code": 0, "message": "Found: 1", "objects": {"a": {"key": "1", "class": "UserRequest", "fields": []}}},
        {"code": "0", "message": "Found: 0", "objects": None},
        {"code": False, "message": "Found: 0", "objects": None},
        {"message": "Found: 0", "objects": None},
        [],
        None,
    ],
)
def test_an_answer_without_what_was_promised_is_malformed_and_never_nothing(body: object) -> None:
    with saying(always(body)) as (_, api), pytest.raises(MalformedResponseError):
        api.changed_tickets("Ticket", None)


def test_another_object_than_the_one_asked_for_is_malformed(itop: ItopSimulator, api: ItopApi) -> None:
    one, other = make(itop, 2)
    swap = f"::{one}".encode(), f"::{other}".encode()

    def change(request: object, real: Reply) -> Reply:
        return Reply(200, real.body.replace(*swap).replace(f'"key": "{one}"'.encode(), f'"key": "{other}"'.encode()))

    itop.change = change  # type: ignore[attr-defined]
    with pytest.raises(MalformedResponseError, match=f"something else than Ticket {one}"):
        api.ticket(one)


def test_a_list_that_keeps_showing_less_than_it_found_is_malformed_and_one_that_recovers_is_not(
    itop: ItopSimulator, api: ItopApi
) -> None:
    make(itop, 2)
    nothing = Reply.of({"code": 0, "message": "Found: 2", "objects": None})
    answers = iter([nothing])
    itop.change = lambda request, real: next(answers, real)  # type: ignore[attr-defined]
    assert len(all_changed(api, None, limit=10)) == 2
    itop.change = lambda request, real: nothing  # type: ignore[attr-defined]
    with pytest.raises(MalformedResponseError, match="does not show the objects"):
        all_changed(api, None, limit=10)


def test_a_window_that_never_gets_small_enough_is_malformed() -> None:
    with pytest.raises(MalformedResponseError, match="more objects than there are ids"):
        windows.page(lambda after, up_to: ([(after + 1, "row")], 99), "", limit=1)
