"""A portal in a process of its own whose runs die at a chosen line of our code; see `tests.faults.portal`.

The database, the simulated TOGA 2 and the TOGaDesk belong to others and outlive every child.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

import django

django.setup()

import time_machine  # noqa: E402 — Django's settings must be read first

from integrations.core.models import HeldItem, Job, RecordLink, Stream, SyncRun  # noqa: E402
from integrations.core.running import sweep  # noqa: E402
from integrations.core.streams import StreamProblem, run_now  # noqa: E402
from tests.faults.portal import LineCounter, _forked  # noqa: E402
from tests.toga_togadesk.scene import set_scene  # noqa: E402

BOTH = ("tickets_to_togadesk", "tickets_to_toga")


class Portal:
    """What the commands do; each method is one command."""

    clock: Any = None

    def build(self, toga: str, desk: str, uploads: str) -> dict[str, Any]:
        set_scene(toga, desk, uploads)
        return {}

    def forget(self) -> dict[str, Any]:
        """A world without tickets, and a portal that has seen none."""
        for model in (RecordLink, HeldItem, SyncRun, Job):
            model.objects.all().delete()
        Stream.objects.update(watermark=None, in_hand={}, started_at=None)
        for stream in Stream.objects.filter(published__isnull=False):
            stream.published.delete()
        return {}

    def set_clock(self, now: str) -> dict[str, Any]:
        """It is so late now; time keeps ticking."""
        target = datetime.fromisoformat(now)
        if self.clock:
            self.clock.stop()
        self.clock = time_machine.travel(target, tick=True)
        self.clock.start()
        return {}

    def run(self, stream: str, die_at: int = 0) -> dict[str, Any]:
        """One run in a child that is killed at its `die_at`-th line of our code; 0 lets it live."""
        said = _forked(lambda: _run(stream, die_at))()
        sweep()  # as the supervisor does for a worker that died
        return said

    def together(self, streams: list[str]) -> dict[str, Any]:
        """These runs at the same time, each in a process of its own."""
        children = [_forked(lambda slug=slug: _run(slug, 0)) for slug in streams]
        return {"said": [child() for child in children]}

    def both(self) -> dict[str, Any]:
        """Both directions once; whether either wrote, and what is held."""
        said = [_forked(lambda slug=slug: _run(slug, 0))() for slug in BOTH]
        held = HeldItem.objects.filter(state=HeldItem.State.HELD).values_list("sentence", flat=True)
        return {"wrote": any(one["wrote"] for one in said), "held": list(held), "said": said}


def _run(slug: str, die_at: int) -> dict[str, Any]:
    stream = Stream.objects.get(slug=slug)
    lines = LineCounter(die_at)
    sys.settrace(lines)
    try:
        run = run_now(stream)
    except StreamProblem as problem:
        return {"lines": lines.count, "wrote": False, "outcome": str(problem)}
    finally:
        sys.settrace(None)
    return {"lines": lines.count, "wrote": bool(run.created or run.updated or run.held), "outcome": run.outcome}


def main() -> None:
    portal = Portal()
    for line in sys.stdin:
        command = json.loads(line)
        answer = getattr(portal, command.pop("do"))(**command)
        print(json.dumps(answer), flush=True)  # noqa: T201 — the answer's channel


if __name__ == "__main__":
    main()
