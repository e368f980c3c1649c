"""One attempt of one call: send, read to the end or a limit, and say truthfully what became of it.

The question every failure must answer is whether the vendor can have seen the request: `Line.provably_unsent` knows.
Errors are raised outside the handler that caught requests' own: those hold headers and URLs, and must not hang on a
`__context__` that a traceback or an error reporter prints.
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

import requests
import urllib3

from integrations.texts import gettext as _
from integrations.transport.addresses import Place
from integrations.transport.answers import Answer
from integrations.transport.deadlines import Watch
from integrations.transport.errors import (
    ConfigurationError,
    MalformedResponseError,
    TemporaryError,
    UnknownOutcomeError,
    VendorError,
)
from integrations.transport.records import CallRecord, body_for_record
from integrations.transport.redaction import Redactor
from integrations.transport.wire import Adapter, Line

_CHUNK = 65_536
_ERROR_BODY_LIMIT = 65_536  # of a download that answered with an error
_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError)


class ConnectionLost(TemporaryError):
    """The connection failed, not the vendor's patience: the one failure that is worth another try at once."""


class _TooLarge(Exception):
    pass


class Streamed(Protocol):
    """A body that is made while it is sent, once, and has a known length in bytes."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[bytes]: ...
    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request ready to be sent, the same for each attempt. Its parts hold secrets: `repr` shows none of them."""

    method: str
    place: Place = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | Streamed | None = field(repr=False)
    safe: bool
    about: str = ""
    sink: BinaryIO | None = field(default=None, repr=False)  # where the body of a 2xx goes instead of memory
    is_write: bool = False  # it changes something at the vendor


class Exchange:
    """Sends `Outgoing`s over one session's connections and records each attempt."""

    def __init__(
        self,
        *,
        vendor: str,
        line: Line,
        redactor: Redactor,
        recorder: Callable[[CallRecord], None] | None,
        read_timeout: float,
    ) -> None:
        self._vendor = vendor
        self._line = line
        self._redactor = redactor
        self._recorder = recorder
        self._read_timeout = read_timeout
        self._adapter = Adapter(line)

    def close(self) -> None:
        self._adapter.close()

    def send(self, out: Outgoing, *, ends: float, attempt: int, max_bytes: int) -> Answer:
        """The whole answer, or the VendorError that says what is known of the outcome."""
        prepared = self._prepare(out)
        at, started = datetime.now(UTC), time.monotonic()
        answer: Answer | None = None
        failure: VendorError | None = None
        with Watch(ends) as watch:
            self._line.begin(watch, unsafe=not out.safe)
            try:
                answer = self._receive(prepared, out, watch, max_bytes)
            except _TooLarge:
                failure = self._too_large(out, max_bytes)
            except VendorError as refusal:  # of the address, before anything was sent
                failure = refusal
            except _FAILURES as problem:
                failure = self._judge(problem, out, watch)
        self._record(out, prepared, answer, failure, at=at, seconds=time.monotonic() - started, attempt=attempt)
        if failure is not None:
            raise failure
        assert answer is not None
        return answer

    def _prepare(self, out: Outgoing) -> requests.PreparedRequest:
        for name, value in out.headers.items():
            if not _fits_a_header(value):
                raise ConfigurationError(
                    _(
                        "The value for the header {name} holds a line break or a character that cannot be sent: "
                        "enter it again."
                    ).format(name=name)
                )
        prepared = requests.Request(out.method, out.place.url, headers=dict(out.headers), data=out.body).prepare()
        if not (prepared.url or "").startswith(out.place.origin + "/"):
            raise ConfigurationError(_("The address can be read in more than one way: check its spelling."))
        return prepared

    def _receive(self, prepared: requests.PreparedRequest, out: Outgoing, watch: Watch, max_bytes: int) -> Answer:
        read_timeout = max(0.001, min(self._read_timeout, watch.remaining()))
        with _nonsense_is_a_broken_answer():
            response = self._adapter.send(prepared, stream=True, timeout=(self._line.connect_timeout, read_timeout))
        whole = False
        try:
            sink = out.sink if out.sink is not None and 200 <= response.status_code < 300 else None
            limit = min(max_bytes, _ERROR_BODY_LIMIT) if out.sink is not None and sink is None else max_bytes
            body = _read(response.raw, sink, limit)
            whole = not watch.expired  # a socket shut down at the deadline looks like a body that ended
        finally:
            if not whole:
                response.raw.close()
        if not whole:
            raise TimeoutError("the deadline cut the answer")
        response.raw.release_conn()
        return Answer(response.status_code, response.headers, body, prepared.url or "", self._redactor)

    def _judge(self, problem: Exception, out: Outgoing, watch: Watch) -> VendorError:
        who = f"{self._vendor} ({out.place.host})"
        unsent = self._line.provably_unsent or isinstance(problem, requests.ConnectTimeout)
        late = watch.expired or watch.remaining() <= 0 or _is_timeout(problem)
        if unsent and not late and _is_tls_refusal(problem):
            return ConfigurationError(
                _(
                    "{who} did not prove its identity: its TLS certificate or protocol is not acceptable. Check the "
                    "address, and the certificate of the server."
                ).format(who=who)
            )
        if not unsent and not out.safe:
            said = _("{who} broke the connection before a whole answer; whether the call was carried out is not known.")
            if late:
                said = _("{who} did not answer in time; whether the call was carried out is not known.")
            return UnknownOutcomeError(said.format(who=who))
        if late:
            said = _("{who} could not be reached in time.") if unsent else _("{who} did not answer in time.")
            return TemporaryError(said.format(who=who))
        if unsent:
            return ConnectionLost(_("{who} could not be reached: no connection was possible.").format(who=who))
        return ConnectionLost(_("{who} broke the connection before a whole answer.").format(who=who))

    def _too_large(self, out: Outgoing, max_bytes: int) -> VendorError:
        values = {"who": f"{self._vendor} ({out.place.host})", "count": max_bytes}
        if out.safe:
            said = _("{who} sent more than the {count} bytes allowed for one answer.")
            return MalformedResponseError(said.format(**values))
        said = _(
            "{who} sent more than the {count} bytes allowed for one answer; whether the call was carried out is not "
            "known."
        )
        return UnknownOutcomeError(said.format(**values))

    def _record(
        self,
        out: Outgoing,
        prepared: requests.PreparedRequest,
        answer: Answer | None,
        failure: VendorError | None,
        *,
        at: datetime,
        seconds: float,
        attempt: int,
    ) -> None:
        if self._recorder is None:
            return
        redactor, parts = self._redactor, urlsplit(prepared.url or "")
        received = answer.headers if answer else {}
        body = body_for_record(answer.body, received.get("Content-Type", ""), redactor) if answer else ""
        if answer and out.sink is not None and not answer.body:
            body = "(stored as a file)"
        self._recorder(
            CallRecord(
                at=at,
                method=out.method,
                host=parts.netloc,
                route=redactor.text(parts.path),
                query=redactor.text(parts.query),
                status=answer.status if answer else None,
                error=redactor.text(failure.message) if failure else "",
                duration_ms=round(seconds * 1000),
                request_headers=redactor.headers(dict(prepared.headers)),
                request_body=body_for_record(out.body, out.headers.get("Content-Type", ""), redactor),
                response_headers=redactor.headers(received),
                response_body=body,
                about=redactor.text(out.about),
                attempt=attempt,
            )
        )


