"""Reads: lists with their pages, one record, what can be included."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from integrations.vendors.simulation import Reply, Request

from . import showing
from .filters import fitting
from .refusals import invalid, not_found
from .world import PRIMARY, Record, form_fields

if TYPE_CHECKING:
    from .freshservice import FreshserviceSimulator

DEFAULT_PAGE, LARGEST_PAGE = 30, 100
FIRST_DAYS = timedelta(days=30)  # how far back a list goes without `updated_since`
_LIST_INCLUDES = {"requester", "stats", "tags", "requested_for", "department"}
_ONE_INCLUDES = _LIST_INCLUDES | {
    *("conversations", "problem", "assets", "change", "related_tickets", "feedback"),
    *("onboarding_context", "offboarding_context"),
}
_TYPES = ("Incident", "Service Request", "Alert")


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        raise invalid(name, "It should be a Positive Integer", "datatype_mismatch")
    return int(text)


def _moment(request: Request, name: str) -> datetime | None:
    if not (text := request.query.get(name)):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(name, "It should be in the ISO 8601 format", "datatype_mismatch") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def includes(request: Request, known: set[str]) -> set[str]:
    asked = {part.strip() for part in request.query.get("include", "").split(",") if part.strip()}
    if strange := sorted(asked - known):
        raise invalid("include", f"It should be one of these values: '{','.join(sorted(known))}'", strange[0])
    return asked


def paged(
    simulator: FreshserviceSimulator,
    request: Request,
    envelope: str,
    rows: list[Record],
    shown: Callable[[Record], Record] = lambda row: row,
) -> Reply:
    """A page of a list, with a Link header where another exists."""
    page, per_page = _whole(request, "page", 1), _whole(request, "per_page", DEFAULT_PAGE)
    if per_page > LARGEST_PAGE and simulator.large_page == "refuse":
        raise invalid("per_page", "It should be a number between 1 and 100")
    per_page = min(per_page, LARGEST_PAGE)
    last = max(1, -(-len(rows) // per_page))
    wanted = {"next": page + 1} if page < last else {}
    if simulator.link_relations:
        wanted |= {"first": 1, "last": last} | ({"prev": page - 1} if page > 1 else {})
    link = ", ".join(
        f'<{simulator.url}{request.path}?{urlencode({**request.query, "page": number})}>; rel="{relation}"'
        for relation, number in wanted.items()
    )
    answer = Reply.of({envelope: [shown(row) for row in rows[(page - 1) * per_page : page * per_page]]})
    return Reply(200, answer.body, {**answer.headers, "Link": link} if link else answer.headers)


# --- tickets --------------------------------------------------------------------------------------------------------


def list_tickets(simulator: FreshserviceSimulator, request: Request) -> Reply:
    query, names = request.query, includes(request, _LIST_INCLUDES)
    order = query.get("order_type", "desc")
    if order not in ("asc", "desc"):
        raise invalid("order_type", "It should be one of these values: 'asc,desc'")
    if query.get("filter", "") not in ("", "new_and_my_open", "watching", "spam", "deleted"):
        raise invalid("filter", "It should be one of these values: 'new_and_my_open,watching,spam,deleted'")
    if query.get("type", "Incident") not in _TYPES:
        raise invalid("type", f"It should be one of these values: '{','.join(_TYPES)}'")
    since = _moment(request, "updated_since")
    rows = [row for row in _in_workspaces(simulator, request) if _listed(simulator, query, row, since)]
    key = "updated_at" if simulator.sorts_by_update else "created_at"
    rows.sort(key=lambda row: (row[key], row["id"]), reverse=order == "desc")

    def shown(row: Record) -> Record:
        plain = showing.ticket(simulator, row, single=False, tags="tags" in names)
        return plain | showing.included(simulator, row, names)

    return paged(simulator, request, "tickets", rows, shown)


def _in_workspaces(simulator: FreshserviceSimulator, request: Request) -> Iterable[Record]:
    text = request.query.get("workspace_id", str(PRIMARY))
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise invalid("workspace_id", "It should be a Positive Integer", "datatype_mismatch")
    wanted = {int(part) for part in parts}
    return [row for row in simulator.data.tickets.values() if 0 in wanted or row["workspace_id"] in wanted]


def _listed(simulator: FreshserviceSimulator, query: Mapping[str, str], row: Record, since: datetime | None) -> bool:
    fits = {
        "": not row["spam"] and not row["deleted"],
        "new_and_my_open": not row["spam"] and not row["deleted"] and row["status"] == 2,
        "watching": False,
        "spam": row["spam"] and not row["deleted"],
        "deleted": row["deleted"],
    }
    recent = simulator.data.clock.stamp(simulator.data.clock.now() - FIRST_DAYS)
    timely = row["created_at"] >= recent if since is None else datetime.fromisoformat(row["updated_at"]) >= since
    requester = simulator.data.requesters.get(row["requester_id"], {})
    return bool(
        fits[query.get("filter", "")]
        and timely
        and query.get("type", row["type"]) == row["type"]
        and query.get("requester_id", str(row["requester_id"])) == str(row["requester_id"])
        and query.get("email", requester.get("primary_email")) == requester.get("primary_email")
    )


def filter_tickets(simulator: FreshserviceSimulator, request: Request) -> Reply:
    """By an index that may lag; a total and no Link header."""
    text = request.query.get("query", "")
    if len(text) > 514 or len(text) < 2 or text[0] != '"' or text[-1] != '"':
        raise invalid("query", "It should be a quoted text of at most 512 characters")
    page = _whole(request, "page", 1)
    if page > simulator.filter_pages:
        raise invalid("page", f"It should be at most {simulator.filter_pages}")
    visible = [row for row in simulator.data.tickets.values() if row["_indexed"]]
    visible = [row for row in visible if not row["spam"] and not row["deleted"]]
    rows = [row for row in visible if fitting(text[1:-1], row)]
    start = (page - 1) * simulator.filter_page
    shown = [showing.ticket(simulator, row, single=False) for row in rows[start : start + simulator.filter_page]]
    return Reply.of({"tickets": shown, "total": len(rows)})


def _found(simulator: FreshserviceSimulator, number: str) -> Record:
    """A ticket that exists; one made a moment ago may not be seen yet."""
    row = simulator.data.tickets.get(int(number))
    if row is None:
        raise not_found()
    if row["_early"] > 0:
        row["_early"] -= 1
        raise not_found()
    return row


def show_ticket(simulator: FreshserviceSimulator, request: Request, number: str) -> Reply:
    names, row = includes(request, _ONE_INCLUDES), _found(simulator, number)
    shown = showing.ticket(simulator, row, single=True, tags="tags" in names)
    return Reply.of({"ticket": shown | showing.included(simulator, row, names)})


def list_conversations(simulator: FreshserviceSimulator, request: Request, number: str) -> Reply:
    row = _found(simulator, number)
    rows = sorted(
        simulator.data.conversations_of(row["id"]),
        key=lambda one: (one["created_at"], one["id"]),
        reverse=simulator.conversation_order == "desc",
    )
    if simulator.conversation_order == "shuffled":
        random.Random(row["id"]).shuffle(rows)  # noqa: S311 — an order, no secret
    return paged(simulator, request, "conversations", rows, lambda one: showing.conversation(simulator, one))


def list_activities(simulator: FreshserviceSimulator, request: Request, number: str) -> Reply:
    row = _found(simulator, number)
    return Reply.of({"activities": [{"content": "created the ticket", "created_at": row["created_at"]}]})


# --- everything else ------------------------------------------------------------------------------------------------


def form(simulator: FreshserviceSimulator, request: Request) -> Reply:
    workspace = _whole(request, "workspace_id", PRIMARY)
    fields = form_fields(workspace=workspace if simulator.fields_per_workspace else PRIMARY)
    return Reply.of({simulator.form_fields_key: fields})


def show_attachment(simulator: FreshserviceSimulator, request: Request, number: str) -> Reply:
    file = simulator.data.files.get(int(number))
    if file is None or not simulator.attachment_route:
        raise not_found()
    return Reply(302, headers={"Location": simulator.files.address_of(file)})


def _of(kind: str) -> Callable[[FreshserviceSimulator, Request], Reply]:
    def listed(simulator: FreshserviceSimulator, request: Request) -> Reply:
        return paged(simulator, request, kind, list(getattr(simulator.data, kind).values()))

    return listed


def _one_of(kind: str) -> Callable[[FreshserviceSimulator, Request, str], Reply]:
    def shown(simulator: FreshserviceSimulator, request: Request, number: str) -> Reply:
        found = getattr(simulator.data, kind).get(int(number))
        if found is None and kind == "requesters" and simulator.agents_are_requesters:
            agent = simulator.data.agents.get(int(number))
            found = agent and {**agent, "primary_email": agent["email"], "is_agent": True}
        if found is None:
            raise not_found()
        return Reply.of({kind.removesuffix("s"): found})

    return shown


Route = tuple[str, str, Callable[..., Reply]]
ROUTES: tuple[Route, ...] = (
    ("GET", "/tickets", list_tickets),
    ("GET", "/tickets/filter", filter_tickets),
    ("GET", "/tickets/([0-9]+)", show_ticket),
    ("GET", "/tickets/([0-9]+)/conversations", list_conversations),
    ("GET", "/tickets/([0-9]+)/activities", list_activities),
    ("GET", "/ticket_form_fields", form),
    ("GET", "/attachments/([0-9]+)", show_attachment),
    *(("GET", f"/{kind}", _of(kind)) for kind in ("agents", "requesters", "groups", "workspaces")),
    *(("GET", f"/{kind}/([0-9]+)", _one_of(kind)) for kind in ("agents", "requesters", "groups", "workspaces")),
)
