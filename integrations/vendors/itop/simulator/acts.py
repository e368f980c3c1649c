"""What people do in iTop's console, or time does; also over `POST /_simulator/do`. Ids are as the API shows them.

All of it fires triggers in the context of the console, unless it is said otherwise.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from integrations.vendors.itop import lifecycle

from . import tickets
from .accounts import CONSOLE, CRON, PORTAL, REST_CONTEXT, Actor
from .markup import picture_tag
from .switches import SWITCHES
from .triggers import CREATE, DELETE, UPDATE, Event
from .world import AGENT, CALLER, ORG, TEAM, Blob, Record

if TYPE_CHECKING:
    from .itop import ItopSimulator

_CONTEXTS = (CONSOLE, PORTAL, REST_CONTEXT, CRON)
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def new_ticket(
    itop: ItopSimulator,
    title: str,
    description: str = "",
    class_name: str = "UserRequest",
    files: list[dict[str, Any]] | None = None,
    by: str = "agnes",
    context: str = CONSOLE,
    **values: Any,
) -> int:
    """Somebody raises a ticket, perhaps with files chosen in the form (arguments as for `attach`); its id."""
    drafts = [upload(itop, **one, by=by) for one in files or []]
    given = {"org_id": ORG, "caller_id": CALLER, "title": title, "description": description or f"<p>{title}</p>"}
    actor = _actor(itop, by, context)
    with itop.lock:
        record, events = tickets.create(itop, class_name, given | values, actor)
    itop.happen(events)
    for draft in drafts:
        save_draft(itop, draft, record["id"], by=by)
    return int(record["id"])


def edit_ticket(itop: ItopSimulator, ticket: int, by: str = "agnes", context: str = CONSOLE, **values: Any) -> None:
    """An agent changes any field of a ticket; `context` is GUI:Console, GUI:Portal, REST/JSON or CRON."""
    with itop.lock:
        events = tickets.update(itop, _ticket(itop, ticket), values, _actor(itop, by, context))
    itop.happen(events)


def stimulate(
    itop: ItopSimulator, ticket: int, stimulus: str, by: str = "agnes", context: str = CONSOLE, **values: Any
) -> str:
    """An agent moves a ticket on, filling the fields that its step needs unless they are given; the state after it."""
    with itop.lock:
        record = _ticket(itop, ticket)
        events = tickets.stimulate(itop, record, stimulus, _filled(record, stimulus, values), _actor(itop, by, context))
    itop.happen(events)
    return str(record["status"])


def escalate(itop: ItopSimulator, ticket: int) -> str:
    """The background task finds a service level missed; the state after it."""
    return stimulate(itop, ticket, "ev_timeout", by="admin", context=CRON)


def add_log(
    itop: ItopSimulator,
    ticket: int,
    text: str,
    log: str = "private_log",
    picture: str = "",
    size: int = 0,
    by: str = "agnes",
    context: str = CONSOLE,
) -> int:
    """An agent writes an entry; with the name of a `picture` one is pasted into it (`size` bytes): its id, else 0."""
    number, html = 0, text
    actor = _actor(itop, by, context)
    with itop.lock:
        record = _ticket(itop, ticket)
        if picture:
            number, tag = _paste(itop, record, picture, size)
            html = f"<p>{text} {tag}</p>" if text else f"<p>{tag}</p>"
        events = tickets.update(itop, record, {log: html}, actor)
    itop.happen(events)
    return number


def upload(
    itop: ItopSimulator,
    name: str,
    text: str = "",
    base64_content: str = "",
    size: int = 0,
    content_type: str = "application/octet-stream",
    by: str = "agnes",
) -> int:
    """A file is chosen in a form: stored as a draft, of no ticket yet; its id."""
    actor = _actor(itop, by)
    content = base64.b64decode(base64_content) if base64_content else text.encode() or made_up(size)
    stamp = itop.data.clock.stamp()
    with itop.lock:
        record = itop.data.add(
            "Attachment",
            expire=stamp,
            creation_date=stamp,
            temp_id=f"draft-{itop.data.last_ids.get('Attachment', 0) + 1}",
            item_class="UserRequest",
            contents=Blob(content, content_type, name),
            user_id=actor.account.user_id,
            contact_id=actor.account.contact_id,
        )
    itop.happen([Event(CREATE, record, actor)])
    return int(record["id"])


def save_draft(itop: ItopSimulator, attachment: int, ticket: int, by: str = "agnes") -> None:
    """The form is saved: its file hangs on the ticket from now on."""
    with itop.lock:
        record, item = _attachment(itop, attachment), _ticket(itop, ticket)
        bound = {
            "temp_id": "",
            "item_class": item["class"],
            "item_id": str(item["id"]),
            "item_org_id": str(item["org_id"]),
        }
        record.update(bound)
    itop.happen([Event(UPDATE, record, _actor(itop, by), frozenset(bound))])


def attach(itop: ItopSimulator, ticket: int, name: str, by: str = "agnes", **content: Any) -> int:
    """Both at once: `text`, `base64_content` or `size`, and `content_type`; the attachment's id."""
    draft = upload(itop, name, by=by, **content)
    save_draft(itop, draft, ticket, by=by)
    return draft


def replace_attachment(
    itop: ItopSimulator, attachment: int, text: str = "", name: str = "", by: str = "admin", context: str = REST_CONTEXT
) -> None:
    """Another program puts a content, and perhaps a name, in the place of what was there; the console cannot."""
    record = _attachment(itop, attachment)
    with itop.lock:
        blob = record["contents"]
        record["contents"] = Blob(text.encode(), blob.media_type, name or blob.name)
    itop.happen([Event(UPDATE, record, _actor(itop, by, context), frozenset({"contents"}))])


