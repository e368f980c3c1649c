"""A portal in a process of its own whose runs die at a chosen line of our code; see `tests.faults.portal`.

The database and both simulators belong to others and outlive every child.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import django

django.setup()

import time_machine  # noqa: E402 — Django's settings must be read first
from django.conf import settings  # noqa: E402
from django.test import Client as Sender  # noqa: E402

from integrations.advoware_espocrm.models import ContactOptions  # noqa: E402
from integrations.core.models import HeldItem, Job, RecordLink, Stream, SyncRun  # noqa: E402
from integrations.core.running import run_due_jobs, sweep  # noqa: E402
from integrations.core.streams import StreamProblem, run_now  # noqa: E402
from tests.advoware_espocrm.scene import PARTY, SECRET, set_scene  # noqa: E402
from tests.faults.portal import LineCounter, _forked  # noqa: E402


class Portal:
    """What the commands do; each method is one command."""

    clock: Any = None

    def build(self, advoware: str, espocrm: str) -> dict[str, Any]:
        settings.ALLOWED_HOSTS = ["*"]
        set_scene(SimpleNamespace(url=advoware), SimpleNamespace(url=espocrm))
        return {}

    def forget(self, markers: bool) -> dict[str, Any]:
        """A portal that has seen no party."""
        for model in (RecordLink, HeldItem, SyncRun, Job):
            model.objects.all().delete()
        Stream.objects.update(watermark=None, in_hand={}, started_at=None)
        ContactOptions.objects.update(write_markers=markers)
        return {}

    def set_clock(self, now: str) -> dict[str, Any]:
        """It is so late now; time keeps ticking."""
        target = datetime.fromisoformat(now)
        if self.clock:
            self.clock.stop()
        self.clock = time_machine.travel(target, tick=True)
        self.clock.start()
        return {}

    def deliver(self) -> dict[str, Any]:
        """A hint of the firm arrives; nothing is worked off yet."""
        answer = Sender().post(
            "/webhooks/firm/advoware/party",
            json.dumps({"betnr": PARTY}),
            content_type="application/json",
            headers={"X-Webhook-Secret": SECRET},
        )
        return {"status": answer.status_code}

    def run(self, how: str, die_at: int = 0) -> dict[str, Any]:
        """A reconcile, or the jobs that are due, in a child that is killed at its `die_at`-th line of our code.

        0 lets it live.
        """
        said = _forked(lambda: _run([how], LineCounter(die_at)))()
        sweep()  # as the supervisor does for a worker that died
        return said

    def together(self, how: list[str]) -> dict[str, Any]:
        """These at the same time, each in a process of its own."""
        children = [_forked(lambda one=one: _run([one], None)) for one in how]
        return {"said": [child() for child in children]}

    def round(self) -> dict[str, Any]:
        """What is due, then a reconcile; what is held after it."""
        said = _forked(lambda: _run(["jobs", "reconcile"], None))()
        held = HeldItem.objects.filter(state=HeldItem.State.HELD).values_list("sentence", flat=True)
        return {"held": list(held), "said": said}


def _run(how: list[str], lines: LineCounter | None) -> dict[str, Any]:
    sys.settrace(lines)
    try:
        outcomes = [_reconcile() if one == "reconcile" else f"{run_due_jobs()} jobs" for one in how]
    finally:
        sys.settrace(None)
    return {"lines": lines.count if lines else 0, "outcomes": outcomes}


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
