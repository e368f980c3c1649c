from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .integrations import Integration
from .scoping import ScopedQuerySet


class DatabaseMark(models.Model):
    """How far this database has come: one row, counted on as time goes by. Each machine remembers the highest count
    beside the database (`core.marks`), so that one that was put back is known."""

    installation = models.UUIDField(
        _("installation"), default=uuid.uuid4, help_text=_("Of the database; a new one has another.")
    )
    mark = models.BigIntegerField(_("mark"), default=0)
    moved_at = models.DateTimeField(_("moved at"), default=timezone.now)

    ONLY = 1  # its primary key

    class Meta:
        verbose_name = _("database mark")
        verbose_name_plural = _("database marks")

    def __str__(self) -> str:
        return f"{self.installation}: {self.mark}"


class WriteHold(models.Model):
    """A time in which nothing is written to any vendor, because the database was put back from a backup."""

    class Cause(models.TextChoices):
        SAID = "said", _("somebody said that the database was restored")
        NOTICED = "noticed", _("this database is older than what a machine of the portal remembers")

    is_on = models.BooleanField(_("writes are paused"), default=True)
    cause = models.CharField(_("cause"), max_length=10, choices=Cause)
    detail = models.TextField(_("detail"), blank=True, help_text=_("What was noticed or said, in a sentence."))
    began_at = models.DateTimeField(_("paused at"), default=timezone.now)
    began_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("began by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    as_of = models.DateTimeField(_("the database is as of"), null=True, blank=True)
    stop_asked = models.BooleanField(_("stop asked"), default=False)
    lifted_at = models.DateTimeField(_("resumed at"), null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("lifted by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    lifted_with = models.TextField(
        _("lifted with"), blank=True, help_text=_("What the report said when writes were resumed.")
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = _("restore")
        verbose_name_plural = _("restores")
        constraints = [models.UniqueConstraint(fields=["is_on"], condition=Q(is_on=True), name="one_write_hold")]

    def __str__(self) -> str:
        return gettext("restore of {when}").format(when=f"{self.began_at:%Y-%m-%d %H:%M}")


class Readoption(models.Model):
    """What one integration found of its own at the vendors that the database, as it was put back, does not know."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("looked at")
        FAILED = "failed", _("not looked at to the end")
        LEFT_OUT = "left_out", _("not looked at")

    hold = models.ForeignKey(WriteHold, verbose_name=_("hold"), on_delete=models.CASCADE, related_name="readoptions")
    integration = models.ForeignKey(
        Integration, verbose_name=_("integration"), on_delete=models.CASCADE, related_name="+"
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    outcome = models.TextField(_("outcome"), blank=True, help_text=_("In a sentence; why it was not looked at."))
    cursor = models.JSONField(_("cursor"), default=dict, blank=True, help_text=_("Where the look goes on."))
    looked = models.PositiveIntegerField(_("records looked at"), default=0)
    adopted = models.JSONField(
        _("adopted"), default=list, blank=True, help_text=_("What was linked again: about, said.")
    )
    unclear = models.JSONField(
        _("unclear"), default=list, blank=True, help_text=_("What a person has to look at: about, said.")
    )
    notes = models.JSONField(
        _("notes"), default=list, blank=True, help_text=_("What nobody can know from here, in sentences.")
    )
    previews = models.JSONField(
        _("previews"), default=list, blank=True, help_text=_("Ids of the dry runs of its streams.")
    )
    looked_at = models.DateTimeField(_("looked at"), null=True, blank=True)

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("readoption")
        verbose_name_plural = _("readoptions")
        ordering = ["integration__client__name", "integration__slug"]
        constraints = [models.UniqueConstraint(fields=["hold", "integration"], name="one_readoption_per_integration")]

    def __str__(self) -> str:
        return gettext("{integration} after the {restore}").format(integration=self.integration, restore=self.hold)