def delete_attachment(itop: ItopSimulator, attachment: int, by: str = "agnes") -> None:
    """An agent removes a file, or a draft of it."""
    record = _attachment(itop, attachment)
    itop.happen([Event(DELETE, record, _actor(itop, by))], [record])


def delete_ticket(itop: ItopSimulator, ticket: int, by: str = "admin") -> None:
    """An administrator deletes a ticket, and with it all that hangs on it."""
    with itop.lock:
        going, events = tickets.deletion(itop, _ticket(itop, ticket), _actor(itop, by))
    itop.happen(events, going)


def purge_drafts(itop: ItopSimulator) -> int:
    """The background task removes the files of forms that nobody saved; how many."""
    drafts = [one for one in itop.data.all("Attachment") if one["item_id"] == "0"]
    actor = _actor(itop, "admin", CRON)
    itop.happen([Event(DELETE, one, actor) for one in drafts], drafts)
    return len(drafts)


def account(itop: ItopSimulator, login: str, **values: Any) -> None:
    """Somebody changes an account: its `password`, `profiles` or `orgs`."""
    known = itop.data.accounts[login]
    given: dict[str, Any] = {
        name: frozenset(value) if isinstance(value, list) else value for name, value in values.items()
    }
    itop.data.accounts[login] = replace(known, **given)


def pass_minutes(itop: ItopSimulator, minutes: float) -> None:
    """Time passes by iTop's clock."""
    itop.data.clock.pass_seconds(minutes * 60)


def zone(itop: ItopSimulator, name: str) -> None:
    """The configuration gets another time zone; what is stored stays as it was written."""
    itop.data.clock.zone = name


def custom_field(itop: ItopSimulator, name: str) -> None:
    """The customer adds a text field of this name to tickets."""
    with itop.lock:
        itop.data.custom += (name,)
        for record in itop.data.all("Ticket"):
            record.setdefault(name, "")


def webhook(itop: ItopSimulator, **values: Any) -> None:
    """Set the webhook module up: `url`, `secret`, `payloads` and the rest of `sender.Settings`."""
    itop.sender.set(values)


def switch(itop: ItopSimulator, name: str, value: Any) -> None:
    """Set one of the switches. Raises ValueError for an unknown one or a value of another kind."""
    known = getattr(itop, name) if name in SWITCHES else None
    kinds = (int, float) if type(known) is float else (type(known),)
    if name not in SWITCHES or type(value) not in kinds:
        raise ValueError(f"no such switch or value; known switches: {', '.join(SWITCHES)}")
    setattr(itop, name, value)


ACTS: dict[str, Callable[..., Any]] = {
    act.__name__: act
    for act in (
        *(new_ticket, edit_ticket, stimulate, escalate, add_log, upload, save_draft, attach, replace_attachment),
        *(delete_attachment, delete_ticket, purge_drafts, account, pass_minutes, zone, custom_field, webhook, switch),
    )
}
_NEEDED = {  # what an agent fills in where a step asks for it
    "team_id": TEAM,
    "agent_id": AGENT,
    "pending_reason": "Waits for a spare part",
    "solution": "Restarted",
    "service_id": 5,
    "supervisor_group_id": TEAM,
    "manager_group_id": TEAM,
    "supervisor_id": AGENT,
    "manager_id": AGENT,
    "acceptance_date": "2026-01-05 09:00:00",
    "acceptance_comment": "Fine",
    "approval_date": "2026-01-06 09:00:00",
    "approval_comment": "Go ahead",
    "start_date": "2026-01-10 20:00:00",
    "end_date": "2026-01-10 22:00:00",
    "impact": "None",
    "outage": "no",
    "fallback": "Back to the old one",
    "reason": "Not now",
}


def _filled(record: Record, stimulus: str, values: dict[str, Any]) -> dict[str, Any]:
    step = lifecycle.step(record["class"], record["status"], stimulus)
    needed = step.required if step else ()
    return {name: _NEEDED[name] for name in needed if name in _NEEDED and not record.get(name)} | values


def _actor(itop: ItopSimulator, login: str, context: str = CONSOLE) -> Actor:
    if context not in _CONTEXTS:
        raise ValueError(f"unknown context; known: {', '.join(_CONTEXTS)}")
    return Actor(itop.data.accounts[login], context)


def _ticket(itop: ItopSimulator, number: int) -> Record:
    record = itop.data.get("Ticket", number)
    if record is None:
        raise ValueError(f"there is no ticket {number}")
    return record


def _attachment(itop: ItopSimulator, number: int) -> Record:
    record = itop.data.get("Attachment", number)
    if record is None:
        raise ValueError(f"there is no attachment {number}")
    return record


def _paste(itop: ItopSimulator, ticket: Record, name: str, size: int) -> tuple[int, str]:
    secret = f"{itop.data.last_ids.get('InlineImage', 0) * 7919 + 0xABCDEF:012x}"
    image = itop.data.add(
        "InlineImage",
        expire=itop.data.clock.stamp(),
        item_class=ticket["class"],
        item_id=str(ticket["id"]),
        item_org_id=str(ticket["org_id"]),
        contents=Blob(made_up(size) if size else _PIXEL, "image/png", name),
        secret=secret,
    )
    return int(image["id"]), picture_tag(itop.data.root, image["id"], secret)


def made_up(size: int) -> bytes:
    """Bytes of which every stretch differs from the next."""
    block = b"".join(b"%07d\n" % number for number in range(8192))
    return (block * (size // len(block) + 1))[:size]
