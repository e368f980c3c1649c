"""The API log: every attempt of a call becomes one `ApiCall` row, as far as the connection's level asks for it."""

from __future__ import annotations

import logging
import os
import socket
import uuid

from django.db import DatabaseError

from integrations.transport.session import CallRecord

from . import correlation
from .models import ApiCall, Connection, User

FLUSH_AT = 50  # rows kept back at most
_READING = frozenset({"GET", "HEAD"})
_logger = logging.getLogger(__name__)


class CallLog:
    """The recorder of one opened connection. Writes of ours are stored at once, reads in batches and at `flush`.

    A log that cannot be written never breaks the call it is about: the trouble goes to the process log.
    """

    def __init__(self, connection: Connection, *, source: str, user: User | None = None, record: str = "") -> None:
        self.transaction_id = uuid.uuid4().hex
        self._connection = connection
        self._source = source[:100]
        self._user = user
        self._record = record
        self._instance = f"{socket.gethostname()}:{os.getpid()}"[:200]
        self._kept: list[ApiCall] = []
        self.heard = False  # whether the vendor gave a usable answer to anything

    def __call__(self, call: CallRecord) -> None:
        failed = bool(call.error) or call.status is None or call.status >= 400
        self.heard = self.heard or (call.status is not None and call.status < 400)
        level = self._connection.call_log_level
        if level == Connection.LogLevel.OFF or (level == Connection.LogLevel.ERRORS and not failed):
            return
        self._kept.append(self._row(call))
        if call.method not in _READING or len(self._kept) >= FLUSH_AT:
            self.flush()

    def flush(self) -> None:
        """Store what was kept back."""
        rows, self._kept = self._kept, []
        if not rows:
            return
        try:
            ApiCall.objects.bulk_create(rows)
        except DatabaseError as error:
            _logger.warning("%d rows of the API log could not be stored: %s", len(rows), type(error).__name__)

    def _row(self, call: CallRecord) -> ApiCall:
        concern = correlation.now()
        return ApiCall(
            job_id=concern.job_id,
            run_id=concern.run_id,
            in_hand=concern.record_id[:200],
            at=call.at,
            transaction_id=self.transaction_id,
            connection=self._connection,
            user=self._user,
            source=self._source,
            instance=self._instance,
            record=(self._record or call.about)[:200],
            duration_ms=call.duration_ms,
            method=call.method[:10],
            host=call.host[:255],
            route=_storable(call.route)[:500],
            status=call.status,
            error=_storable(call.error)[:500],
            query=_storable(call.query),
            request_headers=dict(call.request_headers),
            request_body=_storable(call.request_body),
            response_headers=dict(call.response_headers),
            response_body=_storable(call.response_body),
        )


def _storable(text: str) -> str:
    """PostgreSQL stores no NUL characters; a hostile answer may hold some."""
    return text.replace("\0", "\ufffd")
