"""What a ticket of the customer's iTop says in the provider's, and what is said in either. Tables and pure functions.

| field               | external                     | internal                                             |
|---------------------|------------------------------|------------------------------------------------------|
| title               | title                        | title, behind `[ref]` where no field holds the marker |
| description         | description, caller, ref     | description, below a line that names caller and ref  |
| impact, urgency     | their codes                  | by the value map, else the same codes                |
| request_type        | its code (UserRequest alone) | by the value map, else the same code                 |
| priority            | follows impact and urgency   | follows impact and urgency                           |
| org, caller         | never                        | the defaults of the settings                         |
| agent, team         | never                        | the defaults, when a step of the life needs them     |
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable, Mapping
from typing import Any

import nh3

from integrations.vendors.itop.pictures import Kind, Picture, with_notes

LONGEST_TITLE = 255
CODES = ("impact", "urgency", "request_type")
FORM = ("title", "description", *CODES)
_PLAIN = ("title", "description")
FORM_OF: dict[str, tuple[str, ...]] = {
    "UserRequest": FORM,
    "Incident": ("title", "description", "impact", "urgency"),
    "NormalChange": _PLAIN,  # the impact of a change is a text of another meaning
    "RoutineChange": _PLAIN,
    "EmergencyChange": _PLAIN,
}
CHANGES = ("NormalChange", "RoutineChange", "EmergencyChange")
# States that say that a person decided: the decision is handed on, and never made for somebody else.
DECIDED = frozenset({"approved", "rejected", "validated", "notapproved"})
_PREFIX = re.compile(r"[^:]{1,200}\((external|internal)\)wrote:")


def marker(ref: str) -> str:
    """What a title carries where no field of its own does."""
    return f"[{ref}]"


def title(text: str, ref: str, *, in_title: bool) -> str:
    """The twin's title, never longer than iTop takes."""
    return f"{marker(ref)} {text}"[:LONGEST_TITLE] if in_title else text[:LONGEST_TITLE]


def description(text: str, ref: str, caller: str, note: Callable[[Picture], str]) -> str:
    """The twin's description: who raised it outside, then what was written there."""
    raised = f"Raised outside as {ref}" + (f" by {caller}" if caller else "") + "."
    return f"<p><em>{html.escape(raised)}</em></p>{said(text, note)}"


def said(text: str, note: Callable[[Picture], str]) -> str:
    """A stranger's HTML as it is sent on: nothing that runs, each picture named in the place where it was."""
    return nh3.clean(with_notes(text, note))


def note_of(picture: Picture) -> str:
    """What stands in the place of a picture. The same every time, so that what was sent is recognised by it."""
    if picture.kind is Kind.FOREIGN:
        return html.escape(f"[picture at {picture.source[:300]}]")
    return html.escape(f"[picture: {picture_name(picture)}, attached]")


def picture_name(picture: Picture) -> str:
    """Of an own picture by its id, of one in the text by its content."""
    if picture.kind is Kind.INLINE:
        return f"picture-{picture.id}"
    return f"picture-{hashlib.sha256(picture.source.encode('utf-8', 'replace')).hexdigest()[:12]}"


def form(ticket: Any, target_class: str, words: Mapping[tuple[str, str], str], *, marks_title: bool) -> dict[str, str]:
    """The form of the ticket as the twin should have it. A code whose word is empty is left alone."""
    names = [name for name in FORM_OF[target_class] if name in FORM_OF[ticket.ticket_class]]
    codes = {name: getattr(ticket, name) for name in names if name in CODES}
    said_so = {name: words.get((name, code), code) for name, code in codes.items() if code}
    return {
        "title": title(ticket.title, ticket.ref, in_title=marks_title),
        "description": description(ticket.description, ticket.ref, ticket.caller, note_of),
        **{name: word for name, word in said_so.items() if word},
    }


def kept(values: Mapping[str, str]) -> dict[str, str]:
    """The form as the base keeps it: of the description a hash, since iTop never gives back what was sent."""
    return {name: _short(value) if name == "description" else value for name, value in values.items()}


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def wanted(values: Mapping[str, str], base: Mapping[str, Any], there: Mapping[str, str]) -> dict[str, str]:
    """The fields to write: those that changed outside since both agreed, and differ. Edits inside are not fought."""
    known = kept(values)
    return {name: value for name, value in values.items() if known[name] != base.get(name) and value != there.get(name)}


# --- logs -------------------------------------------------------------------------------------------------------------


def author(name: str, label: str) -> str:
    """Whom an entry is by on the other side; `label` is the side where he is at home."""
    return f"{name.strip() or 'Somebody'} ({label})"


def prefixed(name: str, text: str) -> str:
    """An entry that names its author itself, where the account may not write in another name."""
    return f"<p><em>{html.escape(name)} wrote:</em></p>{text}"


def plain(text: str) -> str:
    """What is left to compare, since iTop stores another HTML than was sent: the letters."""
    return re.sub(r"\s+", "", html.unescape(nh3.clean(text, tags=set())))


def is_ours(entry: Any, text: str, name: str) -> bool:
    """Whether this entry is that text of that author, as the bridge writes it."""
    there = plain(entry.html)
    return (entry.user_id == 0 and entry.author == name and there == plain(text)) or (
        there == plain(prefixed(name, text))
    )


def is_copy(entry: Any, label: str) -> bool:
    """Whether the bridge wrote this entry, from the side of that label: it never goes back there."""
    if entry.user_id == 0 and entry.author.endswith(f"({label})"):
        return True
    prefix = _PREFIX.match(plain(entry.html))
    return prefix is not None and prefix[1] == label


# --- states -----------------------------------------------------------------------------------------------------------


def step_fields(
    required: tuple[str, ...], source: Mapping[str, Any], defaults: Mapping[str, Any], fallback: Mapping[str, Any]
) -> dict[str, Any]:
    """What a step is sent: agent, team and other references by the defaults of the side, texts as they were written
    on the other one, else as the settings have them. What has no value is not sent: iTop says what it misses."""
    fields: dict[str, Any] = {}
    for name in required:
        value = defaults.get(name) or (None if name.endswith("_id") else source.get(name)) or fallback.get(name)
        if value:
            fields[name] = value
    return fields
