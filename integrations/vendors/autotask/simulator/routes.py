"""The addresses of Autotask's API, and what it answers where there is nothing to do."""

from __future__ import annotations

import re
from dataclasses import dataclass

from integrations.vendors.simulation import Reply, Request

_PATTERN = re.compile(r"(?:/(?P<zone>\w+))?/atservicesrest/v1\.0/(?P<entity>[a-z]+)(?:/(?P<rest>.*))?", re.IGNORECASE)


def errors(sentence: str, *, status: int = 500) -> Reply:
    return Reply.of({"errors": [sentence]}, status=status)


def message(sentence: str, *, status: int) -> Reply:
    return Reply.of({"message": sentence}, status=status)


def wrong_verb(request: Request) -> Reply:
    return message(f"The requested resource does not support http method '{request.method}'.", status=405)


def nowhere() -> Reply:
    return message("No HTTP resource was found that matches the request URI.", status=404)


@dataclass(frozen=True, slots=True)
class Address:
    zone: str
    entity: str  # lower case
    rest: str  # lower case, without the slash


def address_in(path: str) -> Address | None:
    found = _PATTERN.fullmatch(path)
    if found is None:
        return None
    return Address(found["zone"] or "", found["entity"].lower(), (found["rest"] or "").lower())
