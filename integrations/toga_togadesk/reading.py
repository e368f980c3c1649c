"""How each side is read for what changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Page, Reading, Record, Side
from integrations.core.sync.linking import links_of
from integrations.vendors.toga.dialect import Resource
from integrations.vendors.toga.schemas import Listed, parent_of
from integrations.vendors.togadesk.api import Changed

from .pair import TICKET, Pair


def of_toga_tickets(pair: Pair, *, is_dry: bool) -> Reading:
    """TOGA 2: tickets that changed, then notes that changed, each note standing for its ticket.

    No order over both can be relied on, so the watermark moves when the last page of the second list was dealt with.
    """
    shown: set[str] = set()  # in a dry run nothing is stored that would tell what was dealt with
    lists = {"tickets": pair.kind.tickets, "notes": pair.kind.notes}

    def page(since: datetime | None, cursor: str) -> Page:
        place = json.loads(cursor) if cursor else {"list": "tickets", "at": "", "began": ""}
        rows, following = pair.toga.changed(lists[place["list"]], since, place["at"], limit=pair.options.page_size)
        place["began"] = place["began"] or _began(pair)
        place["at"] = following
        if place["list"] == "tickets":
            records = [Record(row.uuid, row.updated_at, row.fingerprint) for row in rows]
        else:
            records = [record for record in _with_news(pair, rows) if record.id not in shown]
        if is_dry:
            shown.update(record.id for record in records)
        if place["list"] == "notes" and not following:
            return Page(records, began=datetime.fromisoformat(place["began"]))
        return Page(records, json.dumps(place if following else place | {"list": "notes"}))

    def get(uuid: str) -> Record:
        ticket = pair.toga.record(pair.kind.tickets, uuid)
        return Record(ticket.uuid, ticket.updated_at, ticket.fingerprint)

    return Reading(page, get, overlap=timedelta(seconds=pair.options.overlap_seconds))


def _with_news(pair: Pair, rows: list[Listed]) -> list[Record]:
    """The tickets of those notes that were not dealt with as they are now, each once."""
    parents = {row.uuid: parent_of(row.raw, pair.kind) for row in rows}
    links = links_of(pair.integration, TICKET, Side.LEFT, set(parents.values()))
    news: dict[str, Record] = {}
    for row in rows:
        ticket = parents[row.uuid]
        link = links.get(ticket)
        if link is None or notes_seen(link).get(row.uuid) != row.fingerprint:
            seen = link.left_fingerprint if link else ""
            news.setdefault(ticket, Record(ticket, row.updated_at, seen, is_news=True))
    return list(news.values())


def notes_seen(link: RecordLink) -> dict[str, str]:
    """The fingerprint of each note of the ticket as it was when it was dealt with last."""
    seen: dict[str, str] = link.base.get("notes") or {}
    return seen


def of_togadesk_tickets(pair: Pair, *, highest_file: int) -> Reading:
    """TOGaDesk: tickets by their latest ticket, reply and comment; then those whose time does not tell that they are
    news: without another half (moved in), and with a file that was hung on a reply later."""
    departments, size = pair.options.departments, pair.options.page_size
    kept: dict[str, list[Changed]] = {}  # one statement reads several pages ahead

    def changed(since: datetime | None, place: dict[str, Any]) -> tuple[list[Changed], dict[str, Any]]:
        after = (datetime.fromisoformat(place["at"]) if place["at"] else since, int(place["id"]))
        name = json.dumps(place)
        if name not in kept:
            kept.clear()
            kept[name] = pair.desk.changed(pair.client, departments, after, limit=size * 10)
        ahead = kept.pop(name)
        rows, rest = ahead[:size], ahead[size:]
        if len(rows) < size:
            return rows, {"list": "moved", "id": 0}
        following = {"list": "changed", "at": rows[-1].changed_at.isoformat(), "id": rows[-1].id}
        if rest:
            kept[json.dumps(following)] = rest
        return rows, following

    def moved(since: datetime | None, place: dict[str, Any]) -> tuple[list[Changed], dict[str, Any]]:
        if since is None:  # everything was read
            return [], {}
        rows = pair.desk.moved_in(pair.client, departments, before=since, after=int(place["id"]), limit=size)
        return rows, {"list": "moved", "id": rows[-1].id} if len(rows) == size else {"list": "files", "id": 0}

    def files(since: datetime | None, place: dict[str, Any]) -> tuple[list[Changed], dict[str, Any]]:
        rows = pair.desk.with_new_files(
            pair.client, departments, above=highest_file, after=int(place["id"]), limit=size
        )
        return rows, {"list": "files", "id": rows[-1].id} if len(rows) == size else {}

    lists: dict[str, Callable[[datetime | None, dict[str, Any]], tuple[list[Changed], dict[str, Any]]]] = {
        "changed": changed,
        "moved": moved,
        "files": files,
    }

    def page(since: datetime | None, cursor: str) -> Page:
        place: dict[str, Any] = json.loads(cursor) if cursor else {"list": "changed", "at": "", "id": 0}
        rows, following = lists[place["list"]](since, place)
        return Page([_record(row) for row in rows], json.dumps(following) if following else "")

    def get(key: str) -> Record:
        return _record(pair.desk.changed_one(int(key)))

    return Reading(page, get, ordered=True, overlap=timedelta(seconds=pair.options.overlap_seconds))


def _record(row: Changed) -> Record:
    return Record(str(row.id), row.changed_at, row.fingerprint)


def of_list(pair: Pair, resource: Resource) -> Reading:
    """TOGA 2: reference data that changed."""

    def page(since: datetime | None, cursor: str) -> Page:
        place = json.loads(cursor) if cursor else {"at": "", "began": ""}
        rows, following = pair.toga.changed(resource, since, place["at"], limit=pair.options.page_size)
        place["began"] = place["began"] or _began(pair)
        records = [Record(row.uuid, row.updated_at, row.fingerprint, row.raw) for row in rows]
        if not following:
            return Page(records, began=datetime.fromisoformat(place["began"]))
        return Page(records, json.dumps(place | {"at": following}))

    def get(uuid: str) -> Record:
        row = pair.toga.record(resource, uuid)
        return Record(row.uuid, row.updated_at, row.fingerprint, row.raw)

    return Reading(page, get, overlap=timedelta(seconds=pair.options.overlap_seconds))


def _began(pair: Pair) -> str:
    """When the first page was asked for, by the vendor's clock."""
    return (pair.toga.told_at or timezone.now()).isoformat()
