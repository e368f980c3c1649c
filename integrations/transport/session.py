"""The one door to vendors over HTTP: timeouts, deadlines, retries, limits, safe addresses, trusted origins, the log.

    with Session(vendor="Autotask", base_url=…, secrets=[…]) as session:
        session.trust(zone_url, {"Secret": …})
        answer = session.call("GET", f"{zone_url}/v1.0/ThresholdInformation")

A session is made for one job or one request, used by one thread, and closed. It takes nothing from the environment
(no proxies, no .netrc), keeps no cookies, and never repeats an unsafe call.
"""

from __future__ import annotations

import json as json_module
import random
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, BinaryIO, NoReturn, Self
from urllib.parse import urlencode

from integrations.texts import gettext as _
from integrations.transport.addresses import Place, place_beside, place_of
from integrations.transport.answers import Answer, raise_for_status
from integrations.transport.budget import Budget
from integrations.transport.errors import ConfigurationError, TemporaryError
from integrations.transport.exchange import ConnectionLost, Exchange, Outgoing, Streamed
from integrations.transport.records import CallRecord
from integrations.transport.redaction import Redactor
from integrations.transport.wire import Line

__all__ = ["Answer", "CallRecord", "Session", "raise_for_status"]

MAX_ATTEMPTS = 3
MAX_HOPS = 5
FIRST_PAUSE = 0.5  # seconds; doubles with each attempt, jittered between half and whole
_RETRIED_STATUSES = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ABSOLUTE = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.\-]*://")
_OWN_HEADERS = {"User-Agent": "integration-portal", "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}


class Session:
    """Calls to one account of one vendor. See the module for its promises; seconds and bytes everywhere.

    `secrets` are masked wherever something is kept or shown. `deadline` is the total time of a call with its retries
    and waits (default: connect plus read timeout). `guard` runs right before each attempt is sent and raises to stop
    it; `before_write` does so for calls that change something at the vendor. `recorder` gets one redacted CallRecord
    per attempt. `sleep` is what waiting between attempts calls.
    """

    def __init__(
        self,
        *,
        vendor: str,
        base_url: str,
        secrets: Iterable[str] = (),
        allow_private: bool = False,
        budget: Budget | None = None,
        endpoint_of: Callable[[str, str], str] = lambda method, path: path,
        recorder: Callable[[CallRecord], None] | None = None,
        guard: Callable[[], None] | None = None,
        before_write: Callable[[], None] | None = None,
        interactive: bool = False,
        connect_timeout: float = 15,
        read_timeout: float = 60,
        deadline: float | None = None,
        max_bytes: int = 20_000_000,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._vendor = vendor
        self._base = place_of(base_url)
        self._redactor = Redactor(secrets)
        self._budget = budget
        self._endpoint_of = endpoint_of
        self._guard = guard
        self._before_write = before_write
        self._interactive = interactive
        self._deadline = connect_timeout + read_timeout if deadline is None else deadline
        self._max_bytes = max_bytes
        self._sleep = sleep
        self._trusted: dict[str, dict[str, str]] = {self._base.origin: {}}
        self._exchange = Exchange(
            vendor=vendor,
            line=Line(allow_private=allow_private, connect_timeout=connect_timeout),
            redactor=self._redactor,
            recorder=recorder,
            read_timeout=read_timeout,
        )

    def __repr__(self) -> str:
        return f"Session({self._vendor!r}, {self._base.host!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. The session can be closed twice, and not be used afterwards."""
        self._exchange.close()

    def trust(self, url: str, headers: Mapping[str, str]) -> None:
        """From now on these credential headers go to that origin (scheme, host, port), and to no other."""
        self._trusted.setdefault(place_of(url).origin, {}).update(headers)

    def call(
        self,
        method: str,
        url_or_path: str,
        *,
        json: Any = None,
        params: Mapping[str, str] | None = None,
        data: bytes | Streamed | None = None,
        headers: Mapping[str, str] | None = None,
        safe: bool | None = None,
        writes: bool | None = None,
        file: BinaryIO | None = None,
        max_bytes: int | None = None,
        deadline: float | None = None,
        about: str = "",
    ) -> Answer:
        """Send one request and return the answer that arrived whole, whatever its status.

        `safe=None` takes GET and HEAD for safe; a safe call may be repeated, an unsafe one is sent at most once.
        A streamed body is sent once, so never safe. What is not safe counts as a write unless `writes` says otherwise.
        A path is joined to the base URL. The body of a 2xx goes into `file`, where one is given (as `download` has
        it), else into memory. `about` says in the log what the call is for. Raises TemporaryError (not
        sent, or safe), UnknownOutcomeError (unsafe, and the vendor may have seen it), ConfigurationError (refused
        address, redirect, certificate), MalformedResponseError (too large).
        """
        method = method.upper()
        if safe and data is not None and not isinstance(data, bytes):
            raise ValueError("a streamed body cannot be sent twice")
        place = self._resolve(url_or_path, params)
        sent = {**_OWN_HEADERS, **(headers or {}), **self._trusted.get(place.origin, {})}
        body = data
        if json is not None:
            body = json_module.dumps(json, allow_nan=False).encode()
            sent.setdefault("Content-Type", "application/json")
        is_safe = method in ("GET", "HEAD") if safe is None else safe
        out = Outgoing(
            *(method, place, sent, body, is_safe, about, file), is_write=not is_safe if writes is None else writes
        )
        self._keep_secrets_home(out)
        answer = self._repeat(out, self._ends(deadline), self._max_bytes if max_bytes is None else max_bytes)
        if answer.status in _REDIRECTS:
            self._refuse_redirect(answer)
        return answer

    def download(
        self,
        url: str,
        file: BinaryIO,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
        deadline: float | None = None,
        about: str = "",
        allowed: Callable[[Place], None] | None = None,
        anonymous: bool = False,
    ) -> Answer:
        """GET a file into `file` (seekable, opened for writing; its old content is lost), following five redirects.

        Every hop is checked like a first address, and by `allowed`, which raises to refuse it before anything is sent.
        Credentials go to a trusted origin only, and no longer once a redirect has left the origin; with `anonymous`
        they go nowhere. A hop to an origin that is not trusted takes nothing from the budget. Returns the last answer:
        an error status has its body and leaves `file` alone. Raises MalformedResponseError for a file beyond
        `max_bytes`.
        """
        ends = self._ends(deadline)
        place, first = place_beside(self._base.url, url), not anonymous
        start = place.origin
        for _hop in range(MAX_HOPS + 1):
            if allowed is not None:
                allowed(place)
            home = place.origin == start and first
            first = home
            sent = {
                **_OWN_HEADERS,
                "Accept": "*/*",
                **(headers or {}),
                **(self._trusted.get(start, {}) if home else {}),
            }
            out = Outgoing("GET", place, sent, None, True, about, file)
            self._keep_secrets_home(out)
            answer = self._repeat(out, ends, self._max_bytes if max_bytes is None else max_bytes)
            if answer.status not in _REDIRECTS:
                return answer
            place = self._next_hop(place, answer)
        raise ConfigurationError(
            _("{vendor} ({host}) redirects a download without end.").format(vendor=self._vendor, host=place.host)
        )

    # --- one call, possibly several attempts --------------------------------------------------------------------

    def _repeat(self, out: Outgoing, ends: float, max_bytes: int) -> Answer:
        attempt = 1
        while True:
            lost: ConnectionLost | None = None
            answer: Answer | None = None
            try:
                answer = self._attempt(out, ends, attempt, max_bytes)
            except ConnectionLost as problem:
                lost = problem
            if answer is not None and not (out.safe and answer.status in _RETRIED_STATUSES):
                return answer
            pause = self._pause(answer, attempt, ends) if out.safe and attempt < MAX_ATTEMPTS else None
            if pause is None:
                if lost is not None:
                    raise lost
                assert answer is not None
                return answer
            self._sleep(pause)
            attempt += 1

    def _pause(self, answer: Answer | None, attempt: int, ends: float) -> float | None:
        """Seconds to wait before the next attempt; None when there is no time for one."""
        left = ends - time.monotonic()
        asked = answer.retry_after() if answer is not None else None
        if answer is not None and asked is not None and asked >= left:
            raise TemporaryError(
                _("{vendor} asks to wait {seconds:.0f} seconds.").format(vendor=self._vendor, seconds=asked),
                retry_after=asked,
                status=answer.status,
                excerpt=answer.excerpt(),
            )
        backoff = FIRST_PAUSE * 2 ** (attempt - 1) * random.uniform(0.5, 1)  # noqa: S311 — jitter, no secret
        pause = backoff if asked is None else asked
        return pause if pause < left else None

    def _attempt(self, out: Outgoing, ends: float, attempt: int, max_bytes: int) -> Answer:
        endpoint = self._endpoint_of(out.method, out.place.rest.partition("?")[0])
        budget = self._budget if out.place.origin in self._trusted else None  # the quota is the account's
        with self._slot(budget, endpoint, ends):
            if ends - time.monotonic() <= 0:
                raise TemporaryError(
                    _("There was no time left to call {vendor}; nothing was sent.").format(vendor=self._vendor)
                )
            if self._guard is not None:
                self._guard()
            if out.is_write and self._before_write is not None:
                self._before_write()
            answer = self._exchange.send(out, ends=ends, attempt=attempt, max_bytes=max_bytes)
            if budget is not None:
                budget.told(endpoint, answer)  # before the slot is free: the next call knows
            return answer

    def _slot(self, budget: Budget | None, endpoint: str, ends: float) -> AbstractContextManager[None]:
        if budget is None:
            return nullcontext()
        left = max(0.0, ends - time.monotonic())
        # Half of the time may go into waiting; the rest belongs to the call.
        return budget.take(endpoint, interactive=self._interactive, wait=left / 2, hold=left)

    def _ends(self, deadline: float | None) -> float:
        return time.monotonic() + (self._deadline if deadline is None else deadline)

    # --- addresses and origins ----------------------------------------------------------------------------------

    def _resolve(self, url_or_path: str, params: Mapping[str, str] | None) -> Place:
        if _ABSOLUTE.match(url_or_path):
            url = url_or_path
        else:
            url = self._base.url.rstrip("/") + "/" + url_or_path.lstrip("/")
        if params:
            url += ("&" if "?" in url else "?") + urlencode(params)
        return place_of(url)

    def _keep_secrets_home(self, out: Outgoing) -> None:
        """The last net: nothing that holds one of our secrets leaves for an origin nobody declared trusted."""
        if out.place.origin in self._trusted:
            return
        body = out.body or b""
        unseen = not isinstance(body, bytes)  # a streamed one cannot be looked through
        parts = [
            out.place.url,
            *out.headers.values(),
            body.decode("utf-8", "replace") if isinstance(body, bytes) else "",
        ]
        if unseen or any(self._redactor.knows(part) for part in parts):
            raise ConfigurationError(
                _("A call to {origin} would have carried credentials of this connection; it was not sent.").format(
                    origin=out.place.origin
                )
            )

    def _refuse_redirect(self, answer: Answer) -> NoReturn:
        location = answer.headers.get("Location", "")
        try:
            target = place_beside(answer.url, location).origin
        except ConfigurationError:
            target = _("an address that cannot be read")
        raise ConfigurationError(
            _(
                "{vendor} redirects this call to {target}; calls do not follow redirects. "
                "Enter the final address on the connection."
            ).format(vendor=self._vendor, target=self._redactor.text(target)),
            status=answer.status,
        )

    def _next_hop(self, place: Place, answer: Answer) -> Place:
        target = place_beside(place.url, answer.headers.get("Location", ""))
        if place.scheme == "https" and target.scheme == "http":
            raise ConfigurationError(
                _("{vendor} redirects a download from https to http ({host}).").format(
                    vendor=self._vendor, host=target.host
                )
            )
        return target
