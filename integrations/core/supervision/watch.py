"""Watching over the queue: lost wake-ups, claims of dead workers, and a cluster that stands still.

django-q's idle workers wait for work inside a lock. One that is killed there takes the lock with it, and the whole
cluster waits for ever while all its processes live (django-q2 issue 23). Nothing inside can tell; so whoever vanishes
without a word is a reason to look: a busy worker may do that, after it the others must show a sign of life. The same is
asked of them when a due job has been left lying while they stand idle.
"""

from __future__ import annotations

import logging
import socket
import sys
import time
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.utils import timezone

from integrations.core.jobs import wake
from integrations.core.models import Heartbeat
from integrations.core.processes import HOST, children, process_started
from integrations.core.running import due, sweep

from .children import Child

logger = logging.getLogger("portal.supervisor")

COMPANIONS = 3  # of the workers: their sentinel, the pusher, the monitor
SWEEP_EVERY = 3.0  # seconds
HEARTBEAT_EVERY = 10.0
LEFT_LYING = timedelta(seconds=5)  # a due job that nobody took for so long, seen at a heartbeat, is suspicious
SIGN_OF_LIFE_WITHIN = 3.0  # seconds from a suspicion, while a worker stands idle


class Queue(Child):
    """The cluster of workers on this host."""

    def __init__(self) -> None:
        super().__init__("queue", grace=settings.QUEUE_TIMEOUT + 10)
        self._signs: socket.socket | None = None
        self._theirs: socket.socket | None = None
        self._known: set[int] = set()  # the cluster's processes when last seen
        self._workers: set[int] = set()  # those of them that said they are ready for work
        self._busy: set[int] = set()  # and are at work, so that they hold no lock of the cluster
        self._said_bye: set[int] = set()
        self._suspected: float | None = None  # since when a sign of life is waited for
        self.is_settled = False
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
        self._forget()

    def stop(self) -> None:
        """Let the running jobs end and no further one begin."""
        self._stop_listening()
        super().stop()

    def kill(self) -> None:
        super().kill()
        self._stop_listening()

    def _stop_listening(self) -> None:
        if self._signs:
            self._signs.close()
            self._signs = None

    def watch(self) -> None:
        """One look; called every second, asks the database every third second only."""
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
        if self._workers and now - self._beaten >= HEARTBEAT_EVERY:
            self._beaten = now
            mine = Heartbeat.objects.filter(host=HOST, role=self.name)
            if not mine.update(beat_at=timezone.now()):  # one statement, but for the first time
                Heartbeat.objects.get_or_create(host=HOST, role=self.name)
            if not self._busy and due().filter(not_before__lt=timezone.now() - LEFT_LYING).exists():
                self._suspect()
        if now - self._swept >= SWEEP_EVERY:
            self._swept = now
            sweep()
        if self._suspected is not None:
            with transaction.atomic():
                wake()

    def _look_at_the_processes(self) -> None:
        there = self._pids()  # before listening, so that the last words of who vanished are heard
        took_work, newcomers = self._listen()
        killed = self._known - there - self._said_bye
        held_no_lock = killed <= self._busy
        self._known = there | newcomers  # a newcomer may be killed before it is looked at
        self._workers &= self._known
        self._busy &= self._workers
        if not self.is_settled and len(there) >= COMPANIONS + len(self._workers) >= COMPANIONS + settings.QUEUE_WORKERS:
            self.is_settled = True
            logger.info("the queue's %d workers are ready", len(self._workers))
        if killed:
            self._swept = 0.0  # a claim may have become free
            pids = ", ".join(map(str, killed))
            if not held_no_lock:
                self.start_over(f"lost a process that may have held its locks ({pids})")
                return
            logger.warning("a busy worker was killed (%s)", pids)
            self._suspected = time.monotonic()
        elif took_work:
            self._suspected = None
        elif self._suspected is not None:
            self._expect_a_sign_of_life()

    def _suspect(self) -> None:
        if self._suspected is None:
            self._suspected = time.monotonic()

    def _expect_a_sign_of_life(self) -> None:
        """A cluster in which an idle worker is woken and does not answer stands still."""
        assert self._suspected is not None
        if not self._workers - self._busy:
            self._suspected = time.monotonic()
        elif time.monotonic() - self._suspected > SIGN_OF_LIFE_WITHIN:
            self.start_over("stands still")

    def _listen(self) -> tuple[bool, set[int]]:
        """Note what the workers said since the last look; whether one of them took work, and who is new."""
        said = b""
        while self._signs:
            try:
                heard = self._signs.recv(65536)
            except BlockingIOError:
                break
            if not heard:
                break
            said += heard
        words = [(word, int(pid)) for word, pid in (line.split() for line in said.decode().splitlines())]
        for word, pid in words:
            if word == "took":
                self._busy.add(pid)
            else:
                self._busy.discard(pid)
        newcomers = {pid for word, pid in words if word == "here"}
        self._workers |= newcomers
        self._said_bye |= {pid for word, pid in words if word == "bye"}
        return any(word == "took" for word, _ in words), newcomers

    def _pids(self) -> set[int]:
        """The cluster's living processes below its main one: the sentinel, its workers, pusher and monitor."""
        if self.process is None:
            return set()
        sentinels = children(self.process.pid)
        pids = {*sentinels, *(pid for sentinel in sentinels for pid in children(sentinel))}
        return {pid for pid in pids if process_started(pid) is not None}  # the dead stay listed until they are reaped

    def start_over(self, why: str) -> None:
        super().start_over(why)
        self._forget()
        self._swept = 0.0

    def _forget(self) -> None:
        """What was known of the cluster that is over."""
        self._known, self._workers, self._busy, self._said_bye = set(), set(), set(), set()
        self._suspected = None
        self.is_settled = False
