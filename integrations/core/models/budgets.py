from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .connections import Connection


class CallSlot(models.Model):
    """One of the calls that may be in flight at a time, per connection and endpoint, all processes together."""

    connection = models.ForeignKey(Connection, verbose_name=_("connection"), on_delete=models.CASCADE, related_name="+")
    endpoint = models.CharField(_("endpoint"), max_length=100)
    number = models.PositiveSmallIntegerField(_("number"))
    holder = models.CharField(_("holder"), max_length=64, blank=True)
    until = models.DateTimeField(_("until"), help_text=_("Free again after this, whoever held it."))

    class Meta:
        verbose_name = _("call slot")
        verbose_name_plural = _("call slots")
        constraints = [
            models.UniqueConstraint(fields=["connection", "endpoint", "number"], name="one_call_slot_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.connection} {self.endpoint} {self.number}"


class CallCount(models.Model):
    """How many calls a connection was granted in one minute; sixty rows make the rolling hour."""

    connection = models.ForeignKey(Connection, verbose_name=_("connection"), on_delete=models.CASCADE, related_name="+")
    minute = models.DateTimeField(_("minute"))
    calls = models.PositiveIntegerField(_("calls"), default=0)

    class Meta:
        verbose_name = _("call count")
        verbose_name_plural = _("call counts")
        constraints = [
            models.UniqueConstraint(fields=["connection", "minute"], name="one_call_count_per_minute"),
        ]

    def __str__(self) -> str:
        return f"{self.connection} {self.minute:%H:%M}: {self.calls}"


class CallSecond(models.Model):
    """How many calls of one bucket a connection was granted in one second; a bit more than sixty make its minute.

    The bucket is "all" for calls that have no limit of their own.
    """

    connection = models.ForeignKey(
        Connection, verbose_name=_("connection"), on_delete=models.CASCADE, related_name="+", db_index=False
    )
    second = models.DateTimeField(_("second"))
    bucket = models.CharField(_("bucket"), max_length=100)
    calls = models.PositiveIntegerField(_("calls"), default=0)

    class Meta:
        verbose_name = _("call second")
        verbose_name_plural = _("call seconds")
        constraints = [
            models.UniqueConstraint(fields=["connection", "second", "bucket"], name="one_call_count_per_second"),
        ]

    def __str__(self) -> str:
        return f"{self.connection} {self.bucket} {self.second:%H:%M:%S}: {self.calls}"


class CallStop(models.Model):
    """The vendor asked to wait: no process calls before this."""

    connection = models.OneToOneField(
        Connection, verbose_name=_("connection"), primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("call stop")
        verbose_name_plural = _("call stops")

    def __str__(self) -> str:
        return f"{self.connection} not before {self.until:%H:%M:%S}"
