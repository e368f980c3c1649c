"""Which pairs something may have happened to. A record is a party of Advoware, by its number; it stands for its pair.

EspoCRM lists what changed; it shows no deletion, and no change that came through a value shared with another record.
Advoware lists nothing: its pairs are looked at in turn, so many in a run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Page, Reading, Record, Side
from integrations.core.sync.linking import links_of
from integrations.vendors.espocrm.schemas import ListedParty

from . import pairs
from .models import ADVOWARE, ESPOCRM
from .sides import PARTY, Sides

OVERLAP = timedelta(minutes=2)
TURNS = 50  # pairs of a page
_STEPS = ("espocrm", "turns")


def reading(sides: Sides) -> Reading:
    """The watermark moves when EspoCRM's list and the turns of this run were read."""
    lists: dict[str, Callable[[datetime | None, dict[str, Any]], tuple[list[Record], Any]]] = {
        "espocrm": lambda since, place: _changed(sides, since, place["at"]),
        "turns": lambda _since, place: _turns(sides, place),
    }

    def page(since: datetime | None, cursor: str) -> Page:
        place: dict[str, Any] = json.loads(cursor) if cursor else _beginning()
        records, at = lists[_STEPS[place["step"]]](since, place)
        if not cursor:
            place["told"] = min(timezone.now(), sides.espocrm.told_at or timezone.now()).isoformat()
        if not at and place["step"] == len(_STEPS) - 1:
            return Page(records, began=datetime.fromisoformat(place["told"]))
        return Page(records, json.dumps(place | {"step": place["step"] if at else place["step"] + 1, "at": at}))

    def get(key: str) -> Record:
        return record(key, sides.hinted_by)

    return Reading(page, get, overlap=OVERLAP)


def record(betnr: str, hinted_by: str) -> Record:
    """A pair to look at; `hinted_by` names the side where something may have changed, empty for both."""
    return Record(betnr, timezone.now(), "", data=hinted_by, is_news=True)


def _changed(sides: Sides, since: datetime | None, cursor: str) -> tuple[list[Record], str]:
    rows, at = sides.espocrm.changed_parties(since, cursor)
    links = links_of(sides.integration, PARTY, Side.RIGHT, [row.id for row in rows])
    return [record(betnr, ESPOCRM) for betnr in _unique(_numbers(rows, links))], at


def _numbers(rows: Iterable[ListedParty], links: dict[str, RecordLink]) -> Iterable[str]:
    """The party of each row that is not as it was at rest; who is linked needs no number in EspoCRM."""
    for row in rows:
        link = links.get(row.id)
        if link is not None and link.right_fingerprint != f"{row.modified_at:%Y%m%d%H%M%S}":
            yield link.left_id
        elif link is None and row.number is not None:
            yield str(row.number)


def _turns(sides: Sides, place: dict[str, Any]) -> tuple[list[Record], Any]:
    """The next ones in their turn. A page has had its turn when the next one is asked for: it is committed then."""
    before = place["at"] or {"done": 0, "taken": []}
    pairs.had_turn(sides, before["taken"])
    most = min(TURNS, sides.options.parties_per_run - before["done"])
    found = pairs.whose_turn(sides, datetime.fromisoformat(place["began"]), most) if most > 0 else []
    is_more = bool(found) and not sides.is_dry  # a dry run moves no turn on
    at = {"done": before["done"] + len(found), "taken": found} if is_more else ""
    return [record(betnr, ADVOWARE) for betnr in found], at


def _unique(numbers: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(numbers))


def _beginning() -> dict[str, Any]:
    """`began` is by our clock, for the turns; `told` by the earlier of EspoCRM's and ours, for the watermark."""
    return {"step": 0, "at": "", "began": timezone.now().isoformat(), "told": ""}
