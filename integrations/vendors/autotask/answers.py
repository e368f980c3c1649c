"""What Autotask's refusals mean: one table from its sentences and statuses to the portal's errors.

Of a write the portal must know whether it happened. Autotask's word for "nothing was done" is an `errors` array under
400, 422 or 500; 429, 502–504 and a 200 that is not what was promised leave it open (UnknownOutcomeError).
"""

from __future__ import annotations

import re
from typing import Any

from integrations.texts import gettext as _
from integrations.transport.answers import TEMPORARY_STATUSES, raise_for_status
from integrations.transport.errors import (
    ConfigurationError,
    MalformedResponseError,
    NotFoundError,
    RejectedError,
    TemporaryError,
    UnknownOutcomeError,
    VendorError,
)
from integrations.transport.session import Answer

# Unverified: the wording, and the status it comes with, of the hourly quota. Threads: seen live, under any status.
_LIMITS = re.compile(r"thread threshold|Itgenatr005|request threshold|threshold .*exceeded", re.IGNORECASE | re.DOTALL)
_SETTINGS = re.compile(
    r"adequate permissions|IntegrationCode is invalid|Picklist value .* does not exist", re.IGNORECASE | re.DOTALL
)
_GONE = re.compile(r"No matching records found", re.IGNORECASE)  # a write to a missing record; wording unverified
_SPEAKING = frozenset({400, 422, 500})  # with an errors array: read, judged, and not carried out
LIMIT = 500  # characters of the vendor's sentences


def problem_in(answer: Answer) -> str:
    """The vendor's own sentences, joined; "" when the body carries no `errors`."""
    try:
        body: Any = answer.json()
    except MalformedResponseError:
        return ""
    errors = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(errors, list):
        return ""
    return answer.quote(" ".join(str(one) for one in errors if one), LIMIT)


def unknown(answer: Answer) -> UnknownOutcomeError:
    return UnknownOutcomeError(
        _("Autotask answered {status} to a write in a way that does not tell whether it was carried out.").format(
            status=answer.status
        ),
        status=answer.status,
        excerpt=answer.excerpt(),
    )


def refuse(answer: Answer, *, safe: bool) -> None:
    """Raise what the answer means unless it is a good one."""
    status, said = answer.status, problem_in(answer)
    if status == 401:
        raise ConfigurationError(
            _(
                "Autotask refused the credentials (401): check username, secret and tracking identifier, whether the "
                "API user is locked in Autotask, and whether it was made less than five minutes ago."
            ),
            status=status,
        )
    if said and status in TEMPORARY_STATUSES and safe:
        raise TemporaryError(f"Autotask: {said}", retry_after=answer.retry_after(), status=status)
    if 200 <= status < 300 and said:
        # A write's 200 that carries errors, perhaps beside the id of a new record, tells nothing for certain.
        raise _meaning(answer, said) if safe else unknown(answer)
    limited = _LIMITS.search(said) is not None and 400 <= status < 500 and status not in TEMPORARY_STATUSES
    if said and (status in _SPEAKING or limited):
        raise _meaning(answer, said)
    if status in (404, 410):
        raise _missing(answer, safe=safe)
    raise_for_status(answer, safe=safe)


def _meaning(answer: Answer, said: str) -> VendorError:
    if _LIMITS.search(said):
        return TemporaryError(f"Autotask: {said}", retry_after=answer.retry_after(), status=answer.status)
    if _SETTINGS.search(said):
        return ConfigurationError(f"Autotask: {said}", status=answer.status)
    if _GONE.search(said):
        return NotFoundError(f"Autotask: {said}", status=answer.status)
    return RejectedError(f"Autotask: {said}", status=answer.status)


def _missing(answer: Answer, *, safe: bool) -> VendorError:
    if safe:
        return NotFoundError(
            _("Autotask does not have what was asked for ({status}).").format(status=answer.status),
            status=answer.status,
        )
    # A new record has no address that could be missing: it is the API itself that is not there.
    return ConfigurationError(
        _(
            "Autotask has no API at the address of this call ({status}); nothing was created. Test the connection."
        ).format(status=answer.status),
        status=answer.status,
    )
