"""One act on all rows of a group: shown with its rows fixed, confirmed, then carried out by a job, some at a time.

Each row is looked at again before it is touched: one that does not wait any more, waits for another reason, or belongs
to a client that the person may not see any more is left alone, and says so. What was done to some rows and how far the
act has come are stored together, so that a job that was killed does nothing twice.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import audit, jobs
from integrations.core.jobs import Again, Claim
from integrations.core.models import AuditEntry, Client, FailureAct, Job, User

from .grouping import ids_of
from .source import Act, FailureSource, Key, Link
from .sources import all_sources, sources_for

CARRY_OUT = "core.carry_out_failure_act"
SLICE = 20.0  # seconds of work before others get their turn
KEPT = dt.timedelta(days=30)
OVER = _("It does not wait any more: a run or a person was faster.")
CHANGED = _("It waits for another reason by now; look at it again.")
State = FailureAct.State


class Row(NamedTuple):
    """One row as the page shows it: where it is, a word about it with its tone, and a sentence where there is one."""

    link: Link
    word: str
    tone: str
    sentence: str = ""


def find(source: str, act: str, cause: str, user: Any) -> tuple[FailureSource, Act] | None:
    """The source and its act, if that can be done where this is the cause, and by this person."""
    mine = next((one for one in sources_for(user) if one.slug == source), None)
    found = next((one for one in mine.acts_for(cause) if one.slug == act), None) if mine else None
    return (mine, found) if mine and found and user.has_perm(found.permission) else None


def declared(row: FailureAct) -> tuple[FailureSource, Act] | None:
    """The source and the act that were shown; None when they are not installed any more."""
    source = next((one for one in all_sources() if one.slug == row.source), None)
    act = source.act(row.act) if source else None
    return (source, act) if source and act else None


def propose(source: FailureSource, act: Act, key: Key, *, user: User, back: str = "") -> FailureAct:
    """Fix the rows of the group as they are now; nothing is done. Old acts are cleared on the occasion."""
    old = FailureAct.objects.filter(created_at__lt=timezone.now() - KEPT).exclude(state=State.RUNNING)
    old.delete()
    made: FailureAct = FailureAct.objects.create(
        act=act.slug,
        source=source.slug,
        group=key._asdict(),
        ids=ids_of(source, user, key),
        by=user,
        back=back[:500],
    )
    return made


def confirm(row: FailureAct, *, reason: str = "") -> bool:
    """Have it carried out; False when it is no longer waiting for that (a second click, another tab)."""
    with transaction.atomic():
        mine = FailureAct.objects.filter(pk=row.pk, state=State.SHOWN)
        if not mine.update(state=State.RUNNING, reason=reason[:400]):
            return False
        key, count = Key(**row.group), len(row.ids)
        why = gettext("Because: {reason}").format(reason=reason) if reason else ""
        entry = audit.begin(
            f"failures.{row.act}",
            user=row.by,
            client=Client.objects.filter(pk=key.client).first() if key.client else None,
            record=f"failures:{row.pk}",
            detail=f"{count:,} {row.source}: {key.shape} {why}".strip(),
        )
        mine = FailureAct.objects.filter(pk=row.pk)
        mine.update(audit=entry)
        jobs.enqueue(CARRY_OUT, row.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL, user=row.by)
    return True


def stop(row: FailureAct) -> None:
    """It ends after the rows it has in hand; what was done stays."""
    FailureAct.objects.filter(pk=row.pk, state=State.RUNNING).update(state=State.STOPPED)


def carry_out(claim: Claim, act_id: int) -> str:
    """Job `core.carry_out_failure_act`: do it to some rows after the other, until all were looked at."""
    row = FailureAct.objects.select_related("by", "audit").get(pk=act_id)
    found = declared(row)
    ends = time.monotonic() + SLICE
    while found and row.done < len(row.ids) and row.state == State.RUNNING:
        claim.check()
        _do_some(row, *found)
        if row.done < len(row.ids) and time.monotonic() > ends:
            raise Again(at=timezone.now(), outcome=_said(row))
    if found:
        _follow_up(row, *found)
    return _finish(row)


def _do_some(row: FailureAct, source: FailureSource, act: Act) -> None:
    """The next rows, and how far that is, in one transaction."""
    with transaction.atomic():
        now = FailureAct.objects.select_for_update().only("state", "done", "left").get(pk=row.pk)
        row.state, row.done, row.left = now.state, now.done, now.left
        if row.state != State.RUNNING:
            return
        ids, key = row.ids[row.done : row.done + act.at_once], Key(**row.group)
        waiting = {one.pk: one for one in source.rows(row.by).filter(pk__in=ids).select_for_update(of=("self",))}
        left = {pk: str(OVER) for pk in ids if pk not in waiting}
        left |= {pk: str(CHANGED) for pk, one in waiting.items() if not key.holds(one)}
        mine = [waiting[pk] for pk in ids if pk not in left]
        if mine and row.by.has_perm(act.permission):
            left |= act.do(mine, row.by, row.reason)
        elif mine:
            left |= {one.pk: gettext("You may not do this any more.") for one in mine}
        row.done += len(ids)
        row.left |= {str(pk): why for pk, why in left.items()}
        FailureAct.objects.filter(pk=row.pk).update(done=row.done, left=row.left)


def _follow_up(row: FailureAct, source: FailureSource, act: Act) -> None:
    """What the act does once, by one of the rows that it did."""
    first = next((pk for pk in row.ids[: row.done] if str(pk) not in row.left), None)
    one = source.every(row.by).filter(pk=first).first() if act.after and first is not None else None
    if act.after and one is not None:
        act.after(one, row.by)


def _finish(row: FailureAct) -> str:
    said = _said(row)
    with transaction.atomic():
        FailureAct.objects.filter(pk=row.pk, state=State.RUNNING).update(state=State.DONE)
        if row.audit is not None and row.audit.outcome == AuditEntry.Outcome.PENDING:
            detail = f"{row.audit.detail} {said}"
            audit.finish(row.audit, AuditEntry.Outcome.DONE, detail=detail)
    return said


def _said(row: FailureAct) -> str:
    left = len(row.left)
    said = gettext("{done:,} done, {left:,} left alone.").format(done=row.done - left, left=left)
    if row.done < len(row.ids):
        said += " " + gettext("{count:,} not tried.").format(count=len(row.ids) - row.done)
    return said


# --- what the page shows ----------------------------------------------------------------------------------------------


def rows_of(row: FailureAct, ids: Sequence[int]) -> list[Row]:
    """These rows of the act: before it, which of them can be; after it, what came of each."""
    found = declared(row)
    if found is None:
        return []
    source, act = found
    is_new = row.state == State.SHOWN
    there = list((source.rows if is_new else source.every)(row.by).filter(pk__in=ids))
    links = dict(zip([one.pk for one in there], source.show(there), strict=True))
    if is_new:
        words = dict.fromkeys(ids, (gettext("no"), "warning", str(OVER))) | {
            one.pk: _possible(source, act, one) for one in there
        }
    else:
        reached = set(row.ids[: row.done])
        words = {pk: _result(row, act, pk, reached) for pk in ids}
    return [Row(links.get(pk, Link(f"#{pk}")), *words[pk]) for pk in ids]


def _possible(source: FailureSource, act: Act, one: Any) -> tuple[str, str, str]:
    why_not = act.obstacle(one)
    return (gettext("no"), "warning", why_not) if why_not else (gettext("yes"), "good", source.says(one))


def _result(row: FailureAct, act: Act, pk: int, reached: set[int]) -> tuple[str, str, str]:
    if pk not in reached:
        return (gettext("waiting") if row.state == State.RUNNING else gettext("not tried"), "neutral", "")
    why = row.left.get(str(pk))
    return (gettext("left alone"), "warning", why) if why else (gettext("done"), "good", str(act.result))
