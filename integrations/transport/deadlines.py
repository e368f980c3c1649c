"""A total deadline per call that no trickle can outlive.

Socket timeouts bound one read, not the whole: a vendor that sends one byte every five seconds holds a worker for ever.
So one thread per process watches the calls in progress and shuts the socket down at the deadline, wherever the call
stands then (TLS handshake, headers, body). It costs a call two dictionary operations and one `dup`.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from typing import Self


class Watch:
    """One call under its deadline (`time.monotonic()` seconds). A context manager: the watching ends with the block."""

    __slots__ = ("_handle", "_lock", "ends", "expired")

    def __init__(self, ends: float) -> None:
        self.ends = ends
        self.expired = False
        self._handle: socket.socket | None = None
        self._lock = threading.Lock()

    def remaining(self) -> float:
        return self.ends - time.monotonic()

    def attach(self, sock: socket.socket) -> None:
        """Watch this socket from now on. An own descriptor is kept, so that it cannot be reused under our hands."""
        handle = socket.socket(sock.family, sock.type, sock.proto, fileno=os.dup(sock.fileno()))
        with self._lock:
            old, self._handle = self._handle, handle
        if old is not None:
            old.close()
        if self.expired:
            self.expire()

    def expire(self) -> None:
        self.expired = True
        with self._lock:
            if self._handle is not None:
                with contextlib.suppress(OSError):  # already closed by the other side
                    self._handle.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        _watchdog.watch(self)
        return self

    def __exit__(self, *_exc: object) -> None:
        _watchdog.release(self)
        with self._lock:
            handle, self._handle = self._handle, None
        if handle is not None:
            handle.close()


class _Watchdog:
    """The one thread. It sleeps until the earliest deadline it knows; a call that ended meanwhile costs it nothing."""

    def __init__(self) -> None:
        self._watches: set[Watch] = set()
        self._changed = threading.Condition()
        self._wakes_at = float("inf")
        self._thread: threading.Thread | None = None

    def watch(self, watch: Watch) -> None:
        with self._changed:
            self._watches.add(watch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="call deadlines", daemon=True)
                self._thread.start()
            if watch.ends < self._wakes_at:
                self._wakes_at = watch.ends
                self._changed.notify()

    def release(self, watch: Watch) -> None:
        with self._changed:
            self._watches.discard(watch)

    def _run(self) -> None:
        while True:
            with self._changed:
                pause = self._wakes_at - time.monotonic()
                if pause > 0:
                    self._changed.wait(min(pause, threading.TIMEOUT_MAX))
                now = time.monotonic()
                due = [watch for watch in self._watches if watch.ends <= now]
                self._watches.difference_update(due)
                self._wakes_at = min((watch.ends for watch in self._watches), default=float("inf"))
            for watch in due:
                watch.expire()


_watchdog = _Watchdog()


def _start_anew() -> None:
    """After a fork the thread is gone and its lock may be held by nobody: the child gets its own watchdog."""
    global _watchdog
    _watchdog = _Watchdog()


os.register_at_fork(after_in_child=_start_anew)
