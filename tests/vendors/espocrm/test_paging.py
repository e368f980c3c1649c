"""Pages of changed parties: whatever people do while they are read, nothing is stepped over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from integrations.transport.errors import MalformedResponseError
from integrations.vendors.espocrm import paging
from integrations.vendors.espocrm.api import EspocrmApi
from integrations.vendors.espocrm.schemas import ListedParty
from integrations.vendors.espocrm.simulator import EspocrmSimulator
from tests.seeds import SEED

from .conftest import sent

START = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass
class Table:
    """The parties of an EspoCRM as a list sees them: when each was changed last."""

    size: int
    now: datetime = START
    changed: dict[str, datetime] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)

    def ask(self, since: datetime | None, offset: int) -> tuple[Sequence[ListedParty], bool]:
        rows = sorted((at, one) for one, at in self.changed.items() if since is None or at >= since)
        shown = rows[offset : offset + self.size]
        return [ListedParty(id=one, modified_at=at) for at, one in shown], len(rows) > offset + self.size

    def act(self, name: str, party: str, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        if name == "delete":
            self.changed.pop(party, None)
        else:
            self.changed[party] = self.now
        self.touched.add(party)


_acts = st.tuples(
    st.sampled_from(["change", "change", "delete"]), st.sampled_from("abcdefghij"), st.sampled_from([0, 0, 1])
)


@seed(41 + SEED)
@settings(max_examples=300, deadline=None, database=None)
@given(
    st.lists(_acts, max_size=30),
    st.lists(st.lists(_acts, max_size=4), max_size=12),
    st.integers(2, 5),
    st.booleans(),
)
def test_a_party_that_nobody_touches_meanwhile_is_seen_and_the_next_pass_sees_the_others(
    history: list[tuple[str, str, int]], meanwhile: list[list[tuple[str, str, int]]], size: int, from_start: bool
) -> None:
    table = Table(size)
    for act in history:
        table.act(*act)
    table.touched.clear()
    before, began = dict(table.changed), table.now
    seen = everything(table, START if from_start else None, meanwhile)
    untouched = {(one, at) for one, at in before.items() if one not in table.touched}
    assert untouched <= seen
    assert set(table.changed.items()) <= seen | everything(table, began, [])


def everything(
    table: Table, since: datetime | None, meanwhile: list[list[tuple[str, str, int]]]
) -> set[tuple[str, datetime]]:
    """All pages, with what people do between them."""
    seen: set[tuple[str, datetime]] = set()
    cursor, between = "", list(meanwhile)
    for _ in range(500):
        rows, cursor = paging.page(table.ask, since, cursor)
        seen |= {(row.id, row.modified_at) for row in rows}
        if not cursor:
            return seen
        for act in between.pop(0) if between else []:
            table.act(*act)
    raise AssertionError("the pages have no end")


def test_a_page_is_as_large_as_the_instance_allows_and_overlaps_by_one(
    espocrm: EspocrmSimulator, api: EspocrmApi
) -> None:
    espocrm.data.clock.stop()
    parties = [espocrm.do("new_party", {"last_name": f"P{place}"}) for place in range(7)]  # all in one second
    espocrm.data.settings["recordListMaxSizeLimit"] = 3
    seen: list[str] = []
    cursor = ""
    while True:
        rows, cursor = api.changed_parties(espocrm.data.clock.now() - timedelta(seconds=1), cursor)
        seen += [row.id for row in rows]
        if not cursor:
            break
    assert seen == parties
    assert [call.split("?")[0] for call in sent(espocrm)] == ["GET Settings", *["GET CBeteiligte"] * 3]


def test_parties_are_read_from_the_second_asked_for(espocrm: EspocrmSimulator, api: EspocrmApi) -> None:
    espocrm.data.clock.stop(START)
    espocrm.do("new_party", {"last_name": "old"})
    espocrm.data.clock.pass_seconds(60)
    newer = espocrm.do("new_party", {"last_name": "new", "number": 12})
    rows, cursor = api.changed_parties(START + timedelta(seconds=60.5))
    assert [(row.id, row.number) for row in rows] == [(newer, 12)]
    assert cursor == ""
    assert api.changed_parties(START + timedelta(seconds=61)) == ([], "")
    assert len(api.changed_parties(None)[0]) == 2


@pytest.mark.parametrize("lost", ["filter", "order", "rows"])
def test_a_list_that_shows_what_was_not_asked_for_is_never_believed(lost: str) -> None:
    rows = [ListedParty(id=one, modified_at=START + timedelta(seconds=at)) for one, at in (("a", 5), ("b", 1))]
    answers = {"filter": rows[1:], "order": rows, "rows": []}
    with pytest.raises(MalformedResponseError):
        paging.page(lambda since, offset: (answers[lost], True), START + timedelta(seconds=3), "")
