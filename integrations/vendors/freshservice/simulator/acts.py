"""What other people do in Freshservice's user interface, or time does; also over `POST /_simulator/do`.

Each change of a ticket fires the automators. Ids are as the API shows them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import showing
from .switches import SWITCHES
from .world import AGENT, Record

if TYPE_CHECKING:
    from .freshservice import FreshserviceSimulator


def new_ticket(simulator: FreshserviceSimulator, subject: str, description: str = "", **values: Any) -> int:
    """Somebody raises a ticket; its number."""
    values |= {"_indexed": not simulator.index_lag, "_early": simulator.early_404s}
    html = description or f"<p>{subject}</p>"
    row = simulator.data.add_ticket(subject=subject, description=html, **values)
    simulator.changed("ticket_raised", row["id"], by=row["requester_id"])
    return int(row["id"])


def reply(simulator: FreshserviceSimulator, ticket: int, text: str, by: int = AGENT, **values: Any) -> int:
    """An agent answers by e-mail; the conversation's id."""
    return int(simulator.say(ticket, "reply", by=by, values={"body": text, **values})["id"])


def answer(simulator: FreshserviceSimulator, ticket: int, text: str) -> int:
    """The requester writes back; the conversation's id."""
    requester = simulator.data.tickets[ticket]["requester_id"]
    return int(simulator.say(ticket, "answer", by=requester, values={"body": text})["id"])


def note(simulator: FreshserviceSimulator, ticket: int, text: str, private: bool = True, by: int = AGENT) -> int:
    """An agent writes a note, private unless told otherwise; the conversation's id."""
    return int(simulator.say(ticket, "note", by=by, values={"body": text, "private": private})["id"])


def edit_note(simulator: FreshserviceSimulator, conversation: int, text: str) -> None:
    """An agent corrects a note."""
    simulator.edit(simulator.data.conversations[conversation], text, by=AGENT)


def delete_conversation(simulator: FreshserviceSimulator, conversation: int) -> None:
    """An agent deletes a reply or a note: it leaves no trace."""
    simulator.unsay(simulator.data.conversations[conversation], by=AGENT)


def set_status(simulator: FreshserviceSimulator, ticket: int, status: int) -> None:
    """An agent changes a ticket's status; tenants have statuses of their own from 6."""
    simulator.data.touch(ticket, status=status)
    simulator.changed("status_changed", ticket, by=AGENT)


def edit_ticket(simulator: FreshserviceSimulator, ticket: int, **values: Any) -> None:
    """An agent changes anything else of a ticket."""
    simulator.data.touch(ticket, **values)
    simulator.changed("ticket_updated", ticket, by=AGENT)


def attach(
    simulator: FreshserviceSimulator,
    name: str,
    ticket: int = 0,
    conversation: int = 0,
    text: str = "",
    base64_content: str = "",
    size: int = 0,
    content_type: str = "application/octet-stream",
) -> int:
    """Somebody attaches a file to a ticket, or to a conversation: a text, bytes, or so many made-up bytes; its id."""
    content = base64.b64decode(base64_content) if base64_content else text.encode() or made_up(size)
    row = _holder(simulator, ticket, conversation)
    number = simulator.data.add_file(name, content, content_type)
    row["_files"].append(number)
    _attached(simulator, row, "attachment_added")
    return number


def insert_image(
    simulator: FreshserviceSimulator, ticket: int = 0, conversation: int = 0, size: int = 64, name: str = "image.png"
) -> int:
    """Somebody puts a picture into the text, where no list of attachments shows it; its id."""
    row = _holder(simulator, ticket, conversation)
    number = simulator.data.add_file(name, made_up(size), "image/png")
    row["description" if ticket else "body"] += showing.image(number)
    _attached(simulator, row, "attachment_added")
    return number


def rename_file(simulator: FreshserviceSimulator, file: int, name: str) -> None:
    """Somebody gives a file another name."""
    data = simulator.data
    data.files[file] = replace(data.files[file], name=name, updated_at=data.clock.stamp())
    for row in [*data.tickets.values(), *data.conversations.values()]:
        if file in row["_files"]:
            _attached(simulator, row, "attachment_renamed")


