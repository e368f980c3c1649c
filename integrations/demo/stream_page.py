"""A stream's page, as the admin of the rehearsal uses it."""

from __future__ import annotations

from integrations.core.models import Integration, SyncRun

from .stage import Stage
from .visitor import Page


def page_of(stage: Stage, integration: Integration, stream: str) -> Page:
    return stage.visitor("admin").get(f"/admin/core/integration/{integration.pk}/stream/{stream}/")


def press(stage: Stage, integration: Integration, stream: str, button: str) -> SyncRun:
    """Press a button that has the stream run, and wait for its end. Raises `StepError` when it does not come."""
    runs = SyncRun.objects.filter(stream__integration=integration, stream__slug=stream, subject="").order_by("-pk")
    last = runs.values_list("pk", flat=True).first() or 0
    stage.visitor("admin").press(page_of(stage, integration, stream), button)

    def ended() -> SyncRun | None:
        found: SyncRun | None = runs.filter(pk__gt=last).exclude(state=SyncRun.State.RUNNING).first()
        return found

    run: SyncRun = stage.wait_for(ended, f"the run of {stream}", seconds=60)
    return run
