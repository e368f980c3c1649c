"""One connection's budget: a call goes when every limit of its vendor lets it."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from integrations.transport.answers import Answer
from integrations.transport.budget import cost_of, rest_asked_for
from integrations.transport.errors import QuotaSpent
from integrations.vendors import Limits

from .hours import Hour
from .minutes import Minute
from .sharing import Asked, NotYet
from .slots import Slots
from .stops import refuse_while_stopped, stop


class ConnectionBudget:
    """`transport.budget.Budget` for one connection."""

    def __init__(
        self, connection_id: int, name: str, limits: Limits, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._id = connection_id
        self._name = name
        self._sleep = sleep
        in_flight, per_hour, per_minute = limits.in_flight_per_endpoint, limits.calls_per_hour, limits.calls_per_minute
        self._slots = None if in_flight is None else Slots(connection_id, name, in_flight)
        self._hour = None if per_hour is None else Hour(connection_id, name, per_hour)
        self._minute = Minute(connection_id, name, per_minute) if per_minute else None

    @contextmanager
    def take(self, endpoint: str, *, interactive: bool, wait: float, hold: float) -> Iterator[None]:
        """Let one call go while this lasts; see `Budget`. Raises QuotaSpent(retry_after=…)."""
        asked = Asked(endpoint[:100], uuid.uuid4().hex, interactive, hold)
        slot, counted = self._wait(asked, wait)
        try:
            yield
        finally:
            if self._slots is not None and slot is not None:
                self._slots.set_free(slot, asked)
            if self._minute is not None and counted is not None:
                self._minute.ended(asked.endpoint, counted)

    def told(self, endpoint: str, answer: Answer) -> None:
        """Heed what an answer says about the quota; see `Budget`."""
        if rest := rest_asked_for(answer):
            stop(self._id, rest)
        if self._minute is not None and (more := cost_of(answer) - 1):
            self._minute.add(endpoint[:100], more)

    def _wait(self, asked: Asked, wait: float) -> tuple[int | None, datetime | None]:
        ends = time.monotonic() + wait
        while True:
            try:
                return self._try(asked)
            except NotYet as refusal:
                not_yet = refusal
            if not_yet.seconds > ends - time.monotonic():
                raise QuotaSpent(not_yet.sentence, retry_after=max(1, math.ceil(not_yet.retry_after)))
            self._sleep(not_yet.seconds)

    def _try(self, asked: Asked) -> tuple[int | None, datetime | None]:
        """The slot, and the moment the call was counted in its minute. All in one commit; nothing when NotYet."""
        if self._slots is None and self._minute is None:
            refuse_while_stopped(self._id, self._name)
            self._count_hour(asked)
            return None, None
        with transaction.atomic(durable=True):
            slot = self._slots.take(asked) if self._slots is not None else None
            counted = self._count_minute(asked)
            if counted is not None:  # looked for anew, since counting may have waited for others
                refuse_while_stopped(self._id, self._name)
            self._count_hour(asked)
        if self._slots is not None and slot is not None:
            self._slots.took(slot, asked)
        return slot, counted

    def _count_minute(self, asked: Asked) -> datetime | None:
        if self._minute is None:
            return None
        return self._minute.count(asked.endpoint, interactive=asked.interactive)

    def _count_hour(self, asked: Asked) -> None:
        if self._hour is not None:
            self._hour.count(interactive=asked.interactive)
