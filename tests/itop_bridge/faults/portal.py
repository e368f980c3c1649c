"""A portal in a process of its own whose runs die at a chosen write, or at a chosen line of our code; see
`tests.faults.portal`.

The database and both iTops belong to others and outlive every child.
"""

from __future__ import annotations

import json
import os
import signal
import sys
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
from integrations.itop_bridge.models import BridgeOptions  # noqa: E402
from integrations.vendors.itop.calls import Calls  # noqa: E402
from tests.faults.portal import LineCounter, _forked  # noqa: E402
from tests.itop_bridge.oracle import forget  # noqa: E402
from tests.itop_bridge.scene import DEFAULTS, SECRETS, set_scene  # noqa: E402

BACK_REFERENCE = "provider_ref"
WRITTEN = (SyncEntry.Outcome.CREATED, SyncEntry.Outcome.UPDATED, SyncEntry.Outcome.HELD)
_WRITES = (Calls.write.__code__, Calls.write_file.__code__)


class Portal:
    """What the commands do; each method is one command."""

    clock: Any = None
    frozen: tuple[psutil.Process, Callable[[], dict[str, Any]]]

    def build(self, external: tuple[str, str], internal: tuple[str, str]) -> dict[str, Any]:
        settings.ALLOWED_HOSTS = ["*"]
        set_scene(external, internal)
        BridgeOptions.objects.update(external=DEFAULTS | {"marker_field": BACK_REFERENCE}, most_looks=1000)
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

    def deliver(self, hints: list[tuple[str, str, str]]) -> dict[str, Any]:
        """These webhooks arrive; nothing is worked off yet."""
        for role, event, body in hints:
            answer = Sender().post(
                f"/api/v1/{event}",
                body,
                content_type="application/json",
                headers={"X-Webhook-Secret": SECRETS[role]},
            )
            assert answer.status_code == 202, answer.content
        return {}

    def run(self, how: str, die_at: int = 0, moment: str = "line") -> dict[str, Any]:
        """A reconcile, or the jobs that are due, in a child that is killed at its `die_at`-th moment; 0 lets it live.

        The moments are lines of our code, or those right before and right after a write to either iTop.
        """
        said = _forked(lambda: _run(how, LineCounter(die_at) if moment == "line" else _AtWrite(die_at, moment)))()
        sweep()  # as the supervisor does for a worker that died
        return said

    def freeze(self, at: int) -> dict[str, Any]:
        """A reconcile in a child that is stopped right before its `at`-th write, and stays so."""
        result = _forked(lambda: _run("reconcile", _AtWrite(at, "before", signal.SIGSTOP)))
        (child,) = psutil.Process().children()
        while child.status() != psutil.STATUS_STOPPED:
            time.sleep(0.01)
        self.frozen = child, result
        return {}

    def thaw(self) -> dict[str, Any]:
        """It goes on as if nothing had been."""
        child, result = self.frozen
        child.resume()
        return result()

    def round(self) -> dict[str, Any]:
        """What is due, then a reconcile; whether anything was written, and what is held."""
        sweep()
        said = [_forked(lambda how=how: _run(how, None))() for how in ("jobs", "reconcile")]
        held = HeldItem.objects.filter(state=HeldItem.State.HELD).values_list("sentence", flat=True)
        return {"wrote": any(one["wrote"] for one in said), "held": list(held), "said": said}


class _AtWrite(LineCounter):
    """Counts the writes, and kills (or stops) the process before one of them leaves, or once it is answered."""

    def __init__(self, die_at: int, moment: str, kind: signal.Signals = signal.SIGKILL) -> None:
        super().__init__(die_at)
        self.moment, self.kind = moment, kind

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        if frame.f_code not in _WRITES:
            return None
        self.count += 1
        if self.moment == "before":
            self._die()
        return self.end

    def end(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        if event == "return" and self.moment == "after":
            self._die()
        return self.end

    def _die(self) -> None:
        if self.count == self.die_at:
            os.kill(os.getpid(), self.kind)


def _run(how: str, moments: LineCounter | None) -> dict[str, Any]:
    last = SyncEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    sys.settrace(moments)
    try:
        outcome = _reconcile() if how == "reconcile" else f"{run_due_jobs()} jobs"
    finally:
        sys.settrace(None)
    wrote = SyncEntry.objects.filter(pk__gt=last, outcome__in=WRITTEN).exists()
    return {"moments": moments.count if moments else 0, "wrote": wrote, "outcome": outcome}


def _reconcile() -> str:
    try:
        return run_now(Stream.objects.get(slug="reconcile")).outcome
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
