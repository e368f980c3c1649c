"""The one door by which runs arrive: the API, the command and the import in the admin all come here.

Good items are taken and bad ones named; the same report again changes nothing. A run that is reported anew keeps its
review and its ticket. Work is done in batches, each one transaction, so any number of items takes constant memory.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import ValidationError

from integrations.core.models import Client

from . import attention
from .models import BackupJob, Customer, Run, RunObject, TicketOptions
from .reports import RunReport, read, sentences

BATCH = 500
OBJECTS_PER_BATCH = 20_000
ERRORS_KEPT = 1_000
CONTENT = ("job", "status", "started_at", "finished_at", "remark", "fingerprint")


@dataclass(frozen=True, slots=True)
class Placed:
    """An item and where a person finds it (“Row 17”); other items are counted: “Item 1” is the first.

    `fault` is set by a reader that could not make sense of the place; the item is then refused with that sentence.
    """

    value: Any
    place: str
    fault: str = ""


class IntakeError(NamedTuple):
    """Why an item was not taken. `index` counts from 0, `message` names the place, what is wrong and the cure."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs of an error
    field: str
    message: str


@dataclass(slots=True)
class IntakeResult:
    """What came of it. `done` and `failed` count items; of the `errors` the first thousand are kept."""

    done: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    errors: list[IntakeError] = field(default_factory=list)
    run_ids: list[int] = field(default_factory=list)

    @property
    def taken(self) -> int:
        return self.created + self.updated + self.unchanged

    def refuse(self, index: int, place: str, faults: Sequence[tuple[str, str]]) -> None:
        self.failed += 1
        for name, sentence in faults:
            if len(self.errors) < ERRORS_KEPT:
                self.errors.append(IntakeError(index, name, f"{place}: {sentence}"))


@dataclass(frozen=True, slots=True)
class _Item:
    index: int
    place: str
    report: RunReport
    fingerprint: str


def take_runs(
    client: Client,
    items: Iterable[Any],
    *,
    progress: Callable[[IntakeResult], None] | None = None,
    store: bool = True,
) -> IntakeResult:
    """Take these runs for the client. With `store=False` nothing is written: a preview with the same answers.

    Unknown customers and jobs are created unless the client's ticket settings say otherwise. `progress` is called
    with the result so far at the end of each batch, inside its transaction: what it stores counts exactly what was
    taken, and what it raises takes the batch back. Raises only that and what the database raises.
    """
    result = IntakeResult()
    create_unknown = _creates_unknown(client)
    previewed: dict[str, str] = {}  # external id and fingerprint of what would have been stored by now
    for batch, count in _batches(client, items, result):
        with transaction.atomic():
            if store:  # intakes of one client take turns, so that each counts what it finds
                Client.objects.select_for_update(no_key=True).get(pk=client.pk)
            known = _Known(client, [item.report for item in batch])
            accepted = _accepted(batch, known, create_unknown=create_unknown, result=result)
            changed = _changed(client, accepted, previewed, result)
            if store and changed:
                result.run_ids += _store(client, changed, known)
            elif not store:
                previewed |= {item.report.external_id: item.fingerprint for item in changed}
            result.done += count
            if progress is not None:
                progress(result)
    return result


def zone_of(client: Client) -> ZoneInfo:
    """The zone in which times without an offset are understood, and in which pages show times."""
    return zone_named(client.time_zone)


def zone_named(name: str) -> ZoneInfo:
    """The zone a client names; the portal's own where it names none."""
    return ZoneInfo(name or settings.TIME_ZONE)


def _creates_unknown(client: Client) -> bool:
    options = TicketOptions.objects.filter(integration__client=client).order_by("-integration__is_enabled").first()
    return options is None or bool(options.create_unknown)


def _batches(client: Client, items: Iterable[Any], result: IntakeResult) -> Iterator[tuple[list[_Item], int]]:
    """Valid items in batches, with how many items of the input each batch stands for."""
    zone, now = zone_of(client), timezone.now()
    batch: list[_Item] = []
    count = objects = 0
    for index, value in enumerate(items):
        count += 1
        item = _read(index, value, zone=zone, now=now, result=result)
        if item is not None:
            batch.append(item)
            objects += len(item.report.objects)
        if count >= BATCH or objects >= OBJECTS_PER_BATCH:
            yield batch, count
            batch, count, objects = [], 0, 0
    if count:
        yield batch, count


def _read(index: int, value: Any, *, zone: ZoneInfo, now: dt.datetime, result: IntakeResult) -> _Item | None:
    if not isinstance(value, Placed):
        value = Placed(value, _("Item {number}").format(number=index + 1))
    if value.fault:
        result.refuse(index, value.place, [("", value.fault)])
        return None
    value, place = value.value, value.place
    try:
        report = read(value, zone=zone, now=now)
    except ValidationError as error:
        result.refuse(index, place, sentences(error))
        return None
    return _Item(index, place, report, report.fingerprint)


