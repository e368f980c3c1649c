"""What Autotask's refusals mean: one table from its sentences and statuses to the portal's errors."""

from __future__ import annotations

import re
from typing import Any

from integrations.transport.answers import raise_for_status
from integrations.transport.errors import (
    ConfigurationError,
    MalformedResponseError,
    NotFoundError,
    RejectedError,
    TemporaryError,
    UnknownOutcomeError,
)
from integrations.transport.session import Answer

_THREADS = re.compile(r"thread threshold|Itgenatr005", re.IGNORECASE)
_SETTINGS = re.compile(
    r"adequate permissions|IntegrationCode is invalid|Picklist value .* does not exist", re.IGNORECASE | re.DOTALL
)
LIMIT = 500


def problem_in(answer: Answer) -> str:
    """The vendor's own sentences, joined; "" when the body carries no `errors`."""
    try:
        body: Any = answer.json()
    except MalformedResponseError:
        return ""
    errors = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(errors, list):
        return ""
    return " ".join(str(one) for one in errors if one)[:LIMIT]


def unknown(answer: Answer) -> UnknownOutcomeError:
    return UnknownOutcomeError(
        f"Autotask answered {answer.status} to a write in a way that does not tell whether it was carried out.",
        status=answer.status,
        excerpt=answer.excerpt(),
    )


def refuse(answer: Answer, *, safe: bool) -> None:
    """Raise what the answer means unless it is a good one."""
    status, said = answer.status, problem_in(answer)
    if _THREADS.search(said):
        if not safe:
            raise unknown(answer)
        raise TemporaryError(f"Autotask: {said}", retry_after=answer.retry_after(), status=status)
    if status == 401:
        raise ConfigurationError(
            "Autotask refused the credentials (401): check username, secret and tracking identifier, whether the API "
            "user is locked in Autotask, and whether it was made less than five minutes ago.",
            status=status,
        )
    if said and _SETTINGS.search(said):
        raise ConfigurationError(f"Autotask: {said}", status=status)
    if said and (status in (200, 400, 500)):
        # A 200 that carries errors besides the id of a new record: the record exists.
        if status == 200 and not safe:
            raise unknown(answer)
        raise RejectedError(f"Autotask: {said}", status=status)
    if status == 404:
        raise NotFoundError("Autotask does not have what was asked for (404).", status=status)
    raise_for_status(answer, safe=safe)
