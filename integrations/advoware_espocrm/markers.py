"""For firms that want no markers: takes `[ESPOCRM:…]` and `[ESPOCRM-SLOT:…]` out of the remarks of all pairs.

The text behind a marker is a person's and stays. What both sides agreed on, and which entries are empty slots, the
portal keeps itself; a marker that says something the portal does not know is left and named. It is kept as a run of
the stream, which has its progress, can be stopped on its page, and is gone on with where it ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import streams as core_streams
from integrations.core.jobs import Stopped
from integrations.core.models import Integration, Job, RecordLink, SyncEntry, SyncRun
from integrations.core.opening import open_connection
from integrations.core.streams import StreamProblem
from integrations.core.sync.flow import Side
from integrations.core.sync.linking import in_hand
from integrations.transport.errors import (
    NotFoundError,
    QuotaSpent,
    RejectedError,
    TemporaryError,
    UnknownOutcomeError,
    VendorError,
)
from integrations.vendors.advoware.api import AdvowareApi
from integrations.vendors.advoware.schemas import Kommunikation, Party

from . import pairs
from .mapping import KINDS, read_remark
from .models import ADVOWARE, ContactOptions, Pair
from .sides import PARTY
from .streams import stream_of

SUBJECT = "markers"  # of its runs
MOST_TRIES = 5  # at one pair while Advoware fails for now
PAUSE = 15.0  # seconds before the next one, where Advoware names none
STILL_WRITTEN = _("Switch off “write markers in Advoware” in the settings first: the next run would write them again.")
UNKNOWN = _("The portal does not know this entry yet; its marker is left until a run has looked at the party.")
State = SyncRun.State
Wait = Callable[[float], object]


@dataclass
class Cleaned:
    """What came of one party: entries whose marker went (or would), and why others kept theirs."""

    entries: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def remove_markers(
    integration: Integration,
    *,
    is_dry: bool = False,
    go_on: Callable[[], bool] = lambda: True,
    told: Callable[[SyncRun], object] = lambda run: None,
    wait: Wait = time.sleep,
) -> SyncRun:
    """Go through all pairs, or on from where the last removal ended; its run, with what came of it.

    `go_on` is asked before each pair, `told` hears of the run after each. While Advoware's budget is used up, or it
    fails for now, `wait` is called with the seconds. Raises StreamProblem while markers are written, and when the
    integration cannot run.
    """
    run = _begin(integration, is_dry=is_dry)
    state, outcome = State.FAILED, gettext("It ended with an error of the portal.")
    try:
        with open_connection(integration.connection(ADVOWARE), source="markers") as advoware:
            _go_through(advoware, run, go_on, told, wait)
        state = State.DONE
    except Stopped:
        state = State.STOPPED
    except (VendorError, StreamProblem) as error:
        outcome = gettext("{why} Begun again, it goes on from there.").format(why=error)
    finally:
        here = run.cursor
        run.refresh_from_db()
        is_mine = run.cursor == here  # else another process has gone on with it, and ends it
        run.outcome = outcome if state == State.FAILED else summary(run)
        if is_mine:
            run.state, run.finished_at = state, timezone.now()
            run.save(update_fields=["state", "outcome", "finished_at"])
    return run


def summary(run: SyncRun) -> str:
    """How far it is, in a sentence."""
    said = gettext("{read:,} parties looked at; {updated:,} entries lost their marker")
    if run.is_dry:
        said = gettext("{read:,} parties looked at; {updated:,} entries would lose their marker")
    parts = [said.format(read=run.read, updated=run.updated)]
    parts += [gettext("{n:,} parties keep one").format(n=run.held)] if run.held else []
    parts += [gettext("{n:,} could not be read").format(n=run.skipped)] if run.skipped else []
    return f"{', '.join(parts)}."


def _begin(integration: Integration, *, is_dry: bool) -> SyncRun:
    if problem := core_streams.why_not(integration) or _still_written(integration):
        raise StreamProblem(problem)
    stream = stream_of(integration)
    last: SyncRun | None = stream.runs.filter(subject=SUBJECT, is_dry=False).first()
    if is_dry or last is None or last.state == State.DONE:
        made: SyncRun = SyncRun.objects.create(
            stream=stream, subject=SUBJECT, is_dry=is_dry, trigger=Job.Trigger.MANUAL
        )
        return made
    last.state, last.stop_asked, last.finished_at = State.RUNNING, False, None
    last.save(update_fields=["state", "stop_asked", "finished_at"])
    return last


def _still_written(integration: Integration) -> str:
    options = ContactOptions.objects.filter(integration=integration).first()
    if options is None:
        return gettext("This integration has no settings yet.")
    return str(STILL_WRITTEN) if options.write_markers else ""


# --- all pairs --------------------------------------------------------------------------------------------------------


def _go_through(
    advoware: AdvowareApi, run: SyncRun, go_on: Callable[[], bool], told: Callable[[SyncRun], object], wait: Wait
) -> None:
    """One pair after the other; where it is, is stored with what came of each. Raises Stopped."""
    while pair := _next(run):
        _stop_if_asked(run, go_on)
        if problem := _still_written(pair.integration):
            raise StreamProblem(problem)
        _store(run, pair, *_of_pair(advoware, run, pair, go_on, wait))
        told(run)


def _next(run: SyncRun) -> Pair | None:
    rows = Pair.objects.filter(integration=run.stream.integration, pk__gt=int(run.cursor or 0))
    rows = rows.exclude(link__state=RecordLink.State.REPLACED).select_related("link", "integration__client")
    found: Pair | None = rows.order_by("pk").first()
    return found


def _stop_if_asked(run: SyncRun, go_on: Callable[[], bool]) -> None:
    if not go_on() or SyncRun.objects.filter(pk=run.pk, stop_asked=True).exists():
        raise Stopped


def _of_pair(
    advoware: AdvowareApi, run: SyncRun, pair: Pair, go_on: Callable[[], bool], wait: Wait
) -> tuple[Cleaned, str]:
    """What came of it, and why it could not be read. Raises Stopped, and TemporaryError when Advoware stays away."""
    tries = 0
    while True:
        try:
            return _clean(advoware, pair, is_dry=run.is_dry), ""
        except NotFoundError as gone:
            return Cleaned(), gone.message
        except TemporaryError as error:  # also while another process works on the pair
            is_routine = isinstance(error, QuotaSpent)
            tries += not is_routine
            if tries == MOST_TRIES:
                raise
            wait((error.retry_after or PAUSE) if is_routine else PAUSE)
        _stop_if_asked(run, go_on)


def _store(run: SyncRun, pair: Pair, found: Cleaned, unread: str) -> None:
    """Raises StreamProblem when another process was faster with this pair: each is counted once."""
    counts = {"read": 1, "updated": len(found.entries), "held": int(bool(found.left)), "skipped": int(bool(unread))}
    outcome = SyncEntry.Outcome.HELD if found.left else SyncEntry.Outcome.UPDATED
    with transaction.atomic():
        if found.entries or found.left or unread:
            SyncEntry.objects.create(
                run=run,
                record_id=str(pair.betnr),
                outcome=SyncEntry.Outcome.SKIPPED if unread else outcome,
                why=unread or " ".join(found.left) or gettext("This firm wants no markers."),
                writes=found.entries,
            )
        added = {name: F(name) + count for name, count in counts.items() if count}
        if not SyncRun.objects.filter(pk=run.pk, cursor=run.cursor).update(cursor=str(pair.pk), **added):
            raise StreamProblem(gettext("Another process takes out the markers; this one ends."))
    run.refresh_from_db(fields=["cursor", *counts])


# --- one pair ---------------------------------------------------------------------------------------------------------


def _clean(advoware: AdvowareApi, pair: Pair, *, is_dry: bool) -> Cleaned:
    if is_dry:
        known = _known(pair.link)
        marked = _marked(advoware.party(pair.betnr))
        return Cleaned(
            [_said(one) for one in marked if one.id in known], [_left(one) for one in marked if one.id not in known]
        )
    with in_hand(pair.integration, PARTY, Side.LEFT, str(pair.betnr)) as link:
        return _write(advoware, pair, _known(link))


def _write(advoware: AdvowareApi, pair: Pair, known: set[int]) -> Cleaned:
    """Entry by entry, each read right before it is written: nothing else guards against an edit in between."""
    found, tried = Cleaned(), set[int]()
    first = party = advoware.party(pair.betnr)
    while entry := next((one for one in _marked(party) if one.id in known - tried), None):
        tried.add(entry.id)
        try:
            advoware.update_kommunikation(
                pair.betnr, entry.id, tlf=entry.tlf, bemerkung=unmarked(entry.bemerkung), online=entry.online
            )
        except RejectedError as refused:
            found.left.append(f"{_said(entry)}: {refused.message}")
        except UnknownOutcomeError as lost:
            raise TemporaryError(lost.message, retry_after=PAUSE) from lost
        else:
            found.entries.append(_said(entry))
        party = advoware.party(pair.betnr)
    found.left += [_left(one) for one in _marked(party) if one.id not in known]
    _stay_at_rest(pair, first, party)
    return found


def unmarked(remark: str) -> str:
    """The text of a person behind the marker, or behind several."""
    read = read_remark(remark)
    while read.is_marked:
        read = read_remark(read.text)
    return read.text


def _known(link: RecordLink) -> set[int]:
    """The entries that the portal knows without their markers: those both sides have, and the empty slots."""
    return {row.entry_id for row in pairs.base_of(link)[0]}


def _marked(party: Party) -> list[Kommunikation]:
    return [one for one in party.kommunikation if read_remark(one.bemerkung).is_marked]


def _said(entry: Kommunikation) -> str:
    kind = KINDS.get(read_remark(entry.bemerkung).komm_kz)
    if kind is None:
        return gettext("marker of entry {entry}").format(entry=entry.id)
    return gettext("marker of entry {entry} ({kind})").format(entry=entry.id, kind=kind.name)


def _left(entry: Kommunikation) -> str:
    return f"{_said(entry)}: {UNKNOWN}"


def _stay_at_rest(pair: Pair, first: Party, last: Party) -> None:
    """Our writes gave the entries other row ids. A pair that was at rest, and in which nothing else moved, still is."""
    if pair.advoware_seen == pairs.advoware_print(first) and _values(first) == _values(last):
        Pair.objects.filter(pk=pair.pk, advoware_seen=pair.advoware_seen).update(
            advoware_seen=pairs.advoware_print(last)
        )


def _values(party: Party) -> object:
    return {one.id: one.tlf for one in party.kommunikation}, dict(party.mirrors)
