"""Watching over the queue: lost wake-ups, claims of dead workers, and a cluster that stands still.

django-q's idle workers wait for work inside a lock. One that is killed there takes the lock with it, and the whole
cluster waits for ever while all its processes live (django-q2 issue 23). Nothing inside can tell; so whoever vanishes
without a word is a reason to look: a busy worker may do that, after it the others must show a sign of life.
"""

from __future__ import annotations

import logging
import socket
import sys
import time
from collections.abc import Sequence

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.utils import timezone

from integrations.core.jobs import wake
from integrations.core.models import Heartbeat
from integrations.core.processes import HOST, children, title
from integrations.core.running import sweep

from .children import Child

logger = logging.getLogger("portal.supervisor")

SWEEP_EVERY = 2.0  # seconds
HEARTBEAT_EVERY = 10.0
SIGN_OF_LIFE_WITHIN = 3.0  # seconds after a worker vanished, while another one stands idle
BUSY, IDLE = " processing ", " idle"  # in a worker's title


class Queue(Child):
    """The cluster of workers on this host."""

    def __init__(self) -> None:
        super().__init__("queue", grace=settings.QUEUE_TIMEOUT + 10)
        self._signs: socket.socket | None = None
        self._theirs: socket.socket | None = None
        self._known: dict[int, str] = {}  # the cluster's processes and their titles when last seen
        self._said_bye: set[int] = set()
        self._suspected: float | None = None  # since when a sign of life is waited for
        self._swept = self._beaten = 0.0
        self._database_away = False

    def __str__(self) -> str:
        return f"queue ({settings.QUEUE_WORKERS} workers)"

    def command(self) -> Sequence[str]:
        assert self._theirs is not None
        return [sys.executable, "-m", "integrations.core.supervision.queue", str(self._theirs.fileno())]

    def inherited(self) -> tuple[int, ...]:
        assert self._theirs is not None
        return (self._theirs.fileno(),)

    def start(self) -> None:
        self._signs, self._theirs = socket.socketpair()
        self._signs.setblocking(False)
        super().start()
        self._theirs.close()
        self._known, self._said_bye, self._suspected = {}, set(), None

    def stop(self) -> None:
        """Let the running jobs end and no further one begin."""
        if self._signs:
            self._signs.close()
            self._signs = None
        super().stop()

    def watch(self) -> None:
        """One look; called several times a second, asks the database every other second only."""
        self._look_at_the_processes()
        try:
            self._mend()
        except DatabaseError as error:
            connection.close()
            if not self._database_away:
                logger.error("the database is away (%s); waiting for it", type(error).__name__)
            self._database_away = True
        else:
            if self._database_away:
                logger.info("the database is back")
            self._database_away = False

    def _mend(self) -> None:
        now = time.monotonic()
        if now - self._beaten >= HEARTBEAT_EVERY:
            self._beaten = now
            Heartbeat.objects.update_or_create(host=HOST, role=self.name, defaults={"beat_at": timezone.now()})
        if now - self._swept >= SWEEP_EVERY:
            self._swept = now
            sweep()
        if self._suspected is not None:
            with transaction.atomic():
                wake()

    def _look_at_the_processes(self) -> None:
        took_work = self._listen()
        there = {pid: title(pid) for pid in self._pids()}
        killed = {pid: was for pid, was in self._known.items() if pid not in there and pid not in self._said_bye}
        self._known = there
        if killed:
            self._swept = 0.0  # a claim may have become free
            pids = ", ".join(map(str, killed))
            if not all(BUSY in was for was in killed.values()):
                self.start_over(f"lost a process that may have held its locks ({pids})")
                return
            logger.warning("a busy worker was killed (%s)", pids)
            self._suspected = time.monotonic()
        elif took_work:
            self._suspected = None
        elif self._suspected is not None:
            self._expect_a_sign_of_life(there)

    def _expect_a_sign_of_life(self, there: dict[int, str]) -> None:
        """A cluster in which an idle worker is woken and does not answer stands still."""
        assert self._suspected is not None
        if not any(IDLE in title for title in there.values()):
            self._suspected = time.monotonic()
        elif time.monotonic() - self._suspected > SIGN_OF_LIFE_WITHIN:
            self.start_over("stands still")

    def _listen(self) -> bool:
        """Read what the workers said since the last look; whether one of them took work."""
        said = b""
        while self._signs:
            try:
                heard = self._signs.recv(65536)
            except BlockingIOError:
                break
            if not heard:
                break
            said += heard
        words = [line.split() for line in said.decode().splitlines()]
        self._said_bye |= {int(pid) for word, pid in words if word == "bye"}
        for pid in (int(pid) for word, pid in words if word == "here"):
            self._known.setdefault(pid, "")  # it may be killed before it is looked at
        return any(word == "took" for word, _ in words)

    def _pids(self) -> list[int]:
        """The cluster's processes below its main one: the sentinel, its workers, pusher and monitor."""
        if self.process is None:
            return []
        sentinels = children(self.process.pid)
        return [*sentinels, *(pid for sentinel in sentinels for pid in children(sentinel))]

    def start_over(self, why: str) -> None:
        super().start_over(why)
        self._known, self._swept = {}, 0.0
