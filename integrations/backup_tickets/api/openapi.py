"""The OpenAPI 3.1 description of the API, written by hand so that it says what the code promises and no more."""

from __future__ import annotations

from typing import Any

from integrations.backup_tickets.reports import MESSAGE_LIMIT, OBJECTS_LIMIT, REMARK_LIMIT

from .described_reading import READ_LINKS, READ_RUNS, READ_SCHEMAS
from .described_shapes import CHALLENGE, RETRY_AFTER, STATUSES, TIME, problem


def _text(limit: int, description: str, *, required: bool = False) -> dict[str, Any]:
    return {"type": "string", "maxLength": limit, "description": description} | ({"minLength": 1} if required else {})


SCHEMAS: dict[str, Any] = {
    "RunObject": {
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "status"],
        "properties": {
            "name": _text(300, "What was backed up: a machine, a disk, a mailbox.", required=True),
            "status": {"type": "string", "enum": STATUSES},
            "message": _text(MESSAGE_LIMIT, "What the backup product said about it."),
        },
    },
    "Run": {
        "type": "object",
        "additionalProperties": False,
        "required": ["external_id", "customer", "job", "status", "started_at"],
        "properties": {
            "external_id": _text(200, "The sender's own id; the same id again updates the run.", required=True),
            "customer": _text(200, "The organisation whose backup it is.", required=True),
            "job": _text(200, "The backup job's name.", required=True),
            "backup_type": _text(100, "The backup product or kind."),
            "status": {"type": "string", "enum": STATUSES},
            "started_at": TIME,
            "finished_at": {"anyOf": [TIME, {"type": "null"}]},
            "remark": _text(REMARK_LIMIT, "The overall remark."),
            "objects": {
                "type": "array",
                "maxItems": OBJECTS_LIMIT,
                "items": {"$ref": "#/components/schemas/RunObject"},
            },
        },
    },
    "Result": {
        "type": "object",
        "required": ["created", "updated", "unchanged", "errors"],
        "properties": {
            "created": {"type": "integer", "minimum": 0},
            "updated": {"type": "integer", "minimum": 0},
            "unchanged": {"type": "integer", "minimum": 0},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/ItemError"}},
        },
    },
    "ItemError": {
        "type": "object",
        "required": ["index", "field", "message"],
        "properties": {
            "index": {"type": "integer", "minimum": 0, "description": "The item's place in the list, from 0."},
            "field": {"type": "string"},
            "message": {"type": "string", "description": "What is wrong and how to correct it."},
        },
    },
    "Problem": {
        "type": "object",
        "required": ["error"],
        "properties": {"error": {"type": "string", "description": "What is wrong and how to correct it."}},
    },
}


def _result(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Result"}}},
    }


def description(*, items: int, size: int) -> dict[str, Any]:
    """The whole document. `items` and `size` (bytes) are the limits of one call."""
    run = {"$ref": "#/components/schemas/Run"}
    runs = {"type": "array", "minItems": 1, "maxItems": items, "items": run}
    wrapped = {"type": "object", "additionalProperties": False, "required": ["runs"], "properties": {"runs": runs}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Integration portal: backup runs and their tickets",
            "version": "1",
            "description": (
                "Report backup runs, and read what became of them. A token either sends runs or reads. "
                "Sending the same run again is safe: it is recognised by the client and its "
                f"`external_id`. One call carries at most {items:,} runs and {size // 1_000_000} MB."
            ),
        },
        "paths": {
            "/api/v1/links": {"get": READ_LINKS},
            "/api/v1/runs": {
                "get": READ_RUNS,
                "post": {
                    "operationId": "postRuns",
                    "summary": "Report backup runs",
                    "security": [{"token": []}],
                    "requestBody": {
                        "required": True,
                        "content": {"application/json": {"schema": {"anyOf": [wrapped, runs, run]}}},
                    },
                    "responses": {
                        "200": _result("At least one run was taken; `errors` names the others."),
                        "400": problem("The body is not JSON; the answer says where."),
                        "401": problem("No token, or not a valid one.", headers=CHALLENGE),
                        "403": problem("The token is one that reads.", headers=CHALLENGE),
                        "413": problem("Too large; send it in several calls."),
                        "415": problem("The content type is not application/json, or the body is encoded."),
                        "422": _result("No run was taken; `errors` says why."),
                        "503": problem("The portal is in trouble; send the same again later.", headers=RETRY_AFTER),
                    },
                },
            },
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": SCHEMAS | READ_SCHEMAS,
        },
    }
