"""The streams: what changed in Freshservice, found by webhooks at once and by the catch-up for certain; and what is
not there any more. And the two jobs of the cut-over."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.jobs import Again, Claim
from integrations.core.long_jobs import Slice
from integrations.core.registry import StreamKind
from integrations.core.streams import Work
from integrations.core.sync import engine
from integrations.core.sync.linking import BusyError
from integrations.transport.errors import NotFoundError
from integrations.vendors.freshservice.answers import OtherWorkspace

from . import cutover
from . import still_there as absence
from .flow import flow
from .models import FRESHSERVICE, CutOver
from .sides import TICKET, opened

EARLY = (3.0, 8.0, 20.0, 60.0)  # seconds after which a ticket that was just raised is looked for again
BUSY = (2.0, 60.0)  # seconds until a pair that another process works on is tried again: first, and at most


def catch_up(work: Work) -> str:
    """Tickets that changed, whatever webhook announced them or got lost."""
    with opened(work.integration, "catch-up", guard=work.claim.check, is_dry=work.run.is_dry) as sides:
        return engine.run(work, flow(sides))


def look_at(work: Work, subject: str) -> str:
    """One ticket that a webhook was about. One that was raised a moment ago may not be readable yet."""
    number = subject.removeprefix("ticket:")
    with opened(work.integration, f"webhook about ticket {number}", guard=work.claim.check) as sides:
        try:
            return engine.look_at(work, flow(sides), number)
        except BusyError as busy:  # most often for a moment; after a death for as long as its lease
            first, most = BUSY
            age = (timezone.now() - work.run.started_at).total_seconds()
            at = timezone.now() + timedelta(seconds=min(max(first, age), most))
            raise Again(at=at, outcome=gettext("{why} Looking again soon.").format(why=busy.message)) from None
        except OtherWorkspace as other:
            return other.message
        except NotFoundError:
            return _not_found(work, number, is_known=bool(sides.linked(TICKET, number)))


def _not_found(work: Work, number: str, *, is_known: bool) -> str:
    """One answer that it is not there proves no deletion: a key loses its rights as well."""
    if is_known:
        said = gettext("Ticket {number} cannot be read: it was deleted, or hidden from the API key. Its pair is kept.")
        return said.format(number=number)
    age = (timezone.now() - work.run.started_at).total_seconds()
    wait = next((seconds for seconds in EARLY if seconds > age), None)
    if wait is None:
        said = gettext("Ticket {number} cannot be read: it was deleted, or the API key may not see it.")
        return said.format(number=number)
    said = gettext("Ticket {number} is not readable yet; looking again.").format(number=number)
    raise Again(at=work.run.started_at + timedelta(seconds=wait), outcome=said)


def still_there(work: Work) -> str:
    """Pairs whose ticket was deleted, marked as spam or hidden, and those that came back."""
    with opened(work.integration, "still there", guard=work.claim.check, is_dry=work.run.is_dry) as sides:
        return engine.run(work, absence.flow(sides))


# --- cut-over ---------------------------------------------------------------------------------------------------------


def read_ids(claim: Claim, integration_id: int) -> str:
    """Job: read the ids that an earlier program left in TOGA 2; the report of what would be linked."""
    row = CutOver.objects.select_related("integration__client").get(pk=integration_id)
    share = Slice(claim)
    with opened(row.integration, "cut-over", guard=claim.check) as sides:
        cutover.read(
            sides, row, told=lambda row: share.tell(cutover.progress(row), done=row.step, total=len(cutover.STEPS))
        )
    return cutover.told(row)


def make_links(claim: Claim, integration_id: int) -> str:
    """Job: make links of what was read; the report."""
    row = CutOver.objects.get(pk=integration_id)
    if row.read_at is None:
        return gettext("The ids were not read to their end.")
    share = Slice(claim)
    cutover.link(
        row,
        told=lambda done, total: share.tell(
            gettext("{done:,} of {total:,} ids linked.").format(done=done, total=total), done=done, total=total
        ),
    )
    return cutover.told(row)


STREAMS = (
    StreamKind(
        "catch_up",
        _("Tickets to TOGA 2"),
        catch_up,
        interval_minutes=10,
        is_sync=True,
        needs_approval=True,
        hinted_by=(FRESHSERVICE,),
        run_hint=look_at,
    ),
    StreamKind("still_there", _("Tickets that are gone"), still_there, interval_minutes=180, is_sync=True),
)