def _fits_a_header(value: str) -> bool:
    try:
        raw = value.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return value == value.lstrip() and not any(byte in raw for byte in b"\r\n\0")


def _read(raw: urllib3.BaseHTTPResponse, sink: BinaryIO | None, limit: int) -> bytes:
    """The decoded body, or b"" when it went to the sink. Decoding is bounded too: a bomb bursts at the limit."""
    if int(raw.length_remaining or 0) > limit:
        raise _TooLarge
    if sink is not None:
        sink.seek(0)
        sink.truncate()
    chunks: list[bytes] = []
    size = 0
    while True:
        with _nonsense_is_a_broken_answer():
            chunk = raw.read(_CHUNK, decode_content=True)
        if not chunk:
            return b"".join(chunks)
        size += len(chunk)
        if size > limit:
            raise _TooLarge
        if sink is None:
            chunks.append(chunk)
        else:
            sink.write(chunk)


@contextmanager
def _nonsense_is_a_broken_answer() -> Iterator[None]:
    """The HTTP libraries let some nonsense of the other side through as ValueError (a negative chunk size)."""
    try:
        yield
    except ValueError as nonsense:
        if isinstance(nonsense, _FAILURES):
            raise
        raise http.client.HTTPException("nonsense in the answer") from None


def _causes(problem: object) -> list[object]:
    """The exception and what requests and urllib3 wrapped into it."""
    found: list[object] = []
    while isinstance(problem, BaseException) and len(found) < 8:
        found.append(problem)
        problem = getattr(problem, "reason", None) or (problem.args[0] if problem.args else None)
    return found


def _is_timeout(problem: Exception) -> bool:
    kinds = (TimeoutError, requests.Timeout, urllib3.exceptions.TimeoutError)
    # A refused connection is, in urllib3's family tree, a kind of connect timeout.
    return any(
        isinstance(cause, kinds) and not isinstance(cause, urllib3.exceptions.NewConnectionError)
        for cause in _causes(problem)
    )


def _is_tls_refusal(problem: Exception) -> bool:
    broken = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
    return any(isinstance(cause, ssl.SSLError) and not isinstance(cause, broken) for cause in _causes(problem))
