"""Cut-over from the old programs: the reference ids they left in TOGaDesk become links, with a report.

Table by table: which records TOGA 2 has, page by page, then the references to them, in the order of their rows. Each
page is stored with what came of it, so it goes on where it was when it is stopped or its process dies. Nothing is
written to either system. What has a link already is left as it is, so it can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core import jobs, long_jobs
from integrations.core.models import Integration, Job, RecordLink, User
from integrations.core.sync.flow import Side
from integrations.core.sync.linking import links_of
from integrations.transport.errors import ConflictError, TemporaryError
from integrations.vendors.toga.dialect import Resource

from . import mapping
from .models import CutOver, KnownRecord
from .pair import TICKET, Pair
from .reference_data import RESOURCES

BATCH, EXAMPLES = 500, 5
ADOPT = "toga_togadesk.adopt_references"
JOBS = (ADOPT,)
Told = Callable[[CutOver], object]  # hears of each page that was stored; what it raises ends the work

TABLES: dict[str, str] = {TICKET: "tickets"} | {name: mapping.REFERENCE[name].table for name in RESOURCES}  # by kind
STEPS = tuple((kind, part) for kind in TABLES for part in ("records", "references"))


@dataclass
class Adopted:
    """What became of the references of one table. Examples are ids of TOGaDesk."""

    what: str
    linked: int = 0
    known: int = 0
    nowhere: int = 0
    twice: int = 0
    examples: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        said = [_("{table}: {n:,} linked").format(table=self.what, n=self.linked)]
        said += [_("{n:,} known already").format(n=self.known)] if self.known else []
        said += [_("{n:,} point to nothing in TOGA 2").format(n=self.nowhere)] if self.nowhere else []
        said += [_("{n:,} share the reference of another row").format(n=self.twice)] if self.twice else []
        if not self.examples:
            return ", ".join(said)
        return _("{counts} (look at {ids})").format(counts=", ".join(said), ids=", ".join(self.examples))

    def of_no_use(self, key: int, *, is_twice: bool) -> None:
        self.twice += is_twice
        self.nowhere += not is_twice
        self.examples += [str(key)] if len(self.examples) < EXAMPLES else []


# --- asking for it ----------------------------------------------------------------------------------------------------


def ask(integration: Integration, *, anew: bool = False, user: User | None = None) -> Job:
    """Have a job adopt the references: on where an earlier adoption did not come to its end, or `anew`; the job that is
    at work already, if one is. None: at the command line."""
    with transaction.atomic():
        Integration.objects.select_for_update(no_key=True).get(pk=integration.pk)  # one after the other
        if (job := long_jobs.at_work(JOBS, integration.pk)) is not None:
            return job
        if anew or unfinished(integration) is None:
            begin(integration)
        return jobs.enqueue(ADOPT, integration.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL, user=user)


def unfinished(integration: Integration) -> CutOver | None:
    """The adoption that was stopped, or ended with an error, before its end."""
    found: CutOver | None = CutOver.objects.filter(integration=integration, is_dry=False, finished_at=None).first()
    return found


def asked_for(integration: Integration) -> CutOver:
    """What the job goes on with. One that is finished stays so: its worker may have died before it could say it."""
    found: CutOver | None = CutOver.objects.filter(integration=integration, is_dry=False).first()
    return found or begin(integration)


def begin(integration: Integration, *, is_dry: bool = False) -> CutOver:
    """A new adoption, in place of an earlier one."""
    with transaction.atomic():
        CutOver.objects.filter(pk=integration.pk).delete()
        row: CutOver = CutOver.objects.create(integration=integration, is_dry=is_dry)
    return row


def adopt(pair: Pair, *, is_dry: bool = False) -> list[Adopted]:
    """All of it at once, from the beginning; what became of the references, table by table."""
    row = begin(pair.integration, is_dry=is_dry)
    carry_on(pair, row)
    return report(row)


# --- doing it ---------------------------------------------------------------------------------------------------------


def carry_on(pair: Pair, row: CutOver, *, told: Told = lambda row: None) -> None:
    """On to the end, a page at a time. Raises VendorError, and what `told` raises; what was done until then is kept."""
    while row.step < len(STEPS):
        kind, part = STEPS[row.step]
        (_records if part == "records" else _references)(pair, row, kind)
        told(row)
    if row.finished_at is None:
        row.finished_at = timezone.now()
        with transaction.atomic():
            _keep(row)
            row.known.all().delete()


def _records(pair: Pair, row: CutOver, kind: str) -> None:
    """A page of TOGA 2's records of this kind: that they are there."""
    resource: Resource = pair.kind.tickets if kind == TICKET else RESOURCES[kind]
    listed, following = pair.toga.changed(resource, None, row.cursor, limit=pair.options.page_size)
    with transaction.atomic():
        _step(row, len(listed), following)
        KnownRecord.objects.bulk_create(
            [KnownRecord(cut_over=row, kind=kind, uuid=one.uuid) for one in listed], ignore_conflicts=True
        )