class _Known:
    """The customers and jobs these reports name, as far as they exist; `create` makes the others."""

    def __init__(self, client: Client, reports: Sequence[RunReport]) -> None:
        self._client = client
        self.customers: dict[str, Customer] = {}
        self.jobs: dict[tuple[str, str], BackupJob] = {}
        self._find_customers({report.customer for report in reports})
        self._find_jobs({report.job for report in reports})

    def create(self, reports: Sequence[RunReport]) -> None:
        """Make the customers and jobs that are missing, and note the backup type a job is reported with."""
        if missing := {r.customer for r in reports} - self.customers.keys():
            Customer.objects.bulk_create(
                [Customer(client=self._client, name=name) for name in sorted(missing)], ignore_conflicts=True
            )
            self._find_customers(missing)
            Customer.history.bulk_history_create([self.customers[name] for name in sorted(missing)])
        types = {(r.customer, r.job): r.backup_type for r in reports}
        if missing_jobs := types.keys() - self.jobs.keys():
            BackupJob.objects.bulk_create(
                [
                    BackupJob(customer=self.customers[customer], name=name, backup_type=types[customer, name])
                    for customer, name in sorted(missing_jobs)
                ],
                ignore_conflicts=True,
            )
            self._find_jobs({name for _, name in missing_jobs})
        self._note_types(types)

    def _note_types(self, types: dict[tuple[str, str], str]) -> None:
        changed = []
        for key, backup_type in types.items():
            job = self.jobs[key]
            if backup_type and job.backup_type != backup_type:
                job.backup_type = backup_type
                changed.append(job)
        BackupJob.objects.bulk_update(changed, ["backup_type"])

    def _find_customers(self, names: set[str]) -> None:
        found = Customer.objects.filter(client=self._client, name__in=names)
        self.customers.update({customer.name: customer for customer in found})

    def _find_jobs(self, names: set[str]) -> None:
        by_id = {customer.pk: name for name, customer in self.customers.items()}
        for job in BackupJob.objects.filter(customer__in=by_id, name__in=names):
            self.jobs[by_id[job.customer_id], job.name] = job


def _accepted(batch: Sequence[_Item], known: _Known, *, create_unknown: bool, result: IntakeResult) -> dict[str, _Item]:
    """The items to compare, by external id. Of several with one id the last counts, as if they came one by one."""
    accepted: dict[str, _Item] = {}
    for item in batch:
        if not create_unknown and (fault := _unknown(item.report, known)):
            result.refuse(item.index, item.place, [fault])
            continue
        earlier = accepted.pop(item.report.external_id, None)
        if earlier is not None and earlier.fingerprint == item.fingerprint:
            result.unchanged += 1
        elif earlier is not None:
            result.updated += 1
        accepted[item.report.external_id] = item
    return accepted


def _unknown(report: RunReport, known: _Known) -> tuple[str, str] | None:
    if report.customer not in known.customers:
        said = _(
            "The customer “{customer}” is not known; add it first, or allow unknown customers and jobs in the ticket "
            "settings."
        )
        return "customer", said.format(customer=report.customer)
    if (report.customer, report.job) not in known.jobs:
        said = _(
            "The job “{job}” of “{customer}” is not known; add it first, or allow unknown customers and jobs in the "
            "ticket settings."
        )
        return "job", said.format(job=report.job, customer=report.customer)
    return None


def _changed(
    client: Client, accepted: dict[str, _Item], previewed: dict[str, str], result: IntakeResult
) -> list[_Item]:
    """The items that are new or differ from what is stored; all are counted."""
    known = Run.objects.filter(client=client, external_id__in=accepted.keys())
    stored = dict(known.values_list("external_id", "fingerprint"))
    stored |= {external_id: previewed[external_id] for external_id in accepted.keys() & previewed.keys()}
    changed = []
    for external_id, item in accepted.items():
        if external_id not in stored:
            result.created += 1
        elif stored[external_id] != item.fingerprint:
            result.updated += 1
        else:
            result.unchanged += 1
            continue
        changed.append(item)
    return changed


def _store(client: Client, changed: Sequence[_Item], known: _Known) -> list[int]:
    reports = [item.report for item in changed]
    known.create(reports)
    jobs = sorted({known.jobs[report.customer, report.job].pk for report in reports})
    list(BackupJob.objects.select_for_update().filter(pk__in=jobs).order_by("pk"))  # before the runs: see attention
    runs = Run.objects.bulk_create(
        [_run(client, item, known) for item in changed],
        update_conflicts=True,
        unique_fields=["client", "external_id"],
        update_fields=CONTENT,
    )
    ids = [run.pk for run in runs]
    RunObject.objects.filter(run__in=ids).delete()
    RunObject.objects.bulk_create(
        [
            RunObject(run_id=run.pk, position=position, name=part.name, status=part.status, message=part.message)
            for run, report in zip(runs, reports, strict=True)
            for position, part in enumerate(report.objects)
        ],
        batch_size=2_000,
    )
    attention.recompute(ids)
    return ids


def _run(client: Client, item: _Item, known: _Known) -> Run:
    report = item.report
    return Run(
        client=client,
        job=known.jobs[report.customer, report.job],
        external_id=report.external_id,
        status=report.status,
        started_at=report.started_at,
        finished_at=report.finished_at,
        remark=report.remark,
        fingerprint=item.fingerprint,
    )
