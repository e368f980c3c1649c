"""What a ticket says about a run (spec, 4.5–4.7; design, 5A). Pure: no database, no network, no clock."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .wording import cut, length, one_line, readable

# Autotask's limits (fact sheet, section 9). Over-long values are silently cut there, so we clip ourselves.
TITLE_LIMIT = 255
DESCRIPTION_LIMIT = 8000

OBJECT_NAME_LIMIT = 100
OBJECT_MESSAGE_LIMIT = 500
NAMES_PER_MESSAGE = 3

MULTIPLE_OBJECTS = "Multiple objects reported errors. See Backupchecks for full details."

# The two internal notes of resolving: fixed words, shown read-only in the settings (design, 6.2 and 6.3).
RESOLVED_NOTE = "Ticket resolved via Backupchecks after verification that the backup issue is no longer present."
STAYS_OPEN_NOTE = (
    "Ticket marked as resolved in Backupchecks, but not closed automatically because time entries are present."
)

STATUS_LABELS = {"success": "Success", "warning": "Warning", "error": "Error", "missed": "Missed"}
_SEVERITY = ("error", "missed", "warning")


@dataclass(frozen=True, slots=True)
class ObjectReport:
    """One object of a run: a machine, a disk, a mailbox."""

    name: str
    status: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run as the ticket tells it. `started_at` is aware; `url` is the run's own page, at most 1,000 characters."""

    customer: str
    job: str
    backup_type: str
    status: str
    started_at: dt.datetime
    url: str
    remark: str = ""
    objects: tuple[ObjectReport, ...] = ()


@dataclass(frozen=True, slots=True)
class TicketText:
    """A ticket's title and description, within Autotask's limits."""

    title: str
    description: str


@dataclass(frozen=True, slots=True)
class _Group:
    """The objects that reported one and the same message."""

    message: str
    names: tuple[str, ...]


def compose(report: RunReport, *, prefix: str, zone: zoneinfo.ZoneInfo, object_limit: int) -> TicketText:
    """The ticket's text: the same report always gives the same text."""
    return TicketText(title=title(report, prefix=prefix), description=description(report, zone, object_limit))


def priority_for(status: str, *, warning: int | None, error: int | None) -> int | None:
    """Warnings have their own priority; errors and missed runs share the other."""
    return warning if status == "warning" else error


def title(report: RunReport, *, prefix: str) -> str:
    """`<prefix> <Customer> - <Job> - <Status>`. What is too long loses from customer and job, never from the status."""
    start = f"{cut(one_line(prefix), 50)} ".lstrip()
    end = f" - {STATUS_LABELS[report.status]}"
    room = TITLE_LIMIT - length(start) - length(" - ") - length(end)
    customer, job = one_line(report.customer), one_line(report.job)
    # The shorter of the two is kept whole as far as half the room goes.
    customer = cut(customer, max(room // 2, room - length(job)))
    job = cut(job, room - length(customer))
    return f"{start}{customer} - {job}{end}"


def description(report: RunReport, zone: zoneinfo.ZoneInfo, object_limit: int) -> str:
    """The facts and the link, then the remark, or where there is none the objects' messages (design, 5A.2)."""
    facts = "\n".join(_facts(report, zone))
    room = DESCRIPTION_LIMIT - length(facts) - length("\n\n")
    remark = readable(report.remark)
    failed = _failed(report.objects)
    body = _remark(remark, failed, room) if remark else _messages(failed, object_limit, room)
    return f"{facts}\n\n{body}" if body else facts


def _facts(report: RunReport, zone: zoneinfo.ZoneInfo) -> Iterator[str]:
    yield f"Customer: {cut(one_line(report.customer), 255)}"
    yield f"Job: {cut(one_line(report.job), 255)}"
    yield f"Backup type: {cut(one_line(report.backup_type), 255) or 'not reported'}"
    yield f"Run: {when(report.started_at, zone)}"
    yield f"Status: {STATUS_LABELS[report.status]}"
    yield f"Details: {report.url}"


def told_of(text: str) -> frozenset[str]:
    """The lines of a ticket's description that say which run it is about, whatever else was changed in it."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return frozenset(line for line in lines if line.startswith(("Customer: ", "Job: ", "Run: ")))


def when(moment: dt.datetime, zone: zoneinfo.ZoneInfo) -> str:
    """`2026-11-22 03:00 CET (Europe/Amsterdam)`: the abbreviation tells the two 02:30s of an autumn night apart."""
    local = moment.astimezone(zone)
    place = f" ({zone.key})" if zone.key != local.tzname() else ""
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}{place}"


def _failed(objects: Sequence[ObjectReport]) -> list[ObjectReport]:
    """What went wrong, the worst first, otherwise as reported."""
    return sorted((o for o in objects if o.status in _SEVERITY), key=lambda o: _SEVERITY.index(o.status))


def _remark(remark: str, failed: Sequence[ObjectReport], room: int) -> str:
    note = f"\n\n{MULTIPLE_OBJECTS}" if len(failed) > 1 else ""
    return cut(remark, room - length(note)) + note


def _messages(failed: Sequence[ObjectReport], object_limit: int, room: int) -> str:
    groups = _groups(failed)
    lines: list[str] = []
    listed = 0
    for group in groups[:object_limit]:
        rest = len(failed) - listed - len(group.names)
        candidate = [*lines, _line(group)]
        if length("\n".join([*candidate, *_more(rest)])) > room:
            break
        lines, listed = candidate, listed + len(group.names)
    return "\n".join([*lines, *_more(len(failed) - listed)])


def _groups(failed: Sequence[ObjectReport]) -> list[_Group]:
    """Objects with identical messages together, in the order in which each message first appears."""
    names: dict[str, list[str]] = {}
    for reported in failed:
        message = cut(one_line(readable(reported.message)), OBJECT_MESSAGE_LIMIT)
        message = message or f"{STATUS_LABELS[reported.status]}, without a message"
        names.setdefault(message, []).append(cut(one_line(reported.name), OBJECT_NAME_LIMIT))
    return [_Group(message, tuple(of_message)) for message, of_message in names.items()]


def _line(group: _Group) -> str:
    count = len(group.names)
    if count == 1:
        return f"- {group.names[0]}: {group.message}"
    shown = ", ".join(group.names[:NAMES_PER_MESSAGE])
    more = f" and {count - NAMES_PER_MESSAGE} more" if count > NAMES_PER_MESSAGE else ""
    return f"- {shown}{more} ({count} objects): {group.message}"


def _more(count: int) -> list[str]:
    if not count:
        return []
    return [f"And {count} additional {'object' if count == 1 else 'objects'} reported similar errors."]
