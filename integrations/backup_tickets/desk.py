"""What people leave at the desk around runs: reviews, acts on many runs, and the files they import. Tables only."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.models import Client
from integrations.core.models.scoping import ScopedQuerySet


class RunReview(models.Model):
    """One step in the review of a run, kept for its timeline: judged to need no ticket, or that judgement undone."""

    class Action(models.TextChoices):
        REVIEWED = "reviewed", _("reviewed, no ticket needed")
        UNDONE = "undone", _("review undone")

    run = models.ForeignKey(
        "backup_tickets.Run", on_delete=models.CASCADE, related_name="reviews", verbose_name=_("run")
    )
    action = models.CharField(_("action"), max_length=10, choices=Action)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    client_path = "run__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("run review")
        verbose_name_plural = _("run reviews")
        ordering = ["-id"]
        indexes = [models.Index(fields=["at"], name="run_review_at")]

    def __str__(self) -> str:
        return gettext("{action} by {person}").format(action=self.get_action_display(), person=self.by)


class RunImport(models.Model):
    """A file of runs: uploaded, checked by a job, confirmed by its uploader, stored by a job, kept as a report.

    The counters say how far the job is; they move in the same transaction as the runs, so a job that was killed goes on
    where it was and nothing is counted twice.
    """

    class State(models.TextChoices):
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("waiting for confirmation")
        IMPORTING = "importing", _("being imported")
        DONE = "done", _("imported")
        STOPPED = "stopped", _("Stopped")
        UNREADABLE = "unreadable", _("Unreadable")

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+", verbose_name=_("client"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("by"))
    name = models.CharField(_("name"), max_length=200)
    format = models.CharField(_("format"), max_length=10)
    content = models.BinaryField(_("content"), help_text=_("Emptied when the import is over."))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.CHECKING)
    cause = models.TextField(_("cause"), blank=True, help_text=_("Why the file is unreadable, in a sentence."))
    total = models.PositiveIntegerField(
        _("total"), default=0, help_text=_("Items in the file, known once it was checked.")
    )
    done = models.PositiveIntegerField(_("done"), default=0)
    created = models.PositiveIntegerField(_("created"), default=0)
    updated = models.PositiveIntegerField(_("updated"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    errors = models.JSONField(
        _("errors"), default=list, help_text=_("The first thousand, each a sentence with its place.")
    )

    client_path = "client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("run import")
        verbose_name_plural = _("run imports")

    def __str__(self) -> str:
        return self.name

    @property
    def is_busy(self) -> bool:
        """Whether a job works on it, or is about to."""
        return self.state in (self.State.CHECKING, self.State.IMPORTING)

    @property
    def changes(self) -> int:
        """How many runs are new or differ from what is stored."""
        return self.created + self.updated


class BulkAction(models.Model):
    """One act on many runs, chosen by a person, shown first, then carried out by a job, row by row."""

    class Act(models.TextChoices):
        CREATE = "create", _("Create tickets")
        LINK = "link", _("Link to the open tickets of the jobs")
        RESOLVE = "resolve", _("Resolve tickets")
        CHECK = "check", _("Check tickets")

    class State(models.TextChoices):
        SHOWN = "shown", _("waiting for confirmation")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")

    act = models.CharField(_("act"), max_length=10, choices=Act)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.SHOWN)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("by"))
    back = models.TextField(_("back"), blank=True, help_text=_("The list's filters, to go back to it."))
    cause = models.TextField(_("cause"), blank=True, help_text=_("Why it ended early, in a sentence."))
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("bulk action")
        verbose_name_plural = _("bulk actions")

    def __str__(self) -> str:
        return f"{self.get_act_display()} #{self.pk}"


class BulkItem(models.Model):
    """One run of a bulk action. It is taken in hand at most once: what a dead process left is never sent again."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        WORKING = "working", _("at work")
        DONE = "done", _("done")
        CHECKING = "checking", _("being checked")
        LEFT_ALONE = "left_alone", _("left alone")
        FAILED = "failed", _("failed")

    action = models.ForeignKey(BulkAction, on_delete=models.CASCADE, related_name="items", verbose_name=_("action"))
    run = models.ForeignKey("backup_tickets.Run", on_delete=models.CASCADE, related_name="+", verbose_name=_("run"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    sentence = models.TextField(
        _("sentence"), blank=True, help_text=_("What will be done; later, what came of it or why not.")
    )
    seen = models.CharField(
        _("seen"), max_length=64, blank=True, help_text=_("Fingerprint of the ticket as it was shown.")
    )

    client_path = "run__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("bulk item")
        verbose_name_plural = _("bulk items")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["action", "run"], name="one_item_per_bulk_action_and_run")]

    def __str__(self) -> str:
        return f"{self.action}, run {self.run_id}: {self.get_state_display()}"
