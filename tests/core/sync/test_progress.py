"""How far a command is: a line that is written anew on a terminal, plain lines elsewhere; Ctrl-C ends it in order."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management.base import OutputWrapper

from integrations.core.management import progress as showing
from integrations.core.management.progress import progress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def seen(out: StringIO, text: str) -> None:
    """Wait until it was written; the watcher looks twice a second."""
    ends = time.monotonic() + 10
    while text not in out.getvalue():
        assert time.monotonic() < ends, out.getvalue()
        time.sleep(0.02)


@pytest.mark.django_db
def test_a_terminal_has_one_line_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "EVERY", 0.01)
    out, said = Terminal(), ["1 read"]
    with progress(OutputWrapper(out), lambda: said[-1]):
        seen(out, "\r\x1b[K1 read …")
        said.append("2 read")
        seen(out, "\r\x1b[K2 read …")
    assert "\n" not in out.getvalue()
    assert out.getvalue().endswith("\r\x1b[K")


@pytest.mark.django_db
def test_elsewhere_a_plain_line_is_written_when_something_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "EVERY", 0.01)
    monkeypatch.setattr(showing, "PLAIN", 0.02)
    out, said = StringIO(), ["1 read"]
    with progress(OutputWrapper(out), lambda: said[-1]):
        seen(out, "1 read\n")
        said.append("2 read")
        seen(out, "2 read\n")
    assert out.getvalue() == "1 read\n2 read\n"


@pytest.fixture
def at_a_terminal() -> Iterator[None]:
    """Ctrl-C interrupts, as it does there; who starts the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.django_db
@pytest.mark.usefixtures("at_a_terminal")
def test_ctrl_c_is_a_wish_the_first_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "EVERY", 0.01)
    out, asked = StringIO(), []
    with progress(OutputWrapper(out), lambda: "", stop=lambda: asked.append(1)):
        os.kill(os.getpid(), signal.SIGINT)
        seen(out, showing.STOPPING)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert asked == [1]


@pytest.mark.django_db
@pytest.mark.usefixtures("at_a_terminal")
def test_a_wish_that_came_before_there_was_something_to_stop_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "EVERY", 0.01)
    out, begun, stopped = StringIO(), threading.Event(), threading.Event()

    def stop() -> bool:
        if begun.is_set():
            stopped.set()
        return begun.is_set()

    with progress(OutputWrapper(out), lambda: "", stop=stop):
        os.kill(os.getpid(), signal.SIGINT)
        seen(out, showing.STOPPING)
        begun.set()
        assert stopped.wait(10)
    assert out.getvalue().count(showing.STOPPING) == 1
