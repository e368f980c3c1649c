"""Looking for what the portal made after the backup was taken: each integration by its own markers, then dry runs.

Job `core.readopt` goes through the integrations one by one. What a kind declares as `readopt` lists its records at the
vendor by marker and links those that the database does not know; nothing is written to a vendor. Then a dry run of each
stream that writes is asked for: what it would do once writes are resumed. All of it can be repeated.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from integrations.transport.errors import QuotaSpent, VendorError

from . import registry, streams, write_hold
from .jobs import Again, Claim, Stopped
from .models import Integration, Job, Readoption, SyncRun, User, WriteHold

SLICE = 40.0  # seconds of looking before other jobs get their turn
NO_MARKERS = _("Its kind keeps no markers of its own to look for; see what its streams would write.")
STOPPED = _("The look was stopped before it came to this one.")
State = Readoption.State


class Look:
    """What `IntegrationKind.readopt` gets: the integration, the guard for its calls, and the page of the report.

    `cursor` is where an earlier slice ended; `keep` stores it with what was found, and ends a slice that is over.
    """

    def __init__(self, row: Readoption, claim: Claim) -> None:
        self.row, self.claim = row, claim
        self.integration: Integration = row.integration
        self.cursor: dict[str, Any] = dict(row.cursor)
        self.as_of = row.hold.as_of
        self._ends = time.monotonic() + SLICE

    def adopted(self, about: str, said: str) -> None:
        """A record at the vendor got its link back; told once."""
        self._tell(self.row.adopted, {"about": about, "said": said})

    def unclear(self, about: str, said: str, **facts: Any) -> None:
        """A record that a person has to look at; `facts` are for the integration itself."""
        self._tell(self.row.unclear, {"about": about, "said": said, **facts})

    def note(self, said: str) -> None:
        """What cannot be known from here, or was left out, and why."""
        if said not in self.row.notes:
            self.row.notes.append(said)

    def is_told(self, about: str) -> bool:
        """Whether it is in the report already."""
        return any(one["about"] == about for one in (*self.row.adopted, *self.row.unclear))

    def keep(self, *, looked: int = 0, **cursor: Any) -> None:
        """Store what was found and how far it was looked. Raises `Again` when others should have their turn."""
        self.cursor |= cursor
        self.row.cursor, self.row.looked = self.cursor, self.row.looked + looked
        self.claim.check()
        self.store()
        if WriteHold.objects.filter(pk=self.row.hold_id, stop_asked=True).exists():
            raise Stopped
        if time.monotonic() > self._ends:
            raise Again(
                at=timezone.now(),
                outcome=gettext("{integration}: {looked:,} records looked at.").format(
                    integration=self.integration, looked=self.row.looked
                ),
            )

    def store(self) -> None:
        """What was found until now."""
        self.row.save(update_fields=["cursor", "looked", "adopted", "unclear", "notes"])

    def _tell(self, findings: list[dict[str, Any]], finding: dict[str, Any]) -> None:
        if not any(one["about"] == finding["about"] for one in findings):
            findings.append(finding)


def readopt(claim: Claim, hold_id: int) -> str:
    """Job: every integration that was not looked at yet, one by one."""
    hold = WriteHold.objects.get(pk=hold_id)
    if not hold.is_on:
        return gettext("Writes were resumed already.")
    waiting = hold.readoptions.select_related("integration__client", "hold")
    while row := waiting.filter(state=State.WAITING).first():
        claim.check()
        if WriteHold.objects.filter(pk=hold.pk, stop_asked=True).exists():
            _end(hold.readoptions.filter(state=State.WAITING), State.LEFT_OUT, str(STOPPED))
            return gettext("Stopped by hand.")
        _one(row, claim)
    return gettext("{count:,} integrations were looked at; the report waits to be read.").format(
        count=hold.readoptions.count()
    )


def _one(row: Readoption, claim: Claim) -> None:
    kind = next((one for one in registry.kinds() if one.slug == row.integration.kind), None)
    own = Readoption.objects.filter(pk=row.pk)
    if kind is None or (problem := streams.why_not(row.integration)):
        _end(own, State.LEFT_OUT, problem if kind else gettext("Its kind is not installed."))
        return
    look = Look(row, claim)
    try:
        if kind.readopt is None:
            look.note(str(NO_MARKERS))
        else:
            kind.readopt(look)
        look.keep()
    except QuotaSpent:
        raise  # later, from where it was
    except Stopped:
        _end(own, State.LEFT_OUT, gettext("The look was stopped before its end."))
        return
    except (VendorError, streams.StreamProblem) as error:
        look.store()
        state, outcome = State.FAILED, str(error)
    else:
        state, outcome = (
            State.DONE,
            gettext("{linked:,} linked again, {unclear:,} left to a person.").format(
                linked=len(row.adopted), unclear=len(row.unclear)
            ),
        )
    own.update(previews=list(_previews(row.integration)))
    _end(own, state, outcome)


def _previews(integration: Integration) -> Iterable[int]:
    """A dry run of each stream that would write by itself once writes are resumed."""
    for stream in streams.streams_of(integration):
        kind = streams.kind_of(stream)
        if kind is not None and kind.is_sync and stream.is_enabled and not streams.waits_for_approval(stream):
            yield streams.ask_for_dry_run(stream, user=None).pk


def _end(rows: Any, state: Readoption.State, outcome: str) -> None:
    rows.update(state=state, outcome=outcome, looked_at=timezone.now())


# --- the report -------------------------------------------------------------------------------------------------------


def is_over(hold: WriteHold) -> bool:
    """Whether everything was looked at, as far as it can be."""
    return not hold.readoptions.filter(state=State.WAITING).exists()


def is_at_work(hold: WriteHold) -> bool:
    """Whether the report still fills: somebody is to be looked at, or a dry run is under way."""
    if not is_over(hold):
        return True
    previews = [pk for row in hold.readoptions.all() for pk in row.previews]
    return SyncRun.objects.filter(pk__in=previews, state=SyncRun.State.RUNNING).exists() and not hold.stop_asked


def previews_of(rows: Iterable[Readoption]) -> dict[int, list[SyncRun]]:
    """The dry runs of each of these, by the row's id."""
    wanted = {pk: row.pk for row in rows for pk in row.previews}
    found: dict[int, list[SyncRun]] = {}
    for run in SyncRun.objects.filter(pk__in=wanted).select_related("stream").order_by("pk"):
        found.setdefault(wanted[run.pk], []).append(run)
    return found


