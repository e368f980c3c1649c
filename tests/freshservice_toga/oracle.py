"""The oracle: a full compare of Freshservice with what it became in TOGA 2, and a way to begin with both empty."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from integrations.core.models import HeldItem, Job, RecordLink, Stream, SyncRun, WebhookDelivery
from integrations.freshservice_toga.mapping import GONE, WORDS
from integrations.freshservice_toga.models import LookAgain, OpenTicket
from integrations.vendors.freshservice.simulator import FreshserviceSimulator
from integrations.vendors.toga.simulator import TogaSimulator

_IMAGE = re.compile(r'<img [^<>]*data-id="([0-9]+)"[^<>]*>')


def empty(fresh: FreshserviceSimulator, toga: TogaSimulator) -> None:
    """Neither has a ticket; every group of Freshservice has its team in TOGA 2."""
    fresh.reset()
    fresh.limited = False
    toga.reset()
    toga.data.add("ticket-teams", name="Service Desk", isActive=True)


def forget() -> None:
    """The portal has seen nothing."""
    for model in (RecordLink, HeldItem, WebhookDelivery, SyncRun, Job, LookAgain, OpenTicket):
        model.objects.all().delete()
    Stream.objects.update(watermark=None, in_hand={}, started_at=None)


def differences(fresh: FreshserviceSimulator, toga: TogaSimulator) -> list[str]:
    """What TOGA 2 has not, has otherwise, or has twice; empty when it is equal.

    A note whose conversation was deleted must say so; its text and files are as they were when it was seen last.
    """
    found = []
    wanted = {str(row["id"]): row for row in fresh.data.tickets.values()}
    there = toga.data.records["tickets"].values()
    found += _twice("ticket", [row.get("c_eliteTicketId") for row in there])
    found += _twice("contact", [row.get("c_eliteUserId") for row in toga.data.records["contacts"].values()])
    found += _twice("file", [row["file"] for row in toga.data.records["ticket-note-files"].values()])
    brought = {row.get("c_eliteTicketId"): row for row in there}
    if wanted.keys() != brought.keys():
        found.append(f"Freshservice has the tickets {sorted(wanted)}, TOGA 2 {sorted(map(str, brought))}")
    for number in wanted.keys() & brought.keys():
        found += [f"ticket {number}: {one}" for one in _ticket(fresh, toga, wanted[number], brought[number])]
    return found


def _ticket(fresh: FreshserviceSimulator, toga: TogaSimulator, row: dict[str, Any], there: dict[str, Any]) -> list[str]:
    found = [
        f"{name} is {there.get(name)!r} instead of {value!r}"
        for name, value in _fields(row).items()
        if (there.get(name) or "") != value
    ]
    for member, resource, own, value in (
        ("contact", "contacts", "c_eliteUserId", row["requester_id"]),
        ("ticketTeam", "ticket-teams", "c_eliteGroupId", row["group_id"]),
    ):
        linked = toga.data.records[resource].get(there.get(member) or "", {})
        if linked.get(own) != (str(value) if value else None):
            found.append(f"{member} is {linked} instead of {value}")
    if (category := _path(toga, there.get("ticketCategory"))) != _names(row):
        found.append(f"its category is {category} instead of {_names(row)}")
    return found + _notes(fresh, toga, row, there)


def _fields(row: dict[str, Any]) -> dict[str, str]:
    coded = {name: WORDS[name][row[name]] for name in ("status", "priority", "source")}
    return {"subject": row["subject"], **coded}


def _names(row: dict[str, Any]) -> list[str]:
    return [name for name in (row["category"], row["sub_category"], row["item_category"]) if name]


def _path(toga: TogaSimulator, uuid: str | None) -> list[str]:
    names: list[str] = []
    while uuid:
        row = toga.data.records["ticket-categories"][uuid]
        names.insert(0, row["name"])
        uuid = row["parentTicketCategory"]
    return names


def _notes(fresh: FreshserviceSimulator, toga: TogaSimulator, row: dict[str, Any], there: dict[str, Any]) -> list[str]:
    said = {f"ticket-{row['id']}": (row["description"], True, row["_files"])}
    for one in fresh.data.conversations_of(row["id"]):
        said[str(one["id"])] = (one["body"], not one["private"], one["_files"])
    wanted = {
        key: (_text(html), is_external, _contents(fresh, html, files))
        for key, (html, is_external, files) in said.items()
    }
    rows = toga.data.under("ticket-notes", there["uuid"])
    found = _twice("note", [note.get("c_eliteConversationId") for note in rows])
    brought = {note.get("c_eliteConversationId"): note for note in rows}
    for key, note in brought.items():
        if key not in wanted and not note["note"].startswith(GONE):
            found.append(f"the note {key} does not say that it was deleted")
    for key, expected in wanted.items():
        seen = None if key not in brought else _note(toga, brought[key])
        if seen != expected:
            found.append(f"the note {key} is {seen} instead of {expected}")
    return found


def _note(toga: TogaSimulator, note: dict[str, Any]) -> tuple[str, bool, list[bytes]]:
    hung = toga.data.under("ticket-note-files", note["uuid"])
    contents = sorted(bytes(toga.data.records["files"][one["file"]]["content"]) for one in hung)
    return _text(note["note"]), note["isExternal"], contents


def _text(html: str) -> str:
    """Without the addresses of pictures, which are new at each read."""
    return _IMAGE.sub(r"[image \1]", html)


def _contents(fresh: FreshserviceSimulator, html: str, files: list[int]) -> list[bytes]:
    return sorted(fresh.data.files[number].content for number in {*files, *map(int, _IMAGE.findall(html))})


def _twice(what: str, keys: list[str | None]) -> list[str]:
    counted = Counter(key for key in keys if key)
    return [f"{what} {key} is there {count} times" for key, count in counted.items() if count > 1]