def made_up(size: int) -> bytes:
    """Bytes of which every stretch differs from the next."""
    block = b"".join(b"%07d\n" % number for number in range(8192))
    return (block * (size // len(block) + 1))[:size]


def _holder(simulator: FreshserviceSimulator, ticket: int, conversation: int) -> Record:
    return simulator.data.tickets[ticket] if ticket else simulator.data.conversations[conversation]


def _attached(simulator: FreshserviceSimulator, row: Record, event: str) -> None:
    row["updated_at"] = simulator.data.clock.stamp()
    ticket: int = row.get("ticket_id") or row["id"]
    if ticket == row["id"] or simulator.note_touches_ticket:
        simulator.data.touch(ticket)
    simulator.changed(event, ticket, by=AGENT)


def delete_ticket(simulator: FreshserviceSimulator, ticket: int) -> None:
    """An agent deletes a ticket: no list shows it any more."""
    simulator.data.touch(ticket, deleted=True)
    simulator.changed("ticket_deleted", ticket, by=AGENT)


def restore_ticket(simulator: FreshserviceSimulator, ticket: int) -> None:
    """An agent takes a deletion or the mark as spam back."""
    simulator.data.touch(ticket, deleted=False, spam=False)
    simulator.changed("ticket_restored", ticket, by=AGENT)


def mark_spam(simulator: FreshserviceSimulator, ticket: int) -> None:
    """An agent marks a ticket as spam: no list shows it any more."""
    simulator.data.touch(ticket, spam=True)
    simulator.changed("ticket_spam", ticket, by=AGENT)


def merge_user(simulator: FreshserviceSimulator, user: int, into: int) -> None:
    """A requester is merged into another: the first id is gone, its tickets are the other's."""
    del simulator.data.requesters[user]
    for row in list(simulator.data.tickets.values()):
        if row["requester_id"] == user:
            simulator.data.touch(row["id"], requester_id=into)
            simulator.changed("user_merged", row["id"], by=AGENT)


def forget_user(simulator: FreshserviceSimulator, user: int) -> None:
    """A requester is deleted for good, with all tickets."""
    del simulator.data.requesters[user]
    gone = {number for number, row in simulator.data.tickets.items() if row["requester_id"] == user}
    for number in gone:
        del simulator.data.tickets[number]
    for number, row in list(simulator.data.conversations.items()):
        if row["ticket_id"] in gone:
            del simulator.data.conversations[number]


def release_index(simulator: FreshserviceSimulator) -> None:
    """/tickets/filter now sees what the index lag kept from it."""
    for row in simulator.data.tickets.values():
        row["_indexed"] = True


def pass_minutes(simulator: FreshserviceSimulator, minutes: float) -> None:
    """Time passes: for limits, signed addresses, retries of webhooks and the vendor's clock."""
    simulator.data.clock.pass_seconds(minutes * 60)


def webhook(simulator: FreshserviceSimulator, **values: Any) -> None:
    """Set the automators up: `url`, `secret`, `auth`, `mode` and the rest of `sender.Settings`."""
    simulator.sender.set(values)


def switch(simulator: FreshserviceSimulator, name: str, value: Any) -> None:
    """Set one of the switches. Raises ValueError for an unknown one or a value of another kind."""
    if name not in SWITCHES or type(value) is not type(getattr(simulator, name)):
        raise ValueError(f"no such switch or value; known switches: {', '.join(SWITCHES)}")
    setattr(simulator, name, value)


ACTS: dict[str, Callable[..., Any]] = {
    act.__name__: act
    for act in (
        *(new_ticket, reply, answer, note, edit_note, delete_conversation, set_status, edit_ticket),
        *(attach, insert_image, rename_file, delete_ticket, restore_ticket, mark_spam, merge_user, forget_user),
        *(release_index, pass_minutes, webhook, switch),
    )
}
LABELS = {name: (act.__doc__ or "").strip().partition("\n")[0] for name, act in ACTS.items()}