def in_short(hold: WriteHold) -> str:
    """The report in a sentence; kept with the resume."""
    rows = list(hold.readoptions.all())
    linked, unclear = sum(len(row.adopted) for row in rows), sum(len(row.unclear) for row in rows)
    not_looked = sum(row.state != State.DONE for row in rows)
    again = ngettext("{count:,} record linked again", "{count:,} records linked again", linked).format(count=linked)
    left = gettext("{count} left to a person").format(count=unclear) if unclear else gettext("nothing left to a person")
    looked = gettext("every integration was looked at")
    if not_looked:
        looked = gettext("{count:,} of {all:,} integrations were not looked at to the end")
    looked = looked.format(count=not_looked, all=len(rows))
    return gettext("{again}, {left}; {looked}.").format(again=again, left=left, looked=looked)


def stop(hold: WriteHold) -> None:
    """The look ends after the page in hand; what it did not come to is said in the report."""
    WriteHold.objects.filter(pk=hold.pk, is_on=True).update(stop_asked=True)
    for run in SyncRun.objects.filter(pk__in=[pk for row in hold.readoptions.all() for pk in row.previews]):
        streams.ask_to_stop(run)


def again(hold: WriteHold, *, user: User) -> Job:
    """Look once more."""
    return write_hold.look_again(hold, user=user)
