"""An HTTP answer that arrived whole, and what its status means."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from integrations.texts import gettext as _
from integrations.transport.errors import (
    ConfigurationError,
    ConflictError,
    MalformedResponseError,
    NotFoundError,
    RejectedError,
    TemporaryError,
    UnknownOutcomeError,
)
from integrations.transport.redaction import Redactor

EXCERPT_LIMIT = 300
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
TEMPORARY_STATUSES = frozenset({408, 425, 429, 502, 503, 504})


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("one object names a member twice")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is beyond every range")
    return number


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


@dataclass(frozen=True, slots=True)
class Answer:
    """Any HTTP answer that arrived whole, whatever its status. `headers` are found in any spelling of their case.

    `repr` shows the status alone: bodies and URLs may hold what is private.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    url: str = field(repr=False)
    _redactor: Redactor = field(default_factory=Redactor, repr=False, compare=False)

    def json(self) -> Any:
        """The body as strict JSON (UTF-8, finite numbers, no member twice).

        Raises MalformedResponseError with a redacted excerpt: an HTML login page is not "no records".
        """
        try:
            return json.loads(
                self.body.decode("utf-8-sig"),
                object_pairs_hook=_no_duplicates,
                parse_float=_finite,
                parse_constant=_not_json,
            )
        except (ValueError, RecursionError) as broken:
            why = _why_malformed(broken)
        raise MalformedResponseError(
            _("The answer is not usable JSON: {why}.").format(why=why), status=self.status, excerpt=self.excerpt()
        )

    def excerpt(self) -> str:
        """A short redacted beginning of the body, for messages."""
        return self.quote(self.body[: EXCERPT_LIMIT * 16].decode("utf-8", "replace"), EXCERPT_LIMIT)

    def quote(self, text: str, limit: int) -> str:
        """Words of this answer as they may be shown and stored: our secrets masked, at most `limit` characters.

        PostgreSQL stores no NUL, and UTF-8 has no lone surrogates: both become U+FFFD.
        """
        return self._redactor.cut(_UNSTORABLE.sub("\ufffd", text), limit)

    def date(self) -> datetime | None:
        """When the vendor sent it, by its own clock; None where it does not say."""
        return _http_date(self.headers.get("Date", self.headers.get("date", "")))

    def retry_after(self, *, now: datetime | None = None) -> float | None:
        """Seconds the vendor asks us to wait (given as seconds or as an HTTP date), or None."""
        value = self.headers.get("Retry-After", self.headers.get("retry-after", "")).strip()
        if value.isascii() and value.isdigit() and len(value) < 10:
            return float(value)
        moment = _http_date(value)
        return None if moment is None else max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _why_malformed(broken: ValueError | RecursionError) -> str:
    # Of a decoding error only the kind: its full text repeats what was sent to us.
    if isinstance(broken, UnicodeDecodeError):
        return _("it is not UTF-8 at byte {number}").format(number=broken.start)
    if isinstance(broken, json.JSONDecodeError):
        return _("{problem} at character {number}").format(problem=broken.msg, number=broken.pos)
    if isinstance(broken, RecursionError):
        return _("it is nested too deeply")
    return str(broken)[:100]


def raise_for_status(answer: Answer, *, safe: bool) -> None:
    """The default meaning of an HTTP status; vendors map their oddities first.

    An unsafe call that met 408, 429 or any 5xx may have been carried out: UnknownOutcomeError.
    """
    status = answer.status
    if 200 <= status < 300:
        return
    excerpt = answer.excerpt()
    if status >= 500 or status in TEMPORARY_STATUSES:
        if not safe:
            raise UnknownOutcomeError(
                _("The vendor answered {status} to a write; whether it was carried out is not known.").format(
                    status=status
                ),
                status=status,
                excerpt=excerpt,
            )
        raise TemporaryError(
            _("The vendor answered {status}; try again later.").format(status=status),
            retry_after=answer.retry_after(),
            status=status,
            excerpt=excerpt,
        )
    _raise_permanent(status, excerpt)


def _raise_permanent(status: int, excerpt: str) -> NoReturn:
    if status in (401, 403, 407):
        raise ConfigurationError(
            _(
                "The vendor refused the credentials or the permission ({status}): check the connection's account."
            ).format(status=status),
            status=status,
            excerpt=excerpt,
        )
    if status in (404, 410):
        raise NotFoundError(
            _("The vendor does not have what was asked for ({status}).").format(status=status),
            status=status,
            excerpt=excerpt,
        )
    if status in (409, 412):
        raise ConflictError(
            _("The record changed meanwhile at the vendor ({status}).").format(status=status),
            status=status,
            excerpt=excerpt,
        )
    if 300 <= status < 400 or status in (405, 426):
        raise ConfigurationError(
            _("The vendor answered {status}: the address of the connection is not the one its API lives at.").format(
                status=status
            ),
            status=status,
            excerpt=excerpt,
        )
    if 400 <= status < 500:
        raise RejectedError(
            _("The vendor refused the request ({status}): {excerpt}").format(status=status, excerpt=excerpt),
            status=status,
            excerpt=excerpt,
        )
    raise MalformedResponseError(
        _("The vendor answered {status}, which is no final answer.").format(status=status), status=status
    )
