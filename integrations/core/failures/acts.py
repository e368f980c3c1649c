"""What a person may do with failures that core knows; each does it by the function that the record's own page uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import jobs, streams
from integrations.core.models import Stream, User
from integrations.core.sync import holding
from integrations.core.webhooks import working
from integrations.core.webhooks.receiving import NOT_UNDERSTOOD

from .source import Act

CHANGE_STREAM, CHANGE_JOB, CHANGE_DELIVERY = "core.change_stream", "core.change_job", "core.change_webhookdelivery"
UNREADABLE = _("Its body could not be understood, so no record is known to look at.")


# --- held records -----------------------------------------------------------------------------------------------------


def _chosen(rows: Sequence[Any]) -> Q:
    return Q(pk__in=[row.pk for row in rows])


def _retry_held(rows: Sequence[Any], user: User, reason: str) -> Mapping[int, str]:
    holding.retry(_chosen(rows), user=user)
    return {}


def _dismiss_held(rows: Sequence[Any], user: User, reason: str) -> Mapping[int, str]:
    holding.dismiss(_chosen(rows), user=user, reason=reason)
    return {}


def _stream_of(row: Any) -> Stream:
    found: Stream = Stream.objects.select_related("integration__client").get(pk=row.stream_id)
    return found


def _why_not(stream: Stream) -> str:
    """Why the stream does not run now; empty when it does."""
    unapproved = str(streams.UNAPPROVED) if streams.waits_for_approval(stream) else ""
    return streams.why_not(stream.integration) or unapproved


def _waits(row: Any) -> str:
    problem = _why_not(_stream_of(row))
    if not problem:
        return ""
    return gettext("{problem} Until that is over they wait, and are then tried first.").format(problem=problem)


def _ask_for_run(row: Any, user: User) -> None:
    stream = _stream_of(row)
    if not _why_not(stream):
        streams.ask_for(stream, user=user)


RETRY_HELD = Act(
    "retry",
    _("Retry"),
    CHANGE_STREAM,
    format_lazy(
        _(
            "Each record is read as it is now and tried at the next run of its stream, which is asked for at once; a "
            "run tries at most {most} of them, and the next ones the others. Their tries are counted anew."
        ),
        most=holding.AT_ONCE,
    ),
    _("It is tried at the next run."),
    _retry_held,
    hint=_waits,
    after=_ask_for_run,
    at_once=1000,
)
CHECK_HELD = Act(
    "check",
    _("Check now"),
    CHANGE_STREAM,
    _(
        "What was sent for each record is looked up by the portal's mark at the next run, which is asked for at once. "
        "Only what is not there is written."
    ),
    _("It is looked up at the next run."),
    _retry_held,
    hint=_waits,
    after=_ask_for_run,
    at_once=1000,
    unknown="only",
)
DISMISS_HELD = Act(
    "dismiss",
    _("Dismiss"),
    CHANGE_STREAM,
    _("They are not tried any more. Nothing is deleted, and when a record changes it is dealt with again."),
    _("It is dismissed."),
    _dismiss_held,
    wants_reason=True,
    at_once=1000,
)


# --- jobs -------------------------------------------------------------------------------------------------------------


def _retry_jobs(rows: Sequence[Any], user: User, reason: str) -> Mapping[int, str]:
    waits = gettext("Another job of its key waits already; that one does its work.")
    return {row.pk: waits for row in rows if not jobs.retry(row, user=user)}


def _dismiss_jobs(rows: Sequence[Any], user: User, reason: str) -> Mapping[int, str]:
    over = gettext("It is not dead any more.")
    return {row.pk: over for row in rows if not jobs.dismiss(row, user=user, reason=reason)}


OF_JOBS = (
    Act(
        "retry",
        _("Retry"),
        CHANGE_JOB,
        _(
            "Each job is queued again with all its attempts. What it had written before it died is looked at first, so "
            "nothing is done twice."
        ),
        _("It is queued again."),
        _retry_jobs,
    ),
    Act(
        "dismiss",
        _("Dismiss"),
        CHANGE_JOB,
        _("They are not tried any more. Why, and what they died of, stays on their pages."),
        _("It is dismissed."),
        _dismiss_jobs,
        wants_reason=True,
    ),
)


# --- webhooks ---------------------------------------------------------------------------------------------------------


def _unreadable(row: Any) -> str:
    return str(UNREADABLE) if row.subject == NOT_UNDERSTOOD else ""


def _replay(rows: Sequence[Any], user: User, reason: str) -> Mapping[int, str]:
    working.replay([row for row in rows if not _unreadable(row)], user=user)
    return {row.pk: str(UNREADABLE) for row in rows if _unreadable(row)}


def _ignore(rows: Sequence[Any], user: User, reason: str) -> Mapping[int, str]:
    working.ignore(list(rows), user=user, reason=reason)
    return {}


REPLAY = Act(
    "retry",
    _("Look again"),
    CHANGE_DELIVERY,
    _(
        "Each record is read once, as it is now, behind all other work, and whatever differs is brought over. One "
        "that did not change since costs only the reading."
    ),
    _("Its record is looked at again."),
    _replay,
    obstacle=_unreadable,
    unknown="too",
)
IGNORE = Act(
    "dismiss",
    _("Dismiss"),
    CHANGE_DELIVERY,
    _("Nothing will follow from them; they stand in the inbox as ignored."),
    _("It is ignored."),
    _ignore,
    wants_reason=True,
    unknown="too",
)


# --- runs -------------------------------------------------------------------------------------------------------------


def _not_now(row: Any) -> str:
    return _why_not(_stream_of(row))


def _run_again(rows: Sequence[Any], user: User, reason: str) -> Mapping[int, str]:
    left: dict[int, str] = {}
    for row in rows:
        stream = _stream_of(row)
        if problem := _why_not(stream):
            left[row.pk] = problem
        else:
            streams.ask_for(stream, user=user)
    return left


RUN_AGAIN = Act(
    "retry",
    _("Run again"),
    CHANGE_STREAM,
    _("The stream runs as soon as a worker is free, and goes on from where its last good run was."),
    _("It runs as soon as a worker is free."),
    _run_again,
    obstacle=_not_now,
)
