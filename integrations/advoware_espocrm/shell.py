"""One pair from `manage.py shell`: the call of the source document (kommunikation-sync), with its result.

sync_pair("firm/contacts", 12345)
{'advoware_to_espocrm': {'emails_synced': 3, 'phones_synced': 2, 'errors': []},
 'espocrm_to_advoware': {'created': 1, 'updated': 2, 'deleted': 0, 'errors': []}}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import streams as core_streams
from integrations.core.models import Integration, Job, RecordLink, Stream, SyncEntry, SyncRun
from integrations.core.streams import StreamProblem
from integrations.core.sync.flow import Plan, Side
from integrations.core.sync.linking import in_hand, links_of
from integrations.transport.errors import NotFoundError, VendorError

from . import agreement, flow, pairs
from .mapping import KINDS
from .merge import Choice, Direction
from .models import ADVOWARE, ESPOCRM, Conflict, HeldValue, Pair
from .reading import record
from .sides import KIND, PARTY, Done, Meeting, Sides, both_open
from .streams import stream_of

ASKED = _("Asked for at the command line.")


class ToEspocrm(TypedDict):
    """Values that EspoCRM got or lost, and what went wrong or waits on the way there."""

    emails_synced: int
    phones_synced: int
    errors: list[str]


class ToAdvoware(TypedDict):
    """Entries of Advoware that were made, changed or emptied, and what went wrong or waits on the way there."""

    created: int
    updated: int
    deleted: int
    errors: list[str]


class Result(TypedDict):
    advoware_to_espocrm: ToEspocrm
    espocrm_to_advoware: ToAdvoware


def sync_pair(integration: Integration | str, betnr: int, *, direction: str = "both", is_dry: bool = False) -> Result:
    """Bring one party and its record to agreement, and say what was done; with `is_dry` what would be.

    `integration` is a row, or `client/integration`; `direction` is `both`, `to_espocrm` or `to_advoware`, and never
    goes beyond the settings. What a vendor refuses, what is held and what waits for a decision are sentences under
    `errors`. Raises LookupError for an unknown integration, ValueError for an unknown direction.
    """
    row = integration if isinstance(integration, Integration) else Integration.named(integration, kind=KIND)
    return look_at(row, betnr, Direction(direction), is_dry=is_dry).result()


@dataclass
class Outcome:
    """What came of one pair. `writes` says in sentences what was written, or would be."""

    direction: Direction
    done: Done = field(default_factory=Done)
    to_espocrm: list[str] = field(default_factory=list)
    to_advoware: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    is_cut_short: bool = False

    def fail(self, sentence: str, writing: str = "") -> None:
        """On the way to the side that was being written; what ended it before that, on each way that was asked for."""
        if writing != ADVOWARE and self.direction is not Direction.TO_ADVOWARE:
            self.to_espocrm.append(sentence)
        if writing != ESPOCRM and self.direction is not Direction.TO_ESPOCRM:
            self.to_advoware.append(sentence)

    def hold(self, entry_id: int, komm_kz: int, why: str) -> None:
        """A value that stays with the side that has it; it is not repeated."""
        if entry_id:
            said = gettext("{kind}, entry {number}: {why}")
            self.fail(said.format(kind=KINDS[komm_kz].name, number=entry_id, why=why), ESPOCRM)
        else:
            self.fail(gettext("A value of EspoCRM: {why}").format(why=why), ADVOWARE)

    def ask(self, entry_id: int, komm_kz: int) -> None:
        said = gettext("{kind}, entry {number}: It was changed on both sides and waits for a decision.")
        self.fail(said.format(kind=KINDS[komm_kz].name, number=entry_id))

    def result(self) -> Result:
        done = self.done
        return {
            "advoware_to_espocrm": {
                "emails_synced": done.emails_synced,
                "phones_synced": done.phones_synced,
                "errors": self.to_espocrm,
            },
            "espocrm_to_advoware": {
                "created": done.created,
                "updated": done.updated,
                "deleted": done.deleted,
                "errors": self.to_advoware,
            },
        }


def look_at(integration: Integration, betnr: int, direction: Direction, *, is_dry: bool = False) -> Outcome:
    """The same with the writes in sentences. What was written, or kept it from being written, is kept as a run."""
    found, began, stream = Outcome(direction), timezone.now(), stream_of(integration)
    try:
        if problem := core_streams.why_not(integration) or _unapproved(stream, is_dry=is_dry):
            raise StreamProblem(problem)
        with both_open(integration, "shell", is_dry=is_dry, direction=direction) as sides:
            found.direction, found.done = sides.rules.direction, sides.done
            if is_dry:
                _preview(sides, betnr, found)
            else:
                _carry_out(sides, betnr, found)
    except (VendorError, StreamProblem) as error:
        found.is_cut_short = True
        found.fail(str(error), found.done.writing)
    if not is_dry:
        _keep_run(stream, betnr, found, began)
    return found


def _unapproved(stream: Stream, *, is_dry: bool) -> str:
    return str(core_streams.UNAPPROVED) if not is_dry and core_streams.waits_for_approval(stream) else ""


def _linked(sides: Sides, betnr: int) -> RecordLink | None:
    return links_of(sides.integration, PARTY, Side.LEFT, [str(betnr)]).get(str(betnr))


# --- what would be written --------------------------------------------------------------------------------------------


def _preview(sides: Sides, betnr: int, found: Outcome) -> None:
    link = _linked(sides, betnr)
    party, contact = sides.advoware.party(betnr), flow.contact_of(sides, betnr, link)
    if contact is None:
        raise NotFoundError(gettext("EspoCRM has no party of the number {number}.").format(number=betnr))
    if link is None and pairs.was_unlinked(sides.integration, betnr, contact.id):
        raise StreamProblem(str(flow.UNLINKED))
    meeting = Meeting(party, contact, link)
    plan = agreement.planned(sides, meeting)
    sides.done.count_given(plan)
    for write in (*plan.advoware, *plan.later):
        sides.done.count(write)
    found.writes = list(flow.sentences(plan, is_open=True))
    for held in plan.held:
        found.hold(held.entry_id, held.komm_kz, held.why)
    for conflict in plan.conflicts:
        if conflict.choice is Choice.ASK:
            found.ask(conflict.entry_id, conflict.komm_kz)
    flow.hold_if_all_is_gone(meeting, plan)


# --- writing ----------------------------------------------------------------------------------------------------------


def _carry_out(sides: Sides, betnr: int, found: Outcome) -> None:
    """With the pair in hand. Of two that are not linked yet, both are seen before a link is made."""
    if _linked(sides, betnr) is None and _refused(flow.plan(sides, record(str(betnr), ""), None), found):
        return
    with in_hand(sides.integration, PARTY, Side.LEFT, str(betnr)) as link:
        plan = flow.plan(sides, record(str(betnr), ""), link)
        if _refused(plan, found):
            return
        found.writes = [write.sentence for write in plan.writes]
        if found.writes:
            pairs.unsettle(Pair.objects.filter(link=link))  # wherever this ends, the next run looks at the pair whole
        try:
            for write in plan.writes:
                write.do(link)
        finally:
            _say_waiting(link, found)


def _refused(plan: Plan, found: Outcome) -> bool:
    if plan.skipped:
        found.fail(plan.why)
    return plan.skipped


def _say_waiting(link: RecordLink, found: Outcome) -> None:
    """What is kept of the pair now: that it is missing, what is held, what waits for a decision."""
    link.refresh_from_db(fields=["state", "cause"])
    if link.state == RecordLink.State.MISSING:
        found.fail(link.cause)
    for held in HeldValue.objects.filter(pair__link=link).order_by("pk"):
        found.hold(held.entry_id, held.komm_kz, held.why)
    for conflict in Conflict.objects.filter(pair__link=link, choice="").order_by("pk"):
        found.ask(conflict.entry_id, conflict.komm_kz)


def _keep_run(stream: Stream, betnr: int, found: Outcome, began: datetime) -> None:
    """What the pair's timeline shows of it; that nothing was to be done is not kept."""
    errors = list(dict.fromkeys([*found.to_espocrm, *found.to_advoware]))
    if not found.writes and not errors:
        return
    state = SyncRun.State.FAILED if found.is_cut_short else SyncRun.State.DONE
    outcome = SyncEntry.Outcome.UPDATED if found.writes else SyncEntry.Outcome.SKIPPED
    with transaction.atomic():
        run = SyncRun.objects.create(
            stream=stream,
            trigger=Job.Trigger.MANUAL,
            subject=f"party:{betnr}",
            state=state,
            started_at=began,
            finished_at=timezone.now(),
            outcome=" ".join(errors) or str(ASKED),
            read=1,
            updated=1 if found.writes else 0,
        )
        SyncEntry.objects.create(
            run=run,
            record_id=str(betnr),
            outcome=SyncEntry.Outcome.HELD if found.is_cut_short else outcome,
            why=" ".join([str(ASKED), *errors]),
            writes=found.writes,
        )
