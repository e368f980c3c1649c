"""Records as Freshservice's answers show them: which members each call has, null or an empty list, signed addresses."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

from .world import Record

if TYPE_CHECKING:
    from .freshservice import FreshserviceSimulator

MARK = "inline:"  # stands in stored HTML where an answer has the signed address of an inline image
_MARKED = re.compile(rf"{MARK}([0-9]+)")
_TAG = re.compile(r"<[^<>]*>")
_SINGLE_ONLY = {
    "sla_policy_id": 21000003001,
    "applied_business_hours": None,
    "created_within_business_hours": True,
    "approval_status": None,
    "approval_status_name": "Not Requested",
}
_LISTS = ("to_emails", "bcc_emails")  # null on single reads, empty in lists
CONVERSATION = (
    *("id", "ticket_id", "user_id", "body", "body_text", "incoming", "private", "source", "support_email"),
    *("from_email", "to_emails", "cc_emails", "bcc_emails", "attachments", "created_at", "updated_at"),
)
NEW_REPLY = tuple(name for name in CONVERSATION if name not in ("incoming", "private", "source"))
NEW_NOTE = tuple(name for name in CONVERSATION if name not in ("source", "from_email", "cc_emails", "bcc_emails"))


def image(file: int) -> str:
    """The tag that stores an inline image in HTML."""
    return f'<img src="{MARK}{file}" class="inline-image" data-id="{file}" data-store-type="1">'


def attachments(simulator: FreshserviceSimulator, ids: list[int]) -> list[Record]:
    rows = []
    for file in (simulator.data.files[number] for number in ids):
        rows.append(
            {
                "id": file.id,
                "name": file.name,
                "content_type": file.content_type,
                "size": len(file.content),
                "attachment_url": simulator.files.address_of(file),
                "created_at": file.created_at,
                "updated_at": file.updated_at,
            }
        )
    return rows


def _html(simulator: FreshserviceSimulator, html: str) -> str:
    def address(found: re.Match[str]) -> str:
        file = simulator.data.files.get(int(found[1]))
        return simulator.files.address_of(file, inline=True).replace("&", "&amp;") if file else ""

    return _MARKED.sub(address, html)


def _text(html: str) -> str:
    return unescape(_TAG.sub("", html))


def ticket(simulator: FreshserviceSimulator, row: Record, *, single: bool, tags: bool = False) -> Record:
    shown = {name: value for name, value in row.items() if not name.startswith("_") and name != "tags"}
    shown["description"] = _html(simulator, row["description"])
    shown["description_text"] = _text(row["description"])
    if tags:
        shown["tags"] = row["tags"]
    if single:
        return shown | _SINGLE_ONLY | {"attachments": attachments(simulator, row["_files"])}
    return shown | {name: shown[name] or [] for name in _LISTS}


def conversation(simulator: FreshserviceSimulator, row: Record, members: tuple[str, ...] = CONVERSATION) -> Record:
    shown = {
        **row,
        "body": _html(simulator, row["body"]),
        "body_text": _text(row["body"]),
        "attachments": attachments(simulator, row["_files"]),
    }
    return {name: shown[name] for name in members}


def included(simulator: FreshserviceSimulator, row: Record, names: set[str]) -> Record:
    """What `include` adds to a ticket."""
    people: Any = {**simulator.data.agents, **simulator.data.requesters}
    shown: Record = {}
    for name, member in (("requester", "requester_id"), ("requested_for", "requested_for_id")):
        if name in names:
            found = people.get(row[member]) or {}
            email = found.get("primary_email") or found.get("email")
            shown[name] = {"id": row[member], "name": found.get("first_name"), "email": email}
    if "conversations" in names:
        rows = simulator.data.conversations_of(row["id"])[: simulator.included_conversations]
        shown["conversations"] = [conversation(simulator, one) for one in rows]
    if "stats" in names:
        shown["stats"] = {"ticket_id": row["id"], "opened_at": row["created_at"], "resolved_at": None}
    if "department" in names:
        shown["department"] = None
    return shown
