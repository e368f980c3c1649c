"""What Freshservice's answers mean: from its statuses and sentences to the portal's errors.

Bodies of errors come in three shapes and sometimes not at all: `{"description", "errors": [{"field", "message",
"code"}]}`, `{"code", "message"}`, `{"message"}`; a 404 has none. Source: recorded answers (fact sheet, section 9).
"""

from __future__ import annotations

from typing import Any

from integrations.texts import gettext as _
from integrations.transport.answers import raise_for_status
from integrations.transport.errors import (
    ConfigurationError,
    MalformedResponseError,
    NotFoundError,
    RejectedError,
    TemporaryError,
)
from integrations.transport.session import Answer

LIMIT = 500  # characters of the vendor's sentences


class ExpiredUrl(TemporaryError):
    """The signed address of a file has expired: read its ticket or conversations again, and take the new one."""


class TooLarge(RejectedError):
    """The file is larger than this connection allows."""


class ForeignPicture(RejectedError):
    """A picture in the HTML lies where this connection may not fetch files: a matter of this text alone."""


class OtherWorkspace(RejectedError):
    """The ticket belongs to a workspace that this connection does not read."""


def said_in(answer: Answer) -> str:
    """The vendor's own sentences, of a validation with the names of the fields; "" when the body has none."""
    try:
        body: Any = answer.json()
    except MalformedResponseError:
        return ""
    if not isinstance(body, dict):
        return ""
    errors = body.get("errors")
    parts = [_problem(one) for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    first = next((body[name] for name in ("description", "message", "code") if isinstance(body.get(name), str)), "")
    return answer.quote(": ".join(part for part in (first, "; ".join(filter(None, parts))) if part), LIMIT)


def _problem(error: dict[str, Any]) -> str:
    words = [error.get(name) for name in ("field", "message", "code")]
    field, message, code = (word if isinstance(word, str) else "" for word in words)
    return " ".join(part for part in (field, message or code) if part)


def refuse(answer: Answer, *, missing: str) -> None:
    """Raise what the answer means unless it is a good one.

    `missing` says what does not exist where the answer is 404 ("ticket 12"); empty for an address that always exists.
    """
    status, said = answer.status, said_in(answer)
    if status == 401:
        raise ConfigurationError(
            _("Freshservice refused the API key (401): enter it again, and see whether its agent is still active."),
            status=status,
        )
    if status == 403:
        raise ConfigurationError(
            _("The agent of the API key lacks a permission in Freshservice (403). {said}").format(said=said).strip(),
            status=status,
        )
    if status == 404 and missing:
        raise NotFoundError(_("Freshservice does not have {missing} (404).").format(missing=missing), status=status)
    if status == 404:
        raise ConfigurationError(
            _(
                "Freshservice has no API at the address of this connection (404): enter the site itself, such as "
                "https://example.freshservice.com, not an address of your own that leads there."
            ),
            status=status,
        )
    if status == 429:
        raise TemporaryError(
            _("Freshservice's limit of calls a minute is used up. {said}").format(said=said).strip(),
            retry_after=answer.retry_after(),
            status=status,
        )
    if status == 405:  # also the word for a ticket that is deleted, spam or locked; never "wrong address"
        raise RejectedError(
            _("Freshservice does not allow this here (405). {said}").format(said=said).strip(), status=status
        )
    if said and 400 <= status < 500 and status not in (408, 425):
        raise RejectedError(f"Freshservice: {said}", status=status)
    raise_for_status(answer, safe=True)


def inside(answer: Answer, *envelopes: str) -> Any:
    """What the first of these envelopes holds. Raises MalformedResponseError: never taken for "nothing there"."""
    body = answer.json()
    for name in envelopes:
        if isinstance(body, dict) and name in body:
            return body[name]
    raise MalformedResponseError(
        _("Freshservice's answer has no {envelope}.").format(envelope=envelopes[0]),
        status=answer.status,
        excerpt=answer.excerpt(),
    )


def rows_in(answer: Answer, *envelopes: str) -> list[Any]:
    """The same for a list."""
    rows = inside(answer, *envelopes)
    if not isinstance(rows, list):
        raise MalformedResponseError(
            _("Freshservice's answer has something else than a list of {envelope}.").format(envelope=envelopes[0]),
            status=answer.status,
        )
    return rows
