"""The queues, sources, statuses and priorities of a connection, read from Autotask and kept with their age."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from integrations.core import jobs
from integrations.core.jobs import Again, Claim
from integrations.core.models import Connection, Integration, Job, User
from integrations.core.opening import open_connection
from integrations.texts import Text
from integrations.transport.errors import MalformedResponseError
from integrations.vendors.autotask.schemas import PicklistValue

from .models import ReferenceItem, TicketOptions
from .setup import KIND, PICKLIST_OPTIONS, setup_for

REFRESH = "backup_tickets.refresh_reference"
WAIT = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh found."""

    counts: Mapping[str, int]
    gone: tuple[str, ...]

    def __str__(self) -> str:
        found = ", ".join(_counted(kind, count) for kind, count in self.counts.items())
        said = gettext("Read {found}.").format(found=found)
        if not self.gone:
            return said
        gone = gettext("No longer in Autotask: {gone}.").format(gone=", ".join(self.gone))
        return f"{said} {gone}"


PLURALS = {
    ReferenceItem.Kind.QUEUE: _("queues"),
    ReferenceItem.Kind.SOURCE: _("sources"),
    ReferenceItem.Kind.STATUS: _("statuses"),
    ReferenceItem.Kind.PRIORITY: _("priorities"),
}


def _counted(kind: str, count: int) -> str:
    said = {
        "queue": ngettext("{n} queue", "{n} queues", count),
        "source": ngettext("{n} source", "{n} sources", count),
        "status": ngettext("{n} status", "{n} statuses", count),
        "priority": ngettext("{n} priority", "{n} priorities", count),
    }
    return said[kind].format(n=count)


def refresh_reference(connection: Connection, *, user: User | None = None, interactive: bool = True) -> Refreshed:
    """Read the picklists from Autotask and store them; then settle options that were given by label.

    Values that Autotask no longer names are marked gone, never deleted. Raises `VendorError`, and then nothing has
    changed; so does an answer in which a list is empty or shares no value with what was known.
    """
    with open_connection(
        connection,
        source="refresh reference data",
        user=user,
        record=f"connection:{connection.pk}",
        interactive=interactive,
    ) as api:
        lists = api.ticket_picklists()
    for kind in ReferenceItem.Kind.values:
        _plausible(connection, kind, lists.get(kind, ()))
    now = timezone.now()
    with transaction.atomic():
        gone = [label for kind in ReferenceItem.Kind.values for label in _store(connection, kind, lists[kind], now)]
        for options in TicketOptions.objects.filter(integration__roles__connection=connection):
            _settle_labels(options, connection)
    return Refreshed({kind: len(lists[kind]) for kind in ReferenceItem.Kind.values}, tuple(gone))


def _plausible(connection: Connection, kind: str, values: Sequence[PicklistValue]) -> None:
    """An empty list, or one without a single known value, is a lost permission or a wrong tenant, not news."""
    if not values:
        said = gettext("Autotask named no {values}; nothing was changed.")
        raise MalformedResponseError(said.format(values=PLURALS[ReferenceItem.Kind(kind)]))
    known = set(
        ReferenceItem.objects.filter(connection=connection, kind=kind, is_gone=False).values_list("value", flat=True)
    )
    if known and known.isdisjoint(value.value for value in values):
        said = gettext(
            "Autotask named none of the {n} known {values}; nothing was changed. "
            "Does the connection still belong to the same Autotask?"
        )
        raise MalformedResponseError(said.format(n=len(known), values=PLURALS[ReferenceItem.Kind(kind)]))


