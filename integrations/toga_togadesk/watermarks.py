"""The two watermarks as TOGA 2 keeps them for the other programs that share it.

The stream's own is the truth; its value is written there after the commit. An older value there than was written:
somebody set it back, and it is read again from there. A newer one: another program moves the same watermark, and the
stream stops and asks.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from integrations.core import audit
from integrations.core.models import AuditEntry, Stream, SyncRun, User
from integrations.core.streams import StreamProblem, Work
from integrations.transport.errors import ConfigurationError
from integrations.vendors.toga import dialect
from integrations.vendors.toga.api import TogaApi

from .models import Published

PARAMETERS = {  # by stream; the source's names
    "tickets_to_togadesk": "TOGADESK_LAST_TICKET_INTEGRATION_DATETIME",
    "tickets_to_toga": "TOGA_LAST_TICKET_INTEGRATION_DATETIME",
}


def compare(work: Work, toga: TogaApi) -> None:
    """Before a run: what TOGA 2 says now. Raises `StreamProblem` when another program moved it on."""
    if work.run.cursor:  # a later slice of the same run
        return
    stream = Stream.objects.get(pk=work.run.stream_id)
    name = PARAMETERS[stream.slug]
    parameter = toga.parameter(name)
    live = parameter.value if parameter else ""
    row, is_new = Published.objects.get_or_create(stream=stream)
    if live in (row.value, row.pending) and not (is_new and live):
        return
    read = _read(name, live)
    known = _read(name, row.value)
    if known is not None and read is not None and read > known:
        said = gettext(
            "Another program moved {name} in TOGA 2 to {now}; it was left there at {before}. End that program, then "
            "take its value over in the settings of this integration."
        )
        raise StreamProblem(said.format(name=name, now=live, before=row.value))
    if not work.run.is_dry:
        _take(stream, row, live, read, work.run)


def publish(work: Work, toga: TogaApi) -> None:
    """After a run that moved something: write the watermark there."""
    run = SyncRun.objects.get(pk=work.run.pk)
    stream = Stream.objects.get(pk=run.stream_id)
    row = Published.objects.get(stream=stream)
    did_nothing = not (run.created or run.updated or run.held)
    if stream.watermark is None or (did_nothing and row.value):
        return
    value = dialect.spoken(stream.watermark)
    if value == row.value:
        return
    row.pending = value
    row.save(update_fields=["pending"])
    toga.set_parameter(toga.parameter(PARAMETERS[stream.slug]), PARAMETERS[stream.slug], value)
    row.value, row.pending = value, ""
    row.save(update_fields=["value", "pending"])


def take_over(stream: Stream, toga: TogaApi, *, user: User) -> str:
    """A person decides that the value in TOGA 2 counts, whoever wrote it; the value."""
    name = PARAMETERS[stream.slug]
    parameter = toga.parameter(name)
    live = parameter.value if parameter else ""
    row, _ = Published.objects.get_or_create(stream=stream)
    entry = audit.begin(
        "toga.watermark",
        user=user,
        client=stream.integration.client,
        record=f"stream:{stream.pk}",
        detail=gettext("{name}: the value {now} in TOGA 2 was taken over; {before} was known.").format(
            name=name, now=live or gettext("(none)"), before=row.value or gettext("none")
        ),
    )
    row.value, row.pending = live, ""
    row.save(update_fields=["value", "pending"])
    audit.finish(entry, AuditEntry.Outcome.DONE)
    return live


def _take(stream: Stream, row: Published, live: str, read: datetime | None, run: SyncRun) -> None:
    """What stands there becomes ours: as the beginning of a stream that has read nothing, or an earlier one."""
    with transaction.atomic():
        row.value, row.pending = live, ""
        row.save(update_fields=["value", "pending"])
        is_earlier = stream.watermark is None or read is None or read < stream.watermark
        if is_earlier and read != stream.watermark:
            Stream.objects.filter(pk=stream.pk).update(watermark=read)
            SyncRun.objects.filter(pk=run.pk).update(watermark_before=read)
            run.watermark_before = read


def _read(name: str, value: str) -> datetime | None:
    if not value:
        return None
    try:
        return dialect.heard(value)
    except ValueError:
        said = gettext("The parameter {name} in TOGA 2 is no time: {value}. Correct it there.")
        raise ConfigurationError(said.format(name=name, value=value[:40])) from None
