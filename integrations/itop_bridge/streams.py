"""The stream: pairs that changed, found by webhooks of both iTops at once, and by the reconcile for certain."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.core import streams as core_streams
from integrations.core.jobs import Again, Claim
from integrations.core.models import Integration, RecordLink, WebhookDelivery
from integrations.core.registry import StreamKind
from integrations.core.streams import Work
from integrations.core.sync import engine
from integrations.core.sync.flow import Side
from integrations.core.sync.linking import BusyError, links_of, mark_missing
from integrations.transport.errors import NotFoundError

from . import contents
from .checking import check, opened
from .flow import NOT_SHOWN, flow
from .models import EXTERNAL, INTERNAL
from .sides import FILE, TICKET, Half, Sides, Unsettled, both_open

EARLY = (3.0, 10.0)  # seconds after which a ticket that cannot be read is looked for again
BUSY = (2.0, 60.0)  # seconds until a pair that another process works on is tried again: first, and at most
SEEN_TWICE = 10.0  # seconds between the two looks in which something is missing
LEFT_AFTER = 60.0  # seconds after which what is not settled is left to the reconcile
ANNOUNCED = 10.0  # seconds after which an attachment that may be about to be deleted is looked at again


def reconcile(work: Work) -> str:
    """Pairs that changed, whatever webhook announced them or got lost."""
    with opened(work.integration, "reconcile", guard=work.claim.check, is_dry=work.run.is_dry) as sides:
        return engine.run(work, flow(sides))


def look_at(work: Work, subject: str) -> str:
    """The pair that a webhook was about: `ticket:1` or `attachment:1` of the iTop that plays `work.role`."""
    with opened(work.integration, f"webhook about {subject}", guard=work.claim.check) as sides:
        half = sides.external if work.role == EXTERNAL else sides.internal
        kind, _colon, number = subject.partition(":")
        is_linked = kind == "attachment" and bool(links_of(work.integration, FILE, half.side, [number]))
        ticket = _attached_to(work, half, number) if kind == "attachment" else number
        external = ticket if half.side is Side.LEFT else _twin_of(sides, ticket)
        if not external:
            said = _("The {side} {record} belongs to no ticket that came from outside.")
            return said.format(side=half.name, record=subject)
        outcome = _looked_at(work, sides, external, (half.side, number) if is_linked else None)
        return _once_more(work, outcome) if is_linked else outcome


def _looked_at(work: Work, sides: Sides, external: str, announced: tuple[Side, str] | None) -> str:
    """The look, and what to do when it has to wait; `announced` is the known attachment that a webhook was about."""
    try:
        if announced is not None:
            contents.announce(work.integration, *announced, _arrived_at(work))
        return engine.look_at(work, flow(sides), external)
    except Unsettled as unsettled:
        if _age(work) > LEFT_AFTER:
            return _("{why} The reconcile goes on with it.").format(why=unsettled.message)
        at = timezone.now() + timedelta(seconds=SEEN_TWICE)
        raise Again(at=at, outcome=_("{why} Looking again soon.").format(why=unsettled.message)) from None
    except BusyError as busy:  # most often for a moment; after a death for as long as its lease
        first, most = BUSY
        wait = min(max(first, _age(work)), most)
        at = timezone.now() + timedelta(seconds=wait)
        raise Again(at=at, outcome=_("{why} Looking again soon.").format(why=busy.message)) from None
    except NotFoundError:
        return _not_found(work, external)


def _not_found(work: Work, external: str) -> str:
    """One answer that it is not there proves no deletion; a pair is shown as missing, and nothing is changed."""
    link = links_of(work.integration, TICKET, Side.LEFT, [external]).get(external)
    wait = next((seconds for seconds in EARLY if seconds > _age(work)), None)
    if wait is not None:
        at = work.run.started_at + timedelta(seconds=wait)
        said = _("The external ticket {number} is not readable; looking again.").format(number=external)
        raise Again(at=at, outcome=said)
    said = f"The external ticket {external} {NOT_SHOWN}"
    if link is not None and link.right_id:
        mark_missing(link, said)
    return said


def _attached_to(work: Work, half: Half, number: str) -> str:
    """The ticket an attachment hangs on; of one that is gone, the ticket of its link; empty where none is known."""
    try:
        found = half.api.attachment(int(number))
    except NotFoundError:
        link = links_of(work.integration, FILE, half.side, [number]).get(number)
        pair = str(link.base.get("pair", "")) if link else ""
        if half.side is Side.LEFT or not pair:
            return pair
        twin = links_of(work.integration, TICKET, Side.LEFT, [pair]).get(pair)
        return twin.right_id if twin else ""
    return "" if found.is_draft else str(found.item_id)


def _twin_of(sides: Sides, internal: str) -> str:
    """The external ticket of this internal one; empty where it did not come from outside."""
    link: RecordLink | None = links_of(sides.integration, TICKET, Side.RIGHT, [internal]).get(internal)
    return link.left_id if link else ""


def _once_more(work: Work, outcome: str) -> str:
    """iTop announces a deletion before it carries it out, and with the same body as anything else."""
    if _age(work) >= ANNOUNCED:
        return outcome
    at = work.run.started_at + timedelta(seconds=ANNOUNCED)
    said = _("{outcome} It may be about to be deleted; looking again.").format(outcome=outcome)
    raise Again(at=at, outcome=said)


def _arrived_at(work: Work) -> datetime:
    """When the last webhook about this subject came: what was read since then is no news."""
    waiting = WebhookDelivery.objects.filter(
        connection=work.integration.connection(work.role), subject=work.run.subject, over_at=None
    )
    found: datetime | None = waiting.aggregate(last=Max("received_at"))["last"]
    return found or work.run.started_at


def _age(work: Work) -> float:
    return float((timezone.now() - work.run.started_at).total_seconds())


def check_defaults(_claim: Claim, integration_id: int) -> str:
    """Job: the defaults of both sides against the living instances, after they were saved."""
    integration = Integration.objects.select_related("client").get(pk=integration_id)
    with both_open(integration, "check of the defaults") as sides:
        return check(sides) or _("All defaults are there.")


def sync_pair(claim: Claim, link_id: int) -> str:
    """Job: one pair with all contents of its attachments, because a person asked."""
    link = RecordLink.objects.select_related("integration__client").get(pk=link_id)
    stream = next(row for row in core_streams.streams_of(link.integration) if row.slug == STREAMS[0].slug)
    if core_streams.waits_for_approval(stream):
        return _("Not run: {why}").format(why=core_streams.UNAPPROVED)
    if problem := core_streams.why_not(link.integration):
        return _("Not run: {why}").format(why=problem)
    contents.doubt(link)
    try:
        return core_streams.run_for_hint(stream, STREAMS[0], claim, f"ticket:{link.left_id}", EXTERNAL)
    except core_streams.StreamProblem as problem:  # the settings name what is not there
        return _("Not run: {why}").format(why=problem)


STREAMS = (
    StreamKind(
        "reconcile",
        gettext_lazy("Tickets of both iTops"),
        reconcile,
        interval_minutes=5,
        is_sync=True,
        needs_approval=True,
        hinted_by=(EXTERNAL, INTERNAL),
        run_hint=look_at,
    ),
)
