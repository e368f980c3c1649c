"""The stream: pairs that changed, found by webhooks at once, and by the reconcile in its turn."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import streams as core_streams
from integrations.core.jobs import Again, Claim
from integrations.core.models import Integration, RecordLink, Stream
from integrations.core.registry import StreamKind
from integrations.core.streams import Work
from integrations.core.sync import engine
from integrations.core.sync.flow import Flow, Side
from integrations.core.sync.linking import BusyError, links_of
from integrations.transport.errors import NotFoundError

from . import pairs
from .flow import flow
from .models import ADVOWARE, ESPOCRM, Pair
from .sides import PARTY, Sides, both_open

BUSY = 5.0  # seconds until a pair that another process works on is tried again


def reconcile(work: Work) -> str:
    """Parties that changed in EspoCRM, and the next ones of Advoware in their turn."""
    with both_open(work.integration, "reconcile", guard=work.claim.check, is_dry=work.run.is_dry) as sides:
        try:
            return engine.run(work, flow(sides))
        except Exception:  # an outage, a stop, the end of a slice: who was not looked at keeps the turn
            pairs.had_turn(sides, sides.tried)
            raise


def look_at(work: Work, subject: str) -> str:
    """The pair that a webhook was about: `party:<number>` of Advoware, `party:<id>` of EspoCRM."""
    number = subject.partition(":")[2]
    with both_open(work.integration, f"webhook about {subject}", guard=work.claim.check) as sides:
        betnr = number if work.role == ADVOWARE else _betnr_of(sides, number)
        if not betnr:
            said = gettext("EspoCRM's {record} has no party number, and is linked to no party.")
            return said.format(record=subject)
        sides.hinted_by = work.role
        return look(work, flow(sides), betnr)


def look(work: Work, flow: Flow, betnr: str) -> str:
    """One pair, now. Raises `Again` while another process works on it, and what `engine.look_at` raises."""
    try:
        return engine.look_at(work, flow, betnr)
    except BusyError as busy:
        again = timezone.now() + timedelta(seconds=BUSY)
        raise Again(at=again, outcome=gettext("{why} Looking again soon.").format(why=busy.message)) from None


def _betnr_of(sides: Sides, contact_id: str) -> str:
    """The party number of EspoCRM's record: by its link, else by its field; empty for one that has none."""
    link: RecordLink | None = links_of(sides.integration, PARTY, Side.RIGHT, [contact_id]).get(contact_id)
    if link is not None:
        return link.left_id
    with suppress(NotFoundError):
        return str(sides.espocrm.party(contact_id).number or "")
    return ""


def sync_pair(claim: Claim, link_id: int) -> str:
    """Job: one pair, whole, because a person asked."""
    link = RecordLink.objects.select_related("integration__client").get(pk=link_id)
    stream = stream_of(link.integration)
    if core_streams.waits_for_approval(stream):
        return gettext("Not run: {why}").format(why=core_streams.UNAPPROVED)
    if problem := core_streams.why_not(link.integration):
        return gettext("Not run: {why}").format(why=problem)
    pairs.unsettle(Pair.objects.filter(link=link))
    return core_streams.run_for_hint(stream, RECONCILE, claim, f"party:{link.left_id}", ADVOWARE)


def stream_of(integration: Integration) -> Stream:
    """The stream's row."""
    return next(row for row in core_streams.streams_of(integration) if row.slug == RECONCILE.slug)


RECONCILE = StreamKind(
    "reconcile",
    _("Contact data of parties"),
    reconcile,
    interval_minutes=15,
    is_sync=True,
    needs_approval=True,
    hinted_by=(ADVOWARE, ESPOCRM),
    run_hint=look_at,
)
STREAMS = (RECONCILE,)
