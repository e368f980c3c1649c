"""“Apply exactly this”: what a dry run of one pair showed a person is written, and nothing else.

    with both_open(integration, "dry run", user=user) as sides:
        shown = show(sides, pair.betnr, pair.link.right_id, pair.link)
    approve(pair, shown.digest, user=user)

`approve` asks for a job. It reads both sides anew and merges: where another plan comes out, somebody edited or a rule
changed, and what was approved counts no longer. A process that dies half-way leaves the rest for a new dry run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import audit, jobs
from integrations.core import streams as core_streams
from integrations.core.jobs import Claim
from integrations.core.models import AuditEntry, Job, RecordLink, User
from integrations.core.streams import Work
from integrations.core.sync.flow import Flow, Plan, Record, Side
from integrations.transport.errors import NotFoundError

from . import agreement, merge
from .flow import GONE, missing, of_plan
from .mapping import KINDS, Channel
from .merge import Entry, Item
from .models import Pair
from .reading import reading
from .sides import PARTY, Meeting, Sides, both_open
from .streams import RECONCILE, look, stream_of

APPLY = "advoware_espocrm.apply_approved"
DIGEST_LENGTH = 64
MOVED = _("Something moved since it was approved; nothing more is written. A new dry run shows how it is now.")
_ARRAYS = {Channel.EMAIL: _("e-mail addresses"), Channel.PHONE: _("phone numbers")}


# --- what would be written --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One field that would be written: as it is now, and as it would be. Values of an array stand line by line."""

    side: str
    field: str
    now: str
    then: str


@dataclass(frozen=True, slots=True)
class Shown:
    """Both sides as they were read, and what would be written to make them agree."""

    meeting: Meeting
    plan: merge.Plan
    lines: list[Line]

    @property
    def digest(self) -> str:
        """What `approve` is given."""
        return self.plan.digest()


def show(sides: Sides, betnr: int, contact_id: str, link: RecordLink | None) -> Shown:
    """Read both, and say what would be written, field by field; nothing is. Without a link they are taken for a new
    pair. Raises NotFoundError, and what the vendors raise."""
    meeting = agreement.read(sides, betnr, contact_id, link)
    plan = agreement.planned(sides, meeting)
    return Shown(meeting, plan, [*_of_espocrm(meeting, plan), *_of_advoware(meeting, plan)])


def _of_espocrm(meeting: Meeting, plan: merge.Plan) -> Iterator[Line]:
    for channel, array in ((Channel.EMAIL, plan.emails), (Channel.PHONE, plan.phones)):
        if array is not None:
            now = [item for item in meeting.items if item.channel is channel]
            yield Line("EspoCRM", str(_ARRAYS[channel]), _listed(now), _listed(array))


def _listed(items: Sequence[Item]) -> str:
    return "\n".join(map(said, items)) or gettext("none")


def said(item: Item) -> str:
    """An item of EspoCRM as people read it."""
    flags = (
        (gettext("primary"), item.primary),
        (gettext("opted out"), item.opt_out),
        (gettext("invalid"), item.invalid),
    )
    about = ", ".join(filter(None, [item.type, *(name for name, is_set in flags if is_set)]))
    return f"{item.value} ({about})" if about else item.value


def _of_advoware(meeting: Meeting, plan: merge.Plan) -> Iterator[Line]:
    entries = {entry.id: entry for entry in meeting.entries}
    for write in (*plan.advoware, *plan.later):
        name = KINDS[write.komm_kz].name
        if isinstance(write, merge.Post):
            yield Line("Advoware", gettext("new entry ({kind}): value").format(kind=name), "", write.value)
            yield Line("Advoware", gettext("new entry ({kind}): remark").format(kind=name), "", write.note)
        else:
            now = entries.get(write.entry_id, Entry(write.entry_id, ""))
            fields = (
                (gettext("entry {number} ({kind}): value"), now.value, write.value),
                (gettext("entry {number} ({kind}): remark"), now.note, write.note),
                (gettext("entry {number} ({kind}): online"), _yes(now.online), _yes(write.online)),
            )
            for field, before, after in fields:
                if before != after:
                    yield Line("Advoware", field.format(number=write.entry_id, kind=name), before, after)


def _yes(is_set: bool) -> str:
    return gettext("yes") if is_set else gettext("no")


# --- writing it -------------------------------------------------------------------------------------------------------


def approve(pair: Pair, digest: str, *, user: User) -> Job:
    """A person has seen what this digest stands for, and wants it written; the job that does it."""
    client = pair.integration.client
    with transaction.atomic():
        Pair.objects.filter(pk=pair.pk).update(approved=digest)
        job = jobs.enqueue(APPLY, pair.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL, user=user)
        entry = audit.begin("contacts.apply", user=user, client=client, record=f"pair:{pair.pk}", detail=digest[:12])
        audit.finish(entry, AuditEntry.Outcome.DONE)
    return job


def apply_approved(claim: Claim, link_id: int) -> str:
    """Job: write what a person approved of one pair. The stream itself need not have been approved for it."""
    link = RecordLink.objects.select_related("integration__client").get(pk=link_id)
    if problem := core_streams.why_not(link.integration):
        return gettext("Not run: {why}").format(why=problem)
    declared = replace(RECONCILE, run_hint=_write_approved)
    stream = stream_of(link.integration)
    outcome = core_streams.run_for_hint(stream, declared, claim, f"{PARTY}:{link.left_id}", "")
    Pair.objects.filter(pk=link_id).update(approved="")
    return outcome


def _write_approved(work: Work, subject: str) -> str:
    betnr = subject.partition(":")[2]
    with both_open(work.integration, f"approved writes of {subject}", guard=work.claim.check) as sides:
        one = Flow(PARTY, Side.LEFT, reading(sides), lambda record, link: _plan(sides, record, link))
        return look(work, one, betnr)


def _plan(sides: Sides, record: Record, link: RecordLink | None) -> Plan:
    approved = Pair.objects.filter(link=link).values_list("approved", flat=True).first()
    if link is None or not approved:
        return Plan(gettext("Nothing is approved."), skipped=True)
    try:
        meeting = agreement.read(sides, int(record.id), link.right_id, link)
    except NotFoundError as gone:
        return missing(link, f"{gone.message} {GONE}")
    found = agreement.planned(sides, meeting)
    if not found.is_empty and found.digest() != approved:  # an earlier attempt may have written all of it
        return Plan(str(MOVED), skipped=True)
    return of_plan(sides, meeting, found, is_approved=True)