def _references(pair: Pair, row: CutOver, kind: str) -> None:
    """The next rows of TOGaDesk with a reference: links of those that name a record which no other row got."""
    batch = next(pair.desk.references(TABLES[kind], pair.client, size=BATCH, after=int(row.cursor or 0)))
    with transaction.atomic():
        _judge(row, kind, batch)
        _step(row, len(batch), str(batch[-1][0]) if len(batch) == BATCH else "")


def _judge(row: CutOver, kind: str, batch: list[tuple[int, str]]) -> None:
    left = links_of(row.integration, kind, Side.LEFT, [uuid for _, uuid in batch])
    right = links_of(row.integration, kind, Side.RIGHT, [str(key) for key, _ in batch])
    there = {one.uuid: one for one in row.known.filter(kind=kind, uuid__in=[uuid for _, uuid in batch])}
    came = _report(row, kind)
    new: dict[int, KnownRecord] = {}
    for key, uuid in batch:
        record = there.get(uuid)
        if record is not None and record.row_id is not None:
            came.of_no_use(key, is_twice=True)
        elif uuid in left or str(key) in right:
            came.known += 1
        elif record is None:
            came.of_no_use(key, is_twice=False)
        else:
            came.linked += 1
            record.row_id = key
            new[key] = record
    KnownRecord.objects.bulk_update(new.values(), ["row_id"])
    if not row.is_dry:
        links = [_link(row.integration, kind, record.uuid, key) for key, record in new.items()]
        RecordLink.objects.bulk_create(links, ignore_conflicts=True)
    row.report[kind] = asdict(came)


def _link(integration: Integration, kind: str, uuid: str, key: int) -> RecordLink:
    return RecordLink(
        integration=integration, object_type=kind, left_id=uuid, right_id=str(key), state=RecordLink.State.ACTIVE
    )


def _step(row: CutOver, looked: int, following: str) -> None:
    here: dict[str, int | str] = {"step": row.step, "cursor": row.cursor}
    row.step, row.cursor = (row.step, following) if following else (row.step + 1, "")
    row.looked += looked
    _keep(row, **here)


def _keep(row: CutOver, **here: int | str) -> None:
    """Store how far it is, in the caller's transaction, unless it is not `here` any more. Raises ConflictError when
    another took its place, TemporaryError when another worker stored this page: one that was believed dead."""
    names = ("step", "cursor", "looked", "report", "finished_at")
    values = {name: getattr(row, name) for name in names}
    mine = CutOver.objects.filter(pk=row.pk, begun_at=row.begun_at)
    if not mine.filter(**here).update(**values):
        if mine.exists():
            raise TemporaryError(_("Another worker was faster with this page."))
        raise ConflictError(_("The references are being adopted anew; this adoption ends."))


# --- saying it --------------------------------------------------------------------------------------------------------


def report(row: CutOver) -> list[Adopted]:
    """What became of the references until now, table by table."""
    return [_report(row, kind) for kind in TABLES]


def _report(row: CutOver, kind: str) -> Adopted:
    return Adopted(**row.report.get(kind, {"what": TABLES[kind]}))


def told(row: CutOver) -> str:
    return "; ".join(map(str, report(row))) + "."


def progress(row: CutOver) -> str:
    """How far it is, in a sentence."""
    kind, part = STEPS[min(row.step, len(STEPS) - 1)]
    linked = sum(one.linked for one in report(row))
    where = "TOGA 2" if part == "records" else "TOGaDesk"
    said = _("{looked:,} records looked at, {linked:,} references linked; reading {table} of {where}.")
    return said.format(looked=row.looked, linked=linked, table=TABLES[kind], where=where)
