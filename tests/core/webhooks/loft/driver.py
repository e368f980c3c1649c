"""Speaks for the test inside the portal under test: one JSON command per line, one JSON answer per line."""

from __future__ import annotations

import json
import sys
from typing import Any

import django

django.setup()

from django.utils import timezone  # noqa: E402 — Django's settings must be read first

from integrations.core.models import Job, WebhookDelivery  # noqa: E402
from tests.core.webhooks.pigeons import make_world  # noqa: E402

ALIVE = (Job.State.QUEUED, Job.State.RUNNING)


def build() -> dict[str, Any]:
    make_world()
    return {}


def clear() -> dict[str, Any]:
    """As if nothing had come yet."""
    for model in (WebhookDelivery, Job):
        model.objects.all().delete()
    return {}


def is_at_rest() -> dict[str, Any]:
    """Whether nothing is left to do. What waits for another attempt may start now."""
    Job.objects.filter(state=Job.State.QUEUED).update(not_before=timezone.now())
    waiting = WebhookDelivery.objects.filter(state=WebhookDelivery.State.WAITING).exists()
    return {"rest": not waiting and not Job.objects.filter(kind="core.work_delivery", state__in=ALIVE).exists()}


def rows() -> dict[str, Any]:
    """Every delivery: the number that its body carries, its subject and its state."""
    found = WebhookDelivery.objects.order_by("pk").values_list("body", "subject", "state")
    return {"rows": [[json.loads(bytes(body))["number"], subject, state] for body, subject, state in found]}


COMMANDS = {command.__name__: command for command in (build, clear, is_at_rest, rows)}

for line in sys.stdin:
    command = json.loads(line)
    sys.stdout.write(json.dumps(COMMANDS[command.pop("do")](**command)) + "\n")
    sys.stdout.flush()
