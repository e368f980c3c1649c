"""What a person decided about many failures at once: which rows, fixed when they were shown, and what came of each."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from .audit import AuditEntry


class FailureAct(models.Model):
    """One act on a group of failures: shown, confirmed by the person it was shown to, carried out by a job.

        shown → (confirmed) → running → done
                                      ↘ stopped

    `done` says how many of `ids` were worked on, in their order; it moves in the transaction that does the work. `left`
    says of those that were left alone why, by their id; what came of all others is the same sentence.
    """

    class State(models.TextChoices):
        SHOWN = "shown"
        RUNNING = "running"
        DONE = "done"
        STOPPED = "stopped"

    act = models.SlugField(help_text="retry, dismiss, …")
    source = models.CharField(max_length=80, help_text="Which kind of failure: held, jobs, …")
    group = models.JSONField(default=dict, help_text="What the rows had in common.")
    ids = models.JSONField(default=list, help_text="The rows, as they were when this was shown.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=400, blank=True)
    back = models.CharField(max_length=500, blank=True, help_text="The filters of the page it was begun on.")
    created_at = models.DateTimeField(auto_now_add=True)

    state = models.CharField(max_length=10, choices=State, default=State.SHOWN)
    done = models.PositiveIntegerField(default=0)
    left = models.JSONField(default=dict)
    audit = models.ForeignKey(AuditEntry, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="failure_act_age")]

    def __str__(self) -> str:
        return f"{self.act} {len(self.ids)} of {self.source}"
