"""How far a command is: one line that is written anew on a terminal, elsewhere a plain line now and then.

    with progress(self.stdout, look=lambda: "12 of 40 records", stop=lambda: ask_to_stop(run)):
        ...the work, in this process...

    with told_by(self.stdout) as far:  # where the work itself says how far it is, and asks whether to go on
        ...
            far.tell("12 of 40 records")

Ctrl-C asks the work to end after the record in hand, a second one ends it at once.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from django.core.management.base import OutputWrapper
from django.db import DatabaseError, connection

from integrations.core.jobs import Stopped

EVERY = 0.5  # seconds between two looks
PLAIN = 30.0  # seconds between two plain lines
STOPPING = "Stopping after the one in hand; press Ctrl-C again to end at once."


@contextmanager
def progress(
    out: OutputWrapper, look: Callable[[], str], *, stop: Callable[[], object] | None = None
) -> Iterator[None]:
    """Show what `look` says (empty: nothing) while the work goes on. `stop` is called when somebody wants it; once,
    unless it returns False: there was nothing to stop yet."""
    over, wanted = threading.Event(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(out, look, stop, over, wanted))
    with _ctrl_c(wanted) if stop is not None else _as_ever():
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()


class Far:
    """How far the work of a command is, and whether somebody wants its end."""

    def __init__(self) -> None:
        self.said = ""
        self._wanted = threading.Event()

    @property
    def goes_on(self) -> bool:
        return not self._wanted.is_set()

    def say(self, said: str) -> None:
        self.said = said

    def tell(self, said: str) -> None:
        """What was done is stored. Raises `Stopped` when somebody wants the end."""
        self.said = said
        if not self.goes_on:
            raise Stopped(said)

    def stop(self) -> None:
        self._wanted.set()

    def wait(self, seconds: float) -> None:
        """As long as that, or until somebody wants the end."""
        self._wanted.wait(seconds)


@contextmanager
def told_by(out: OutputWrapper) -> Iterator[Far]:
    """For work that is no job: it tells the `Far` how far it is."""
    far = Far()
    with progress(out, lambda: far.said, stop=far.stop):
        yield far


def _watch(
    out: OutputWrapper,
    look: Callable[[], str],
    stop: Callable[[], object] | None,
    over: threading.Event,
    wanted: threading.Event,
) -> None:
    """In a thread of its own, with a database connection of its own."""
    shown, shown_at, is_asked, is_told = "", time.monotonic(), False, False
    try:
        while not over.wait(EVERY):
            try:
                if wanted.is_set() and not is_asked and stop is not None:
                    is_asked = stop() is not False
                    if not is_told:
                        out.write(f"{_CLEARED if out.isatty() else ''}{STOPPING}")
                    is_told = True
                said = look()
            except DatabaseError:  # busy, or away for a moment: the wish is not forgotten
                connection.close()
                continue
            if out.isatty() and said:
                out.write(f"{_CLEARED}{said} …", ending="")
                out.flush()
            elif said and said != shown and time.monotonic() - shown_at >= PLAIN:
                shown, shown_at = said, time.monotonic()
                out.write(said)
        if out.isatty():
            out.write(_CLEARED, ending="")
    finally:
        connection.close()  # this thread's own


_CLEARED = "\r\x1b[K"


@contextmanager
def _ctrl_c(wanted: threading.Event) -> Iterator[None]:
    """The first one is a wish; with the second everything is as ever."""

    def wish(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)  # first: another one must not meet the lock of `wanted`
        wanted.set()

    before = signal.signal(signal.SIGINT, wish)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _as_ever() -> Iterator[None]:
    yield
