"""`GET /api/v1/runs` and `/api/v1/links`: other tools show the state of runs and tickets.

Newest first, a page at a time; `next` is the cursor of the page after it, null on the last one. Pages are keyed, so
that the last costs what the first costs, and a run that arrives meanwhile moves none. A parameter that is not
understood is refused: left out silently, it would show somebody too much.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache

from integrations.backup_tickets.checks_list import TICKET, cursor_of, read_cursor, runs_of_jobs, runs_with_ticket
from integrations.backup_tickets.models import BackupJob, Run, Ticket, TicketLink
from integrations.core.models import ApiToken, Client

from .door import Refusal, answered, token_of

DEFAULT_LIMIT, LARGEST_LIMIT = 100, 200
LONGEST = 200  # characters of a text parameter
Read = Callable[[str], Any]


@never_cache
@answered
def runs(request: HttpRequest) -> JsonResponse:
    """A page of the client's runs, each with its ticket."""
    token = token_of(request, ApiToken.Scope.READ)
    given = _parameters(request, RUN_PARAMETERS)
    found = _runs_of(token.client, given)
    if cursor := given.get("cursor"):
        at, pk = cursor
        found = found.filter(Q(started_at__lt=at) | Q(id__lt=pk), started_at__lte=at)
    page, more = _page(found.order_by("-started_at", "-id"), given)
    tickets = _links_of(page)
    rows = [_run(run, tickets.get(run.pk)) for run in page]
    return JsonResponse({"runs": rows, "next": cursor_of(page[-1]) if more else None})


@never_cache
@answered
def links(request: HttpRequest) -> JsonResponse:
    """A page of the client's ticket links, past ones too: which run has, or had, which ticket, and why."""
    token = token_of(request, ApiToken.Scope.READ)
    given = _parameters(request, LINK_PARAMETERS)
    found: QuerySet[TicketLink] = TicketLink.objects.filter(run__client=token.client)
    found = found.filter(**_conditions(given, LINK_CONDITIONS))
    if "cursor" in given:
        found = found.filter(pk__lt=given["cursor"])
    page, more = _page(found.select_related("ticket", "run").order_by("-id"), given)
    return JsonResponse({"links": [_link(link) for link in page], "next": str(page[-1].pk) if more else None})


def _page(found: QuerySet[Any], given: Mapping[str, Any]) -> tuple[list[Any], bool]:
    limit = given.get("limit", DEFAULT_LIMIT)
    rows = list(found[: limit + 1])
    return rows[:limit], len(rows) > limit


# --- what is asked for ------------------------------------------------------------------------------------------------


def _runs_of(client: Client, given: Mapping[str, Any]) -> QuerySet[Run]:
    found: QuerySet[Run] = Run.objects.filter(client=client, **_conditions(given, RUN_CONDITIONS))
    if "customer" in given or "job" in given:
        jobs = BackupJob.objects.filter(customer__client=client, **_conditions(given, JOB_CONDITIONS))
        found = found.filter(runs_of_jobs(jobs))
    if "ticket" in given:
        found = found.filter(runs_with_ticket(given["ticket"]))
    return found.select_related("job__customer")


def _conditions(given: Mapping[str, Any], table: Mapping[str, str]) -> dict[str, Any]:
    return {column: given[name] for name, column in table.items() if name in given}


def _parameters(request: HttpRequest, known: Mapping[str, Read]) -> dict[str, Any]:
    """Every given parameter, read. Raises `Refusal` for what is unknown, given twice, or not understood."""
    if request.method not in ("GET", "HEAD"):
        raise Refusal(405, "Read this with GET.", Allow="GET, HEAD")
    read = {}
    for name, values in request.GET.lists():
        if name not in known:
            raise Refusal(400, f"{name!a} is not a parameter; known: {', '.join(sorted(known))}.")
        if len(values) > 1:
            raise Refusal(400, f"{name} is given {len(values)} times; give it once.")
        try:
            read[name] = known[name](values[0])
        except ValueError as error:
            raise Refusal(400, f"{name} {error}.") from None
    return read


