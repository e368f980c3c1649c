"""How much is asked of a firm's server, and how long a text may be. No source names a limit: all of it is a setting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.vendors import Limits

IN_FLIGHT = 2  # it is a law firm's own server
CALLS_A_MINUTE = "120"
LONGEST_TEXT = "500"
API = "api"


def endpoint_of(method: str, path: str) -> str:
    """The budget of a call: that of the API, or of the configurator and the login, which are other hosts."""
    return "login" if path.endswith(("/api/Url", "/api/v1/Token")) else API


def limits_for(settings: Mapping[str, Any]) -> Limits:
    return Limits(IN_FLIGHT, calls_per_minute={"all": _number(settings.get("calls_per_minute"), CALLS_A_MINUTE)})


def longest_text(settings: Mapping[str, Any]) -> int:
    """Characters of a value or a remark."""
    return _number(settings.get("longest_text"), LONGEST_TEXT)


def _number(given: Any, default: str) -> int:
    text = str(given or "").strip()
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 7 and int(text) > 0 else int(default)
