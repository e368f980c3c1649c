"""What the processes of a queue and their supervisor tell each other, over one socket pair.

A worker says `here` before it waits for work, `took` with each wake-up, `free` when it has worked that off, and `bye`
when it ends in order; who vanishes without a `bye` was killed. The supervisor says nothing but closes its end: then,
and also when it dies, workers take no further job.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from multiprocessing.util import Finalize
from typing import Any

from integrations.core.processes import process_started

_to_supervisor: socket.socket | None = None


def connect(fd: int) -> None:
    """In the queue's main process, before it forks: use this end of the pair, here and in every worker."""
    global _to_supervisor
    from django_q.signals import post_execute_in_worker, post_spawn, pre_execute

    _to_supervisor = socket.socket(fileno=fd)
    _to_supervisor.setblocking(False)
    post_spawn.connect(_worker_begins, weak=False)
    pre_execute.connect(_worker_is_woken, weak=False)
    post_execute_in_worker.connect(_worker_is_free, weak=False)


def must_end() -> bool:
    """Whether this process should take no further job: its supervisor is stopping the queue, or is gone."""
    if _to_supervisor is None:
        return False
    try:
        return _to_supervisor.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _worker_begins(**_: Any) -> None:
    Finalize(None, _say, args=("bye",), exitpriority=0)
    _say("here")


def _worker_is_woken(**_: Any) -> None:
    """Workers whose main process was killed end here, all of them: nobody watches over them any more."""
    leader = os.getsid(0)
    if process_started(leader) is None:
        os.killpg(leader, signal.SIGKILL)
    _say("took")


def _worker_is_free(**_: Any) -> None:
    _say("free")


def _say(word: str) -> None:
    assert _to_supervisor is not None
    with contextlib.suppress(OSError):  # nobody listens any more, or has not for long: `must_end` notices
        _to_supervisor.send(f"{word} {os.getpid()}\n".encode())
