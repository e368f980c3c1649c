"""How far a command is: one line that is written anew on a terminal, elsewhere a plain line now and then.

    with progress(self.stdout, look=lambda: "12 of 40 records", stop=lambda: ask_to_stop(run)):
        ...the work, in this process...

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

EVERY = 0.5  # seconds between two looks
PLAIN = 30.0  # seconds between two plain lines
STOPPING = "Stopping after the one in hand; press Ctrl-C again to end at once."


@contextmanager
def progress(
    out: OutputWrapper, look: Callable[[], str], *, stop: Callable[[], object] | None = None
) -> Iterator[None]:
    """Show what `look` says (empty: nothing) while the work goes on; `stop` is called once, when somebody wants it."""
    over, wanted = threading.Event(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(out, look, stop, over, wanted))
    with _ctrl_c(wanted) if stop is not None else _as_ever():
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()


def _watch(
    out: OutputWrapper,
    look: Callable[[], str],
    stop: Callable[[], object] | None,
    over: threading.Event,
    wanted: threading.Event,
) -> None:
    """In a thread of its own, with a database connection of its own."""
    shown, shown_at, is_asked = "", time.monotonic(), False
    try:
        while not over.wait(EVERY):
            try:
                if wanted.is_set() and not is_asked and stop is not None:
                    stop()
                    is_asked = True
                    out.write(f"{_CLEARED if out.isatty() else ''}{STOPPING}")
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
        wanted.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, wish)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _as_ever() -> Iterator[None]:
    yield
