"""Speaks for the test inside the portal under test: one JSON command per line, one JSON answer per line."""

from __future__ import annotations

import json
import sys
from typing import Any

import django

django.setup()

from django.utils import timezone  # noqa: E402 — Django's settings must be read first
from django_q.models import OrmQ  # noqa: E402

from integrations.core import jobs  # noqa: E402
from integrations.core.models import Heartbeat, Job  # noqa: E402


def clear() -> None:
    for model in (Job, OrmQ, Heartbeat):
        model.objects.all().delete()


def enqueue(kind: str, *orders: int) -> None:
    for order in orders:
        jobs.enqueue(f"works.{kind}", order)


def states() -> list[list[Any]]:
    return [list(row) for row in Job.objects.order_by("pk").values_list("state", "attempts", "outcome")]


def redeliver() -> None:
    """Hand out again every wake-up that a worker holds, as the queue does after its retry time."""
    OrmQ.objects.update(lock=timezone.now())


def overrun() -> None:
    """End the lease of every running job, as if its worker had stood still for minutes."""
    Job.objects.filter(state="running").update(lease_until=timezone.now())


def beats() -> int:
    return Heartbeat.objects.count()


def hurry() -> None:
    """Let what waits for a second or later attempt start now."""
    Job.objects.filter(state="queued").update(not_before=timezone.now())


COMMANDS = {command.__name__: command for command in (clear, enqueue, states, redeliver, overrun, beats, hurry)}

for line in sys.stdin:
    name, *arguments = json.loads(line)
    sys.stdout.write(json.dumps(COMMANDS[name](*arguments)) + "\n")
    sys.stdout.flush()
