"""The private log, both ways. An entry has no id, so its place in the ledger of links is its ticket and fingerprint.

What the bridge wrote is known by the fingerprint that was read back, so it never comes home as something new. iTop
writes a whole log anew: an entry may be swallowed by somebody's at the same moment, although the call was answered. So
each entry is read back, and one that is missing in two looks is appended again; never because an answer did not come.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Write
from integrations.core.sync.linking import attach, create_once, in_hand, links_of
from integrations.transport.errors import UnknownOutcomeError
from integrations.vendors.itop.answers import NotAllowed
from integrations.vendors.itop.logs import fingerprints, is_empty
from integrations.vendors.itop.pictures import pictures_in
from integrations.vendors.itop.schemas import LogEntry, Ticket

from . import files, mapping
from .sides import ENTRY, Half, Meeting, other_id

SEEN_TWICE = timedelta(seconds=10)  # between the two looks in which an entry is missing

Entries = list[tuple[str, LogEntry]]  # by their ids in links, oldest first


def entries_of(ticket: Ticket) -> Entries:
    """The private log, each entry with the id that it has in links."""
    return _named(ticket, ticket.private_log)


def _named(ticket: Ticket, log: Sequence[LogEntry]) -> Entries:
    return [(f"{ticket.id}:{mark}", entry) for mark, entry in zip(fingerprints(log), log, strict=True)]


def plan(meeting: Meeting) -> list[Write]:
    """The entries that one side has and the other has not."""
    writes: list[Write] = []
    for source, target in meeting.ways("logs"):
        if meeting.has(source):
            writes += _one_way(meeting, source, target)
    return writes


def _one_way(meeting: Meeting, source: Half, target: Half) -> list[Write]:
    said = entries_of(meeting.ticket(source))
    there = entries_of(meeting.ticket(target)) if meeting.has(target) else []
    links = links_of(meeting.sides.integration, ENTRY, source.side, [one for one, _ in said])
    free = _free(meeting, target, there)
    present = {one for one, _ in there}
    writes: list[Write] = []
    for key, entry in said:
        link = links.get(key)
        twin = other_id(link, target.side) if link else ""
        if twin in present or is_empty(entry) or (link is None and mapping.is_copy(entry, target.label)):
            continue
        if link is not None and twin and link.base.get("to") != target.side:
            continue  # it came from there; that its original is gone is not mended from its copy
        about = {"author": entry.author or _("somebody"), "way": target.way}
        ours = next((one for one in free if _is_ours(one[1], entry, source)), None)
        if ours is not None:
            free.remove(ours)
            said_of_it = _("recognise the entry of {author} {way}").format(**about)
            writes.append(Write(said_of_it, _recognising(meeting, source, target, key, ours[0])))
        elif link is not None and twin:
            said_of_it = _("look for the entry of {author} {way}").format(**about)
            writes.append(Write(said_of_it, _swallowed(meeting, source, target, key, entry)))
        else:
            said_of_it = _("write the entry of {author} {way}").format(**about)
            writes.append(Write(said_of_it, _sending(meeting, source, target, key, entry)))
    return writes


def _free(meeting: Meeting, target: Half, there: Entries) -> Entries:
    """The entries there that are no link's."""
    taken = links_of(meeting.sides.integration, ENTRY, target.side, [one for one, _ in there])
    return [(one, entry) for one, entry in there if one not in taken]


def _is_ours(found: LogEntry, entry: LogEntry, source: Half) -> bool:
    text, name = _as_sent(entry, source)
    return mapping.is_ours(found, text, name)


def _as_sent(entry: LogEntry, source: Half) -> tuple[str, str]:
    return mapping.said(entry.html, mapping.note_of), mapping.author(entry.author, source.label)


def _recognising(meeting: Meeting, source: Half, target: Half, key: str, found: str) -> Any:
    def recognise(_mine: RecordLink) -> str:
        with in_hand(meeting.sides.integration, ENTRY, source.side, key) as link:
            if other_id(link, target.side) != found:
                _note(link, {"to": target.side})
                attach(link, target.side, found)
        return ""

    return recognise


def _swallowed(meeting: Meeting, source: Half, target: Half, key: str, entry: LogEntry) -> Any:
    """An entry that was there, or should be: missing once it is noted, missing again it is written again."""

    def again(_mine: RecordLink) -> str:
        with in_hand(meeting.sides.integration, ENTRY, source.side, key) as link:
            absent, now = link.base.get("absent"), timezone.now()
            if absent is None or now < datetime.fromisoformat(absent) + SEEN_TWICE:
                _note(link, {"absent": absent or now.isoformat()})
                missing = _("An entry is missing in the {side} log; it is looked for once more.")
                meeting.waits.append(missing.format(side=target.name))
                return ""
            setattr(link, f"{target.side}_id", "")
            link.state, link.sent_at, link.base = RecordLink.State.CREATING, None, {"to": target.side}
            link.save(update_fields=[f"{target.side}_id", "state", "sent_at", "base"])
        return str(_sending(meeting, source, target, key, entry)(_mine))

    return again


def _note(link: RecordLink, more: dict[str, Any]) -> None:
    link.base = link.base | more
    link.save(update_fields=["base"])


def _sending(meeting: Meeting, source: Half, target: Half, key: str, entry: LogEntry) -> Any:
    def send(_mine: RecordLink) -> str:
        for picture in pictures_in(entry.html):
            files.bring_picture(meeting, source, target, picture)
        text, name = _as_sent(entry, source)

        def find(_key: str) -> str | None:
            """In the log as it is now."""
            log = entries_of(target.api.ticket(meeting.ticket(target).id))
            return _found(meeting, target, log, text, name)

        def append(_key: str) -> str:
            log = _append(target, meeting.ticket(target), text, name, entry)
            found = _found(meeting, target, _named(meeting.ticket(target), log), text, name)
            if found is None:
                raise UnknownOutcomeError(_("iTop accepted an entry of a log and does not show it."))
            return found

        with in_hand(meeting.sides.integration, ENTRY, source.side, key) as link:
            create_once(link, target.side, fields={"to": target.side}, find=find, create=append)
        return ""

    return send


def _append(target: Half, ticket: Ticket, text: str, name: str, entry: LogEntry) -> tuple[LogEntry, ...]:
    """In its author's name where the account may, else with the name before it."""
    if target.names_authors:
        try:
            return target.api.append_log(ticket.ticket_class, ticket.id, text, author=name, at=entry.at)
        except NotAllowed:  # administrators alone; said before anything is stored
            target.names_authors = False
    return target.api.append_log(ticket.ticket_class, ticket.id, mapping.prefixed(name, text))


def _found(meeting: Meeting, target: Half, log: Entries, text: str, name: str) -> str | None:
    """The newest entry of the log that is this text and no link's."""
    free = _free(meeting, target, log)
    return next((one for one, entry in reversed(free) if mapping.is_ours(entry, text, name)), None)
