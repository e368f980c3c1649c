"""What Advoware's answers mean: from its statuses and German phrases to the portal's errors.

No source shows the shape of an error, so a status is judged first and a phrase is looked for in whatever came. Nothing
of a good answer is ever quoted: it would show a law firm's client. Source: fact sheet, sections 2, 5 and 9.
"""

from __future__ import annotations

import json
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
)
from integrations.transport.session import Answer

LIMIT = 300  # characters of the vendor's sentences
_OFFLINE = re.compile(r"nicht angemeldet", re.IGNORECASE)
_NOT_ENABLED = re.compile(r"freigeschaltet", re.IGNORECASE)
_UNKNOWN = re.compile(r"nicht registriert", re.IGNORECASE)
_WRONG_PASSWORD = re.compile(r"falsches Kennwort|Kennwort ung", re.IGNORECASE)
_SENTENCES = ("message", "detail", "title", "error_description", "error")
_REFUSALS = frozenset({400, 413, 422})


class Offline(TemporaryError):
    """The firm's own program (advoware Manager) is not signed in, as at night: it passes, perhaps after hours."""


class WrongPassword(ConfigurationError):
    """The employee's code or password is wrong. Tried again and again, it may lock the employee out."""


class NotAllowed(ConfigurationError):
    """The employee, or this program, may not do this (403); it may be a matter of this one party."""


class TooLong(RejectedError):
    """The text is longer than this connection allows; nothing was sent."""


def said_in(answer: Answer) -> str:
    """The vendor's own sentence, of JSON or plain text; "" for a page or nothing."""
    text = answer.body.decode("utf-8", "replace").strip()
    try:
        body: Any = json.loads(text)
    except (ValueError, RecursionError):
        body = "" if text.startswith("<") else text
    if isinstance(body, dict):
        known = {str(name).lower(): value for name, value in body.items()}
        body = next((known[name] for name in _SENTENCES if isinstance(known.get(name), str)), "")
    return answer.quote(" ".join(body.split()), LIMIT) if isinstance(body, str) else ""


def is_offline(answer: Answer) -> bool:
    """Whether the vendor says that the firm is not signed in; under a good status only where nothing else is said."""
    speaks = answer.status >= 400 or not answer.body.lstrip().startswith((b"{", b"["))
    return speaks and _OFFLINE.search(said_in(answer)) is not None


def offline(answer: Answer) -> Offline:
    return Offline(
        _(
            "The firm's Advoware is not signed in at the vendor's: its advoware Manager does not run, or its server is "
            "switched off. Nothing was carried out; it is tried again later."
        ),
        status=answer.status,
    )


def refuse_login(answer: Answer, *, clock: str) -> None:
    """Raise what an answer to a login means unless it may hold a token. `clock` says how far the two clocks differ."""
    status = answer.status
    if 200 <= status < 300 and b"access_token" in answer.body:
        return
    said = said_in(answer)
    if status in TEMPORARY_STATUSES and not _OFFLINE.search(said):
        raise_for_status(answer, safe=True)
    if _OFFLINE.search(said):
        raise offline(answer)
    if _NOT_ENABLED.search(said):
        raise ConfigurationError(
            _(
                "This App-ID or employee is not enabled for the firm: have the vendor enable it. Advoware: {said}"
            ).format(said=said),
            status=status,
        )
    if _UNKNOWN.search(said):
        raise ConfigurationError(
            _("Advoware does not know this firm or database: check both on the connection. Advoware: {said}").format(
                said=said
            ),
            status=status,
        )
    if _WRONG_PASSWORD.search(said):
        raise WrongPassword(
            _(
                "Advoware refused the employee's code or password: enter both again. Repeated tries may lock the "
                "employee."
            ),
            status=status,
        )
    if 400 <= status < 500:
        raise ConfigurationError(
            _(
                "Advoware refused the login ({status}): check App-ID, API key, firm, database and employee. {clock} "
                "{said}"
            )
            .format(status=status, clock=clock, said=said)
            .strip(),
            status=status,
        )
    raise_for_status(answer, safe=True)


def refuse(answer: Answer, *, safe: bool, missing: str) -> None:
    """Raise what an answer of the API means unless it is a good one.

    `missing` says what does not exist where the answer is 404 ("party 12").
    """
    status = answer.status
    if is_offline(answer) and (safe or (400 <= status < 500 and status not in TEMPORARY_STATUSES)):
        raise offline(answer)
    if 200 <= status < 300:
        return
    said = said_in(answer)
    if status == 401:
        raise ConfigurationError(
            _(
                "Advoware refuses a token that it has just given (401): have the vendor look whether the App-ID is "
                "enabled for this firm and its API. {said}"
            )
            .format(said=said)
            .strip(),
            status=status,
        )
    if status == 403:
        raise NotAllowed(
            _("Advoware does not allow this to the connection's employee (403). {said}").format(said=said).strip(),
            status=403,
        )
    if status in (404, 410):
        raise NotFoundError(
            _("Advoware does not have {missing} ({status}).").format(missing=missing, status=status), status=status
        )
    if said and status in _REFUSALS:
        raise RejectedError(_("Advoware: {said}").format(said=said), status=status)
    raise_for_status(answer, safe=safe)


def object_in(answer: Answer) -> dict[str, Any]:
    """The object of a good answer, its names in lower case; a list of one counts as that one.

    Raises MalformedResponseError, without an excerpt.
    """
    try:
        body, why = answer.json(), "It is not the one object that was asked for."
    except MalformedResponseError as broken:
        body, why = None, broken.message
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if isinstance(body, dict):
        return lowered(body)
    raise MalformedResponseError(_("Advoware's answer cannot be used. {why}").format(why=why), status=answer.status)


def lowered(members: dict[str, Any]) -> dict[str, Any]:
    """The same with names in lower case: how Advoware spells them is not verified. Of two the first counts."""
    found: dict[str, Any] = {}
    for name, value in members.items():
        found.setdefault(name.lower(), value)
    return found
