"""What the supervisor says about a queue that cannot work."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import pytest

from integrations.core.models import Heartbeat
from integrations.core.supervision.watch import Queue


class Broken(Queue):
    """A queue whose program ends at once, as one does that cannot be imported."""

    def command(self) -> Sequence[str]:
        return [sys.executable, "-c", "raise SystemExit(3)"]


@pytest.mark.django_db
def test_a_queue_that_cannot_start_gives_no_sign_of_life_and_is_tried_ever_less_often(
    caplog: pytest.LogCaptureFixture,
) -> None:
    queue = Broken()
    deadline = time.monotonic() + 30
    while len(caplog.messages) < 3 and time.monotonic() < deadline:
        queue.keep_alive()
        queue.watch()
        time.sleep(0.02)
    queue.kill()
    again = "queue ended by itself (status 3); starting it again"
    assert caplog.messages == [again, f"{again} in 1 s", f"{again} in 2 s"]
    assert not Heartbeat.objects.exists()
