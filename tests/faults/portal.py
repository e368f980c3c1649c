"""A portal in a process of its own that the fault tests drive: clicks that die at a chosen line, and a movable clock.

Reads one JSON command per line from standard input and answers each with one JSON line. A click runs in a forked child,
so that killing it is a real SIGKILL of a process with its own database connection and sockets, at the cost of
milliseconds. The database (DATABASE_URL) and the simulated Autotask belong to others and outlive every child.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import django

django.setup()

import time_machine  # noqa: E402 — Django's settings must be read first
from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import Client as Browser  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from integrations.backup_tickets import linking, noting, resolving  # noqa: E402
from integrations.backup_tickets.models import Resolution, Run, TicketLink, TicketNote  # noqa: E402
from integrations.backup_tickets.obstacles import basis_of  # noqa: E402
from integrations.backup_tickets.tickets import NotPossibleError, create_ticket, preview  # noqa: E402
from integrations.core.models import AuditEntry, Job, User  # noqa: E402
from integrations.core.running import run_due_jobs, sweep  # noqa: E402
from tests.backup_tickets.scene import Scene, set_scene  # noqa: E402

OURS = str(settings.BASE_DIR / "integrations")


class Portal:
    """What the commands do; each method is one command."""

    scene: Scene
    clock: Any = None

    def build(self, base_url: str) -> dict[str, Any]:
        settings.ALLOWED_HOSTS = ["*"]
        self.scene = set_scene(base_url)
        self.runs = 0
        return {}

    def new_run(self) -> dict[str, Any]:
        self.runs += 1
        return {"run": self.scene.another_run(f"fault-{self.runs}").pk}

    def move_clock(self, seconds: float) -> dict[str, Any]:
        """Time goes on by that much; it keeps ticking."""
        target = timezone.now() + dt.timedelta(seconds=seconds)
        if self.clock:
            self.clock.stop()
        self.clock = time_machine.travel(target, tick=True)
        self.clock.start()
        return {}

    def click(self, run: int, die_at: int = 0, act: str = "create") -> dict[str, Any]:
        """One click in a child that is killed at its `die_at`-th line of our code; 0 lets it live."""
        return _forked(lambda: _click(act, run, self.scene.operator.pk, die_at))()

    def together(self, runs: list[int], act: str) -> dict[str, Any]:
        """The same click on each of these runs at the same moment, each from a process of its own."""
        gate, starter = os.pipe()
        children = [_forked(partial(_waiting_click, act, run, self.scene.operator.pk, gate, starter)) for run in runs]
        os.close(starter)  # the last one: every child's read ends now
        os.close(gate)
        return {"answers": [child() for child in children]}

    def clicks(self, run: int, times: int) -> dict[str, Any]:
        """That many operators post the confirmed preview at the same moment, each from a process of their own."""
        seen = preview(basis_of(Run.objects.get(pk=run))).fingerprint
        gate, starter = os.pipe()
        children = [_forked(lambda: _post(run, self.scene.operator.pk, seen, gate, starter)) for _ in range(times)]
        os.close(starter)  # the last one: every child's read ends now
        os.close(gate)
        return {"answers": [child() for child in children]}

    def recover(self, run: int, seconds: float = 3600, die_at: int = 0) -> dict[str, Any]:
        """Run the jobs of this run's links as they fall due, moving the clock, until none is left in that time.

        The first worker is killed at its `die_at`-th line of our code; 0 lets it live.
        """
        ends = timezone.now() + dt.timedelta(seconds=seconds)
        ran = lines = 0
        while job := self._next_job(run):
            if job.not_before > ends:
                break
            if job.not_before > timezone.now():
                self.move_clock((job.not_before - timezone.now()).total_seconds() + 0.001)
            if ran == 0:
                lines = _forked(lambda: _work(die_at))().get("lines", 0)
                sweep()  # as the supervisor does for a worker that died
            else:
                run_due_jobs()
            ran += 1
            assert ran < 100, f"{job} never ends: {Job.objects.get(pk=job.pk).outcome}"
        return {"ran": ran, "lines": lines}

    def state(self, run: int) -> dict[str, Any]:
        links = TicketLink.objects.filter(run=run).select_related("ticket").order_by("pk")
        return {
            "links": [
                {
                    "state": link.state,
                    "key": link.key,
                    "cause": link.cause,
                    "ticket": link.ticket.ticket_id if link.ticket else None,
                    "number": link.ticket.number if link.ticket else "",
                    "strays": [stray["id"] for stray in link.strays],
                }
                for link in links
            ],
            "resolutions": list(Resolution.objects.filter(run=run).order_by("pk").values("state", "cause", "key")),
            "notes": list(TicketNote.objects.filter(run=run).order_by("pk").values("state", "cause", "key")),
            "audit": list(
                AuditEntry.objects.filter(record=f"run:{run}").order_by("pk").values_list("outcome", flat=True)
            ),
            "needs_attention": Run.objects.get(pk=run).needs_attention,
        }

    def _next_job(self, run: int) -> Job | None:
        jobs = Job.objects.filter(kind__in=RECOVERIES, state=Job.State.QUEUED).order_by("not_before")
        return next(
            (job for job in jobs if RECOVERIES[job.kind].objects.filter(pk=job.args[0], run=run).exists()), None
        )


RECOVERIES: dict[str, Any] = {
    "backup_tickets.recover_creation": TicketLink,
    "backup_tickets.recover_resolution": Resolution,
    "backup_tickets.recover_note": TicketNote,
}
ACTS: dict[str, Callable[[Run, User], Any]] = {
    "create": lambda run, user: create_ticket(run, user=user),
    "resolve": lambda run, user: resolving.resolve(run, user=user),
    "note": lambda run, user: noting.add_note(run, "Looked at it.", user=user),
    "join": lambda run, user: linking.link_open_ticket(run, user=user),
}
IN_THE_WAY = (NotPossibleError, resolving.NotPossibleError, noting.NotPossibleError, linking.NotPossibleError)


def _waiting_click(act: str, run: int, user: int, gate: int, starter: int) -> dict[str, Any]:
    os.close(starter)
    os.read(gate, 1)  # until everybody has closed the starter's end
    return _click(act, run, user, 0)


def _click(act: str, run: int, user: int, die_at: int) -> dict[str, Any]:
    lines = LineCounter(die_at)
    person = User.objects.get(pk=user)
    row = Run.objects.get(pk=run)
    sys.settrace(lines)
    try:
        state = ACTS[act](row, person).state
    except IN_THE_WAY as error:
        state = str(error)
    finally:
        sys.settrace(None)
    return {"lines": lines.count, "state": state}


def _work(die_at: int) -> dict[str, Any]:
    lines = LineCounter(die_at)
    sys.settrace(lines)
    try:
        run_due_jobs()
    finally:
        sys.settrace(None)
    return {"lines": lines.count}


def _post(run: int, user: int, seen: str, gate: int, starter: int) -> dict[str, Any]:
    os.close(starter)
    browser = Browser(raise_request_exception=False)
    browser.force_login(User.objects.get(pk=user), backend="django.contrib.auth.backends.ModelBackend")
    os.read(gate, 1)  # until everybody has closed the starter's end
    answer = browser.post(reverse("admin:backup_tickets_run_ticket", args=[run]), {"seen": seen})
    return {"status": answer.status_code}


class LineCounter:
    """A trace function that counts the executed lines of our code and kills the process at one of them."""

    def __init__(self, die_at: int) -> None:
        self.die_at = die_at
        self.count = 0

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        return self.line if frame.f_code.co_filename.startswith(OURS) else None

    def line(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        if event == "line":
            self.count += 1
            if self.count == self.die_at:
                os.kill(os.getpid(), signal.SIGKILL)
        return self.line


def _forked(work: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """Start `work` in a child; the answer waits for it and returns its result, or `{"died": True}`."""
    connections.close_all()  # a child must not share the parent's
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        code = 1
        try:
            os.write(writing, json.dumps(work()).encode())
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)  # not through the parent's own clean-up
    os.close(writing)

    def result() -> dict[str, Any]:
        with os.fdopen(reading, "rb") as pipe:
            answer = pipe.read()
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            return {"died": True}
        assert os.WEXITSTATUS(status) == 0, "the click ended with a traceback, see above"
        return {"died": False, **json.loads(answer)}

    return result


def main() -> None:
    portal = Portal()
    for line in sys.stdin:
        command = json.loads(line)
        answer = getattr(portal, command.pop("do"))(**command)
        print(json.dumps(answer), flush=True)  # noqa: T201 — the answer's channel


if __name__ == "__main__":
    main()
