"""The part of the description that is about reading: parameters, pages, and what a run, a link and a ticket hold."""

from __future__ import annotations

from typing import Any

from integrations.backup_tickets.checks_list import TICKET
from integrations.backup_tickets.models import Ticket, TicketLink

from .described_shapes import CHALLENGE, RETRY_AFTER, STATUSES, problem
from .reading import DEFAULT_LIMIT, LARGEST_LIMIT, LONGEST

TEXT: dict[str, Any] = {"type": "string"}
INSTANT: dict[str, Any] = {"type": "string", "format": "date-time"}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


_LINK = {
    "state": {
        "type": "string",
        "enum": list(TicketLink.State.values),
        "description": "creating and unknown: being checked; abandoned: not created, `cause` says why.",
    },
    "cause": TEXT,
    "origin": {"type": "string", "enum": list(TicketLink.Origin.values)},
    "created_at": INSTANT,
    "ticket": _or_null(_ref("Ticket")),
}
READ_SCHEMAS: dict[str, Any] = {
    "Ticket": _object(
        {
            "id": {"type": "integer", "description": "Autotask's own id."},
            "number": TEXT,
            "url": TEXT,
            "title": TEXT,
            "status": TEXT | {"description": "Autotask's label of it, as last read."},
            "state": {"type": "string", "enum": list(Ticket.State.values)},
            "read_at": _or_null(INSTANT),
        }
    ),
    "LinkOfRun": _object(_LINK),
    "Link": _object({"external_id": TEXT, "url": TEXT | {"description": "The run's page."}, **_LINK}),
    "KnownRun": _object(
        {
            "external_id": TEXT,
            "customer": TEXT,
            "job": TEXT,
            "backup_type": TEXT,
            "status": {"type": "string", "enum": STATUSES},
            "started_at": INSTANT,
            "finished_at": _or_null(INSTANT),
            "received_at": INSTANT,
            "remark": TEXT,
            "needs_attention": {"type": "boolean"},
            "superseded": {"type": "boolean", "description": "A later run of the same job succeeded."},
            "reviewed_at": _or_null(INSTANT),
            "review_reason": TEXT,
            "manual_ticket_number": TEXT,
            "url": TEXT | {"description": "The run's page."},
            "link": _or_null(_ref("LinkOfRun")),
        }
    ),
}


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def _text(name: str, description: str) -> dict[str, Any]:
    return _parameter(name, {"type": "string", "minLength": 1, "maxLength": LONGEST}, description)


def _choice(name: str, values: list[str], description: str) -> dict[str, Any]:
    return _parameter(name, {"type": "string", "enum": values}, description)


def _paging(times: str) -> list[dict[str, Any]]:
    limit = {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT}
    return [
        _parameter("since", INSTANT, f"{times} then or later."),
        _parameter("until", INSTANT, f"{times} before then."),
        _parameter("limit", limit, "How many on a page."),
        _parameter("cursor", {"type": "string", "minLength": 1}, "`next` of the page before."),
    ]


def _page(operation: str, summary: str, name: str, item: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    rows = {"type": "array", "maxItems": LARGEST_LIMIT, "items": _ref(item)}
    body = _object({name: rows, "next": _or_null(TEXT | {"description": "The cursor of the next page; null: none."})})
    return {
        "operationId": operation,
        "summary": summary,
        "security": [{"token": []}],
        "parameters": parameters,
        "responses": {
            "200": {"description": "A page, newest first.", "content": {"application/json": {"schema": body}}},
            "400": problem("A parameter is unknown, given twice or not understood."),
            "401": problem("No token, or not a valid one.", headers=CHALLENGE),
            "403": problem("The token is one that sends runs.", headers=CHALLENGE),
            "503": problem("The portal is in trouble; ask again later.", headers=RETRY_AFTER),
        },
    }


READ_RUNS = _page(
    "getRuns",
    "Read runs, each with its ticket",
    "runs",
    "KnownRun",
    [
        _choice("status", STATUSES, "Of the run."),
        _text("customer", "The customer's whole name."),
        _text("job", "The job's whole name."),
        _text("external_id", "The sender's own id."),
        _choice("needs_attention", ["true", "false"], "Whether somebody has to look at it."),
        _choice("ticket", list(TICKET), "The state of its ticket."),
        *_paging("Started"),
    ],
)
READ_LINKS = _page(
    "getLinks",
    "Read ticket links, past ones too",
    "links",
    "Link",
    [
        _choice("state", list(TicketLink.State.values), "Of the link."),
        _text("number", "The ticket's whole number."),
        _text("external_id", "Of the run."),
        *_paging("Made"),
    ],
)
