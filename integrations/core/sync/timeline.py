"""What happened to one pair, newest first: its link, what each run did with it and why, what is held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from integrations.core.models import HeldItem, RecordLink, SyncEntry

LENGTH = 200  # events shown


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `run` is the id of the run it happened in."""

    at: datetime
    what: str
    detail: str = ""
    tone: str = "neutral"
    run: int | None = None


_TONES = {SyncEntry.Outcome.CREATED: "good", SyncEntry.Outcome.UPDATED: "good", SyncEntry.Outcome.HELD: "bad"}


def timeline(link: RecordLink) -> list[Event]:
    """The events of the pair, newest first."""
    ids = [one for one in (link.left_id, link.right_id) if one]
    entries = SyncEntry.objects.filter(record_id__in=ids, run__stream__integration=link.integration_id)
    events = [
        Event(
            entry.run.started_at,
            f"{entry.run.stream.slug}: {entry.get_outcome_display().lower()}{' (dry run)' if entry.run.is_dry else ''}",
            " ".join(filter(None, [entry.why, *(f"{write[:1].upper()}{write[1:]}." for write in entry.writes)])),
            "neutral" if entry.run.is_dry else _TONES.get(SyncEntry.Outcome(entry.outcome), "neutral"),
            entry.run_id,
        )
        for entry in entries.select_related("run__stream").order_by("-pk")[:LENGTH]
    ]
    held = HeldItem.objects.filter(record_id__in=ids, stream__integration=link.integration_id).select_related("stream")
    told = {(event.what, event.detail) for event in events}
    events += [event for event in map(_of_item, held) if (event.what, event.detail) not in told]
    events.append(Event(link.created_at, "linked", link.cause if link.state == RecordLink.State.ACTIVE else ""))
    return sorted(dict.fromkeys(events), key=lambda event: event.at, reverse=True)


def _of_item(item: HeldItem) -> Event:
    tone = "bad" if item.state == HeldItem.State.HELD else "neutral"
    return Event(item.held_at, f"{item.stream.slug}: {item.get_state_display().lower()}", item.sentence, tone)
