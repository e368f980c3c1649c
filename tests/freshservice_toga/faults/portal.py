"""A portal in a process of its own whose runs die at a chosen line of our code; see `tests.faults.portal`.

The database and both simulators belong to others and outlive every child.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from types import FrameType
from typing import Any

import django

django.setup()

import psutil  # noqa: E402 — Django's settings must be read first
import time_machine  # noqa: E402
from django.conf import settings  # noqa: E402
from django.test import Client as Sender  # noqa: E402

from integrations.core.models import HeldItem, Stream, SyncEntry  # noqa: E402
from integrations.core.running import run_due_jobs, sweep  # noqa: E402
from integrations.core.streams import StreamProblem, run_now  # noqa: E402
from tests.faults.portal import LineCounter, _forked  # noqa: E402
from tests.freshservice_toga.oracle import forget  # noqa: E402
from tests.freshservice_toga.scene import SECRET, set_scene  # noqa: E402

WRITTEN = (SyncEntry.Outcome.CREATED, SyncEntry.Outcome.UPDATED, SyncEntry.Outcome.HELD)


class Portal:
    """What the commands do; each method is one command."""

    clock: Any = None

    def build(self, fresh: str, files: str, toga: str, plan: str = "enterprise") -> dict[str, Any]:
        settings.ALLOWED_HOSTS = ["*"]
        set_scene(fresh, files, toga, plan=plan)
        return {}

    def forget(self) -> dict[str, Any]:
        forget()
        return {}

    def set_clock(self, now: str) -> dict[str, Any]:
        """It is so late now; time keeps ticking."""
        target = datetime.fromisoformat(now)
        if self.clock:
            self.clock.stop()
        self.clock = time_machine.travel(target, tick=True)
        self.clock.start()
        return {}

    def deliver(self, tickets: list[int]) -> dict[str, Any]:
        """A webhook about each of these tickets arrives; nothing is worked off yet."""
        statuses = [
            Sender()
            .post(
                "/webhooks/elite/freshservice/ticket",
                json.dumps({"ticket_id": number}),
                content_type="application/json",
                headers={"X-Webhook-Secret": SECRET},
            )
            .status_code
            for number in tickets
        ]
        return {"statuses": statuses}

    def run(self, how: str, die_at: int = 0, inside: str = "") -> dict[str, Any]:
        """A catch-up, or the jobs that are due, in a child that is killed at its `die_at`-th line of our code.

        0 lets it live; `inside` counts only the lines of files whose path ends so.
        """
        said = _forked(lambda: _run(how, _Inside(die_at, inside)))()
        sweep()  # as the supervisor does for a worker that died
        return said

    def round(self) -> dict[str, Any]:
        """What is due, then a catch-up; whether anything was written, and what is held."""
        said = [_forked(lambda how=how: _run(how))() for how in ("jobs", "catch_up")]
        held = HeldItem.objects.filter(state=HeldItem.State.HELD).values_list("sentence", flat=True)
        return {"wrote": any(one["wrote"] for one in said), "held": list(held), "said": said}

    def work_for(self, seconds: float) -> dict[str, Any]:
        """Work off what falls due for so long, as a worker does; how many jobs that were."""
        ends, done = time.monotonic() + seconds, 0
        while time.monotonic() < ends:
            done += run_due_jobs()
            time.sleep(0.1)
        return {"jobs": done}

    def growth(self) -> dict[str, Any]:
        """A catch-up in this process; by how many bytes its resident size grew on the way."""
        process = psutil.Process()
        before = peak = process.memory_info().rss
        over = threading.Event()

        def watch() -> None:
            nonlocal peak
            while not over.wait(0.005):
                peak = max(peak, process.memory_info().rss)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            said = _run("catch_up")
        finally:
            over.set()
            watcher.join()
        return said | {"grown": peak - before}


class _Inside(LineCounter):
    """Counts only the lines of some files."""

    def __init__(self, die_at: int, inside: str) -> None:
        super().__init__(die_at)
        self.inside = inside

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        is_there = frame.f_code.co_filename.endswith(self.inside)
        return super().__call__(frame, event, argument) if is_there else None


def _run(how: str, lines: LineCounter | None = None) -> dict[str, Any]:
    last = SyncEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    sys.settrace(lines)
    try:
        outcome = _catch_up() if how == "catch_up" else f"{run_due_jobs()} jobs"
    finally:
        sys.settrace(None)
    wrote = SyncEntry.objects.filter(pk__gt=last, outcome__in=WRITTEN).exists()
    return {"lines": lines.count if lines else 0, "wrote": wrote, "outcome": outcome}


def _catch_up() -> str:
    try:
        return run_now(Stream.objects.get(slug="catch_up")).outcome
    except StreamProblem as problem:
        return str(problem)


def main() -> None:
    portal = Portal()
    for line in sys.stdin:
        command = json.loads(line)
        answer = getattr(portal, command.pop("do"))(**command)
        print(json.dumps(answer), flush=True)  # noqa: T201 — the answer's channel


if __name__ == "__main__":
    main()