def _store(connection: Connection, kind: str, values: Sequence[PicklistValue], now: dt.datetime) -> list[str]:
    """Returns the labels that are gone now and were not before."""
    ReferenceItem.objects.bulk_create(
        [
            ReferenceItem(
                connection=connection,
                kind=kind,
                value=value.value,
                label=value.label,
                sort_order=value.sort_order,
                is_active=value.is_active,
                refreshed_at=now,
            )
            for value in {value.value: value for value in values}.values()
        ],
        update_conflicts=True,
        unique_fields=["connection", "kind", "value"],
        update_fields=["label", "sort_order", "is_active", "is_gone", "refreshed_at"],
    )
    missing = ReferenceItem.objects.filter(connection=connection, kind=kind, is_gone=False).exclude(refreshed_at=now)
    labels = list(missing.values_list("label", flat=True))
    missing.update(is_gone=True)
    return labels


def refreshed_at(connection: Connection) -> dt.datetime | None:
    """When the reference data was last read; None before the first time."""
    newest: dt.datetime | None = ReferenceItem.objects.filter(connection=connection).aggregate(
        newest=Max("refreshed_at")
    )["newest"]
    return newest


def refresh_reference_job(claim: Claim, connection_id: int) -> str:
    """Job: the same without a person waiting; asked for when options were given by label before any refresh."""
    connection = Connection.objects.get(pk=connection_id)
    if not Integration.objects.filter(kind=KIND, is_enabled=True, roles__connection=connection).exists():
        raise Again(at=timezone.now() + WAIT, outcome=gettext("Waiting: the integration is switched off."))
    claim.check()
    return str(refresh_reference(connection, interactive=False))


# --- options given by label (configuration as code) -------------------------------------------------------------------


def resolve_options(integration: Integration, given: Mapping[str, Any]) -> dict[str, Any]:
    """Options as the configuration file gives them, as field values of `TicketOptions`.

    A picklist option is an id or a label. A label that the reference data does not know yet is kept in `labels` and
    settled by the next refresh, so that a file alone is enough. Raises `ValueError` naming the labels there are.
    """
    connection = setup_for(integration).connection
    values = dict(given)
    labels: dict[str, str] = {}
    for option, (kind, name) in PICKLIST_OPTIONS.items():
        wanted = values.get(option)
        if isinstance(wanted, str) and wanted and not wanted.lstrip("-").isdigit():
            values[option] = _value_of(connection, kind, name, wanted)
            if values[option] is None:
                labels[option] = wanted
        elif isinstance(wanted, str):
            values[option] = int(wanted) if wanted else None
    if set(PICKLIST_OPTIONS) & set(given):
        values["labels"] = labels
    return values


def _value_of(connection: Connection | None, kind: str, name: Text, label: str) -> int | None:
    """The id of that label; None as long as nothing has been read."""
    items = list(ReferenceItem.objects.filter(connection=connection, kind=kind, is_active=True, is_gone=False))
    if not items:
        return None
    matches = [item.value for item in items if item.label.casefold() == label.casefold()]
    if len(matches) == 1:
        return int(matches[0])
    known = ", ".join(f"“{item.label}”" for item in items)
    if matches:
        said = gettext("Autotask has {count} values “{label}” for {name}; give the id instead.")
        raise ValueError(said.format(count=len(matches), label=label, name=name))
    raise ValueError(
        gettext("Autotask has no {name} “{label}”; it has {known}.").format(name=name, label=label, known=known)
    )


def ask_for_labels(options: TicketOptions) -> Job | None:
    """Have the reference data read when options wait for it; in the caller's transaction."""
    connection = setup_for(options.integration).connection
    if not options.labels or connection is None or refreshed_at(connection):
        return None
    return jobs.enqueue(REFRESH, connection.pk, trigger=Job.Trigger.MANUAL)


def _settle_labels(options: TicketOptions, connection: Connection) -> None:
    for option, label in list(options.labels.items()):
        kind, name = PICKLIST_OPTIONS[option]
        try:
            value = _value_of(connection, kind, name, label)
        except ValueError:  # the label is no value there: it stays, and the obstacle names it
            continue
        if value is not None:
            setattr(options, option, value)
            del options.labels[option]
    options.save()
