"""Speaks for the storm inside the portal under test: one JSON command per line, one JSON answer per line."""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.db.models import F  # noqa: E402 — Django's settings must be read first
from django.utils import timezone  # noqa: E402

from integrations.core.models import (  # noqa: E402
    CallSecond,
    CallSlot,
    CallStop,
    HeldItem,
    Job,
    RecordLink,
    Stream,
    WebhookDelivery,
)
from integrations.core.running import due  # noqa: E402
from tests.freshservice_toga.scene import set_scene  # noqa: E402


def build(fresh: str, files: str, toga: str, plan: str) -> dict[str, Any]:
    """The scene, with its catch-up switched off: what a webhook lost is not found by it."""
    set_scene(fresh, files, toga, plan=plan)
    Stream.objects.update(is_enabled=False)
    return {}


def look() -> dict[str, Any]:
    """What became of the deliveries so far, and what is at work, due, or waiting for its time (in so many seconds)."""
    queued = Job.objects.filter(state=Job.State.QUEUED)
    first = queued.order_by("not_before").values_list("not_before", flat=True).first()
    return {
        "deliveries": Counter(WebhookDelivery.objects.values_list("state", flat=True)),
        "at work": Job.objects.filter(state=Job.State.RUNNING).count(),
        "due": due().count(),
        "waits": None if first is None else (first - timezone.now()).total_seconds(),
    }


def let_pass(seconds: float) -> dict[str, Any]:
    """As if so much time had gone by, more than a minute, in which nobody did anything."""
    gone = timedelta(seconds=seconds)
    Job.objects.filter(state=Job.State.QUEUED).update(not_before=F("not_before") - gone)
    RecordLink.objects.filter(lease_until__isnull=False).update(lease_until=F("lease_until") - gone)
    RecordLink.objects.filter(sent_at__isnull=False).update(sent_at=F("sent_at") - gone)
    CallSlot.objects.update(until=F("until") - gone)
    CallSecond.objects.all().delete()  # no minute that they count in is left
    CallStop.objects.all().delete()
    return {}


def troubles() -> dict[str, Any]:
    """What a person would be shown."""
    failed = WebhookDelivery.objects.filter(state=WebhookDelivery.State.FAILED)
    held = HeldItem.objects.filter(state=HeldItem.State.HELD)
    return {
        "failed": [f"{row.subject}: {row.outcome}" for row in failed],
        "held": [f"{item.record_id}: {item.sentence}" for item in held],
    }


COMMANDS = {command.__name__: command for command in (build, look, let_pass, troubles)}

for line in sys.stdin:
    command = json.loads(line)
    sys.stdout.write(json.dumps(COMMANDS[command.pop("do")](**command)) + "\n")
    sys.stdout.flush()
