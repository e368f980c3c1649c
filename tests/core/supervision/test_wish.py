"""The wish that a process shall end, as a signal says it, whatever the signal interrupts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# SIGTERM comes before every line of the wish's own code, its handler's included. With `threading.Event` in its place
# the first one that meets its lock stands still for ever.
SCRIPT = """
import signal, sys, threading
from integrations.core import processes
from integrations.core.processes import Wish

seen, rooms = set(), (processes.__file__, threading.__file__)

def each_line(frame, event, _argument):
    place = frame.f_code.co_name, frame.f_lineno
    if event == "line" and place not in seen:
        seen.add(place)
        signal.raise_signal(signal.SIGTERM)
    return each_line

asked = Wish(signal.SIGTERM)
sys.settrace(lambda frame, event, _: each_line if frame.f_code.co_filename in rooms else None)
for _ in range(3):
    assert asked.wait(60)
    asked.clear()
signal.raise_signal(signal.SIGTERM)
assert asked.wait() and asked.is_set()
sys.settrace(None)
print(len(seen))
"""


def test_a_signal_that_interrupts_the_wish_itself_is_heard_and_blocks_nothing() -> None:
    said = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert int(said) > 10
