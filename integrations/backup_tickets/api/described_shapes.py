"""What several parts of the API's description are made of."""

from __future__ import annotations

from typing import Any

STATUSES = ["success", "warning", "error", "missed"]
CHALLENGE = {"WWW-Authenticate": {"schema": {"type": "string"}}}


def problem(description: str, **more: Any) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    } | more


TIME = {
    "type": "string",
    "format": "date-time",
    "description": "ISO 8601. Without an offset it is taken in the client's time zone.",
    "examples": ["2026-01-31T22:00:00+01:00"],
}
RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait before sending again."}}