def _text(value: str) -> str:
    if not value or len(value) > LONGEST or "\x00" in value or not value.isprintable():
        raise ValueError(f"must be a text of 1 to {LONGEST} characters")
    return value


def _one_of(values: Iterable[str]) -> Read:
    allowed = tuple(values)

    def read(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return value

    return read


def _yes_or_no(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError("must be true or false")
    return value == "true"


def _time(value: str) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(value.replace(" ", "+"))  # an unescaped + arrives as a blank
        if found.tzinfo is None:
            raise ValueError
        return found.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a time with its offset, such as 2026-01-31T22:00:00+01:00") from None


def _limit(value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) < 5 and 1 <= int(value) <= LARGEST_LIMIT):
        raise ValueError(f"must be a number from 1 to {LARGEST_LIMIT}")
    return int(value)


def _run_cursor(value: str) -> tuple[dt.datetime, int]:
    cursor = read_cursor(value)
    if cursor is None:
        raise ValueError("must be what an earlier answer gave as next")
    return cursor


def _link_cursor(value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) < 19):
        raise ValueError("must be what an earlier answer gave as next")
    return int(value)


RUN_PARAMETERS: dict[str, Read] = {
    "status": _one_of(Run.Status.values),
    "customer": _text,
    "job": _text,
    "external_id": _text,
    "needs_attention": _yes_or_no,
    "ticket": _one_of(TICKET),
    "since": _time,
    "until": _time,
    "limit": _limit,
    "cursor": _run_cursor,
}
RUN_CONDITIONS = {
    "status": "status",
    "external_id": "external_id",
    "needs_attention": "needs_attention",
    "since": "started_at__gte",
    "until": "started_at__lt",
}
JOB_CONDITIONS = {"customer": "customer__name", "job": "name"}
LINK_PARAMETERS: dict[str, Read] = {
    "state": _one_of(TicketLink.State.values),
    "number": _text,
    "external_id": _text,
    "since": _time,
    "until": _time,
    "limit": _limit,
    "cursor": _link_cursor,
}
LINK_CONDITIONS = {
    "state": "state",
    "number": "ticket__number",
    "external_id": "run__external_id",
    "since": "created_at__gte",
    "until": "created_at__lt",
}


# --- what is answered -------------------------------------------------------------------------------------------------


def _links_of(page: list[Run]) -> dict[int, TicketLink]:
    """The live link of each run, else its last one."""
    found = TicketLink.objects.filter(run__in=[run.pk for run in page]).select_related("ticket").order_by("pk")
    links = sorted(found, key=lambda link: link.state in TicketLink.LIVE)
    return {link.run_id: link for link in links}


def _run(run: Run, link: TicketLink | None) -> dict[str, Any]:
    return {
        "external_id": run.external_id,
        "customer": run.job.customer.name,
        "job": run.job.name,
        "backup_type": run.job.backup_type,
        "status": run.status,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "received_at": run.received_at,
        "remark": run.remark,
        "needs_attention": run.needs_attention,
        "superseded": run.superseded_by_id is not None,
        "reviewed_at": run.reviewed_at,
        "review_reason": run.review_reason,
        "manual_ticket_number": run.manual_ticket_number,
        "url": _url(run.pk),
        "link": None if link is None else _state_of(link),
    }


def _link(link: TicketLink) -> dict[str, Any]:
    return {"external_id": link.run.external_id, "url": _url(link.run_id), **_state_of(link)}


def _state_of(link: TicketLink) -> dict[str, Any]:
    return {
        "state": link.state,
        "cause": link.cause,
        "origin": link.origin,
        "created_at": link.created_at,
        "ticket": None if link.ticket is None else _ticket(link.ticket),
    }


def _ticket(ticket: Ticket) -> dict[str, Any]:
    return {
        "id": ticket.ticket_id,
        "number": ticket.number,
        "url": ticket.url,
        "title": ticket.title,
        "status": ticket.status_label,
        "state": ticket.state,
        "read_at": ticket.read_at,
    }


def _url(run_id: int) -> str:
    return str(settings.PORTAL_BASE_URL).rstrip("/") + reverse("admin:backup_tickets_run_change", args=[run_id])
