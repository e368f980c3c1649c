"""What changed, page by page: nothing is missed and nothing comes twice, whatever the dialect."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations.transport.errors import ConfigurationError, MalformedResponseError
from integrations.vendors.simulation import Reply
from integrations.vendors.toga.api import TogaApi
from integrations.vendors.toga.dialect import KINDS
from integrations.vendors.toga.simulator import TogaSimulator

from .conftest import OpenApi, sent

TICKETS = KINDS["TICKETS"].tickets
SINCE = datetime(2026, 1, 1, 12, 0, 5, tzinfo=UTC)


def add(toga: TogaSimulator, *seconds: int) -> list[str]:
    """Tickets that changed at these seconds after noon; their uuids."""
    rows = [toga.data.add("tickets", subject=f"s{n}", _updated=f"2026-01-01 12:00:{n:02}") for n in seconds]
    return [row["uuid"] for row in rows]


def read(api: TogaApi, since: datetime | None = None, *, limit: int = 3) -> list[str]:
    found: list[str] = []
    cursor = ""
    while True:
        rows, cursor = api.changed(TICKETS, since, cursor, limit=limit)
        found += [row.uuid for row in rows]
        if not cursor:
            return found


def test_everything_comes_once_page_by_page(toga: TogaSimulator, api: TogaApi) -> None:
    made = add(toga, 1, 2, 2, 2, 2, 2, 2, 3, 4, 5, 5)
    found = read(api)
    assert sorted(found) == sorted(made)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 50])
def test_the_second_of_the_watermark_is_seen_again(toga: TogaSimulator, api: TogaApi, limit: int) -> None:
    made = add(toga, 4, 5, 5, 6)
    assert sorted(read(api, SINCE, limit=limit)) == sorted(made[1:])


def test_a_record_that_changes_between_two_pages_pushes_no_other_out(toga: TogaSimulator, api: TogaApi) -> None:
    made = add(toga, 1, 2, 3, 4, 5, 6)
    rows, cursor = api.changed(TICKETS, None, "", limit=3)
    toga.data.records["tickets"][made[0]]["_updated"] = "2026-01-01 12:00:09"
    found = [row.uuid for row in rows]
    while cursor:
        rows, cursor = api.changed(TICKETS, None, cursor, limit=3)
        found += [row.uuid for row in rows]
    assert set(found) == set(made)


def test_a_record_that_is_deleted_between_two_pages_pushes_no_other_out(toga: TogaSimulator, api: TogaApi) -> None:
    made = add(toga, 1, 2, 3, 4, 5, 6)
    _, cursor = api.changed(TICKETS, None, "", limit=3)
    toga.do("remove", {"resource": "tickets", "uuid": made[0]})
    rows, _ = api.changed(TICKETS, None, cursor, limit=3)
    assert made[3] in [row.uuid for row in rows]


@pytest.mark.parametrize("style", ["brackets", "inline", "json"])
@pytest.mark.parametrize("paging", ["page", "offset"])
def test_each_style_reads_a_vendor_of_that_style(
    toga: TogaSimulator, open_api: OpenApi, style: str, paging: str
) -> None:
    toga.where_style, toga.paging_style = style, paging
    made = add(toga, 1, 5, 5, 5, 5, 6, 7)
    assert sorted(read(open_api(where_style=style, paging_style=paging), SINCE)) == sorted(made[1:])


def test_a_filter_that_gets_lost_is_noticed(toga: TogaSimulator, open_api: OpenApi) -> None:
    toga.where_style = "json"
    add(toga, 1, 6)
    with pytest.raises(ConfigurationError, match="Filters on the connection"):
        read(open_api(), SINCE)


def test_an_order_that_is_not_kept_is_noticed_and_can_be_done_without(toga: TogaSimulator, open_api: OpenApi) -> None:
    toga.sorts = False
    made = add(toga, 6, 1, 5, 2, 4)
    with pytest.raises(ConfigurationError, match="Sorting on the connection"):
        read(open_api())
    assert sorted(read(open_api(sorting="not_heeded"))) == sorted(made)


def test_pages_that_are_not_divided_are_noticed(toga: TogaSimulator, open_api: OpenApi) -> None:
    toga.paging_style = "offset"
    toga.largest_page = 2
    made = add(toga, 1, 2, 3)
    # A vendor that ignores the page shows the first one for ever: the same second never ends.
    with pytest.raises(ConfigurationError, match="Pages on the connection"):
        read(open_api(sorting="not_heeded"), limit=2)
    assert len(made) == 3


@pytest.mark.parametrize(
    "body", [b"{}", b'{"data":null}', b'{"data":{"tickets":null}}', b'{"data":{"Tickets":[]}}', b"[]", b"<html>"]
)
def test_an_answer_that_is_no_list_is_never_no_records(
    toga: TogaSimulator, api: TogaApi, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toga, "handle", lambda request: Reply(200, body, {"Content-Type": "application/json"}))
    with pytest.raises(MalformedResponseError):
        read(api)


def test_no_change_is_one_call(toga: TogaSimulator, api: TogaApi) -> None:
    add(toga, 1)
    assert read(api, SINCE, limit=200) == []
    assert sent(toga) == ["GET tickets"]


def test_the_test_of_a_connection_says_which_switch_is_wrong(toga: TogaSimulator, open_api: OpenApi) -> None:
    add(toga, 3, 1)
    assert [step.ok for step in open_api().test_connection()] == [True, True, True]
    toga.where_style = "json"
    steps = list(open_api().test_connection())
    assert [step.ok for step in steps] == [True, False]
    assert "Filters on the connection" in steps[1].detail
    toga.auth_style = "basic"
    (step,) = open_api().test_connection()
    assert not step.ok
    assert "credentials" in step.detail
    assert [step.ok for step in open_api(auth_style="basic", where_style="json").test_connection()] == [True] * 3
