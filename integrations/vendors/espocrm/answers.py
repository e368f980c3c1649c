"""What EspoCRM's answers mean: from its statuses and the header X-Status-Reason to the portal's errors.

Strange and dealt with here: a 400 names a field and never which of its values; 409 means two things, told apart by the
header; a 403 with neither body nor reason is no missing right but the block after too many failed logins, and a valid
key gets it too; broken JSON is answered with 500. Bodies hold people's addresses, so none is quoted. Source: fact
sheet, sections 1, 6 and 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from integrations.texts import gettext as _
from integrations.transport.answers import TEMPORARY_STATUSES, raise_for_status
from integrations.transport.errors import (
    ConfigurationError,
    ConflictError,
    MalformedResponseError,
    NotFoundError,
    RejectedError,
    TemporaryError,
    UnknownOutcomeError,
)
from integrations.transport.session import Answer

REASON = "X-Status-Reason"
BLOCKED_FOR = 60.0  # seconds, as EspoCRM is set up from the start (authFailedAttemptsPeriod)
LIMIT = 300  # characters of the vendor's sentence
_MOST_IDS = 20  # of doubles that are named


class Blocked(TemporaryError):
    """Too many logins from this address failed, whoever's they were: every call is refused for a minute."""


class NotAllowed(ConfigurationError):
    """The role of the API user does not include this."""


class Invalid(RejectedError):
    """A field has a value that EspoCRM refuses; nothing was stored. `kind` is valid, required, maxCount…"""

    def __init__(self, message: str, field: str, kind: str) -> None:
        super().__init__(message, status=400)
        self.field, self.kind = field, kind


class Duplicate(RejectedError):
    """There are such records already: of the same name or with one of the addresses."""

    def __init__(self, message: str, ids: tuple[str, ...]) -> None:
        super().__init__(message, status=409)
        self.ids = ids


class Modified(ConflictError):
    """The record has another version than the one that the write was made for: read it again. `version` is its own."""

    def __init__(self, message: str, version: int | None) -> None:
        super().__init__(message, status=409)
        self.version = version


class NotReadBack(UnknownOutcomeError):
    """EspoCRM took the write, and the read after it failed: how it stored it is not known. `id` is the record's."""

    def __init__(self, message: str, record_id: str) -> None:
        super().__init__(message)
        self.id = record_id


def refuse(answer: Answer, *, safe: bool, missing: str) -> None:
    """Raise what the answer means unless it is a good one. `missing` says what was asked for ("the party 6b02…")."""
    status = answer.status
    if 200 <= status < 300:
        return
    reason = answer.quote(answer.headers.get(REASON, "").strip(), LIMIT)
    if status == 400:
        _refuse_values(answer, reason)
    if status == 401:
        raise ConfigurationError(
            _(
                "EspoCRM refused the API key (401): enter it again, see whether its user is active, and whether its "
                "method is API Key or HMAC: a secret key belongs to HMAC alone."
            ),
            status=status,
        )
    if status == 403:
        _refuse_access(answer, reason)
    if status == 404:
        _refuse_missing(answer, reason, missing)
    if status == 409:
        _refuse_conflict(answer, reason, missing)
    if 400 <= status < 500 and status not in (407, *TEMPORARY_STATUSES):
        said = reason or _("refused without a word")
        raise RejectedError(f"EspoCRM: {said} ({status})", status=status)
    raise_for_status(answer, safe=safe)


def _refuse_values(answer: Answer, reason: str) -> NoReturn:
    body = _body_or_none(answer)
    told = body.get("messageTranslation") if isinstance(body, dict) else None
    data = told.get("data") if isinstance(told, dict) else None
    if isinstance(data, dict) and isinstance(data.get("field"), str):
        field, kind = answer.quote(data["field"], 100), answer.quote(str(data.get("type")), 100)
        raise Invalid(
            _("EspoCRM refuses a value of the field {field} ({kind}); nothing was stored.").format(
                field=field, kind=kind
            ),
            field,
            kind,
        )
    if reason.startswith("Not existing attribute"):
        raise ConfigurationError(
            _("EspoCRM: {reason} Check the entity and the field of the party number on the connection.").format(
                reason=reason
            ),
            status=400,
        )
    said = reason or _("refused without a word")
    raise RejectedError(f"EspoCRM: {said} (400)", status=400)


def _refuse_access(answer: Answer, reason: str) -> NoReturn:
    if not reason and not answer.body.strip():
        raise Blocked(
            _(
                "EspoCRM refuses every call from here for a minute, because too many logins failed (403): see that no "
                "program shows it a wrong key. If it goes on for longer, the role of the API user lacks a right."
            ),
            retry_after=BLOCKED_FOR,
            status=403,
        )
    if reason.startswith("Max size"):
        raise RejectedError(f"EspoCRM: {reason} (403)", status=403)
    raise NotAllowed(
        _("EspoCRM does not allow this to the API user (403): {reason} See its role.").format(
            reason=reason or _("it does not say why.")
        ),
        status=403,
    )


def _refuse_missing(answer: Answer, reason: str, missing: str) -> NoReturn:
    if reason.startswith("Controller"):
        raise ConfigurationError(
            _("EspoCRM: {reason} Check the entity on the connection; those of your own begin with a C.").format(
                reason=reason
            ),
            status=404,
        )
    if not reason and "json" not in answer.headers.get("Content-Type", ""):
        raise ConfigurationError(
            _(
                "There is no EspoCRM at the address of this connection (404): enter the site, the address at which "
                "people open it."
            ),
            status=404,
        )
    raise NotFoundError(_("EspoCRM does not have {missing} (404).").format(missing=missing), status=404)


def _refuse_conflict(answer: Answer, reason: str, missing: str) -> NoReturn:
    body = _body_or_none(answer)
    if isinstance(body, list):
        given = [one.get("id") for one in body[:_MOST_IDS] if isinstance(one, dict)]
        ids = tuple(answer.quote(one, 40) for one in given if isinstance(one, str))
        raise Duplicate(
            _("EspoCRM has such a record already ({ids}): of the same name or with the same address.").format(
                ids=", ".join(ids)
            ),
            ids,
        )
    if reason == "modified":
        version = body.get("versionNumber") if isinstance(body, dict) else None
        raise Modified(
            _("Somebody else changed {missing} in EspoCRM meanwhile; read it again.").format(missing=missing),
            version if type(version) is int else None,
        )
    said = reason or _("a conflict, without a word")
    raise ConflictError(f"EspoCRM: {said} (409)", status=409)


def _body_or_none(answer: Answer) -> Any:
    try:
        return answer.json()
    except MalformedResponseError:
        return None


def body_of(answer: Answer) -> Any:
    """The JSON of an answer. Raises MalformedResponseError without a quotation of it."""
    try:
        return answer.json()
    except MalformedResponseError as broken:
        sentence = broken.message
    raise MalformedResponseError(sentence, status=answer.status)


def object_of(answer: Answer) -> dict[str, Any]:
    """The same for an object."""
    body = body_of(answer)
    if not isinstance(body, dict):
        raise MalformedResponseError(_("EspoCRM answered with something else than an object."), status=answer.status)
    return body


@contextmanager
def whose_answer_counts(what: str) -> Iterator[None]:
    """An answer to a write that cannot be used says nothing about the write: UnknownOutcomeError."""
    try:
        yield
        return
    except MalformedResponseError as broken:
        why = broken.message
    raise UnknownOutcomeError(
        _("EspoCRM accepted {what}, and its answer cannot be used: {why}.").format(what=what, why=why.rstrip("."))
    )
