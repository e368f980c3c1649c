"""What a person decided about many failures at once: which rows, fixed when they were shown, and what came of each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .audit import AuditEntry


class FailureAct(models.Model):
    """One act on a group of failures: shown, confirmed by the person it was shown to, carried out by a job.

        shown → (confirmed) → running → done
                                      ↘ stopped

    `done` says how many of `ids` were worked on, in their order; it moves in the transaction that does the work. `left`
    says of those that were left alone why, by their id; what came of all others is the same sentence.
    """

    class State(models.TextChoices):
        SHOWN = "shown", _("Shown")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")

    act = models.SlugField(_("act"), help_text=_("retry, dismiss, …"))
    source = models.CharField(_("source"), max_length=80, help_text=_("Which kind of failure: held, jobs, …"))
    group = models.JSONField(_("group"), default=dict, help_text=_("What the rows had in common."))
    ids = models.JSONField(_("ids"), default=list, help_text=_("The rows, as they were when this was shown."))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(_("reason"), max_length=400, blank=True)
    back = models.CharField(
        _("back"), max_length=500, blank=True, help_text=_("The filters of the page it was begun on.")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.SHOWN)
    done = models.PositiveIntegerField(_("done"), default=0)
    left = models.JSONField(_("left"), default=dict)
    audit = models.ForeignKey(
        AuditEntry, verbose_name=_("audit"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("failure act")
        verbose_name_plural = _("failure acts")
        indexes = [models.Index(fields=["created_at"], name="failure_act_age")]

    def __str__(self) -> str:
        return f"{self.act} {len(self.ids)} of {self.source}"
