from __future__ import annotations

from django.db import models

from .connections import Connection


class CallSlot(models.Model):
    """One of the calls that may be in flight at a time, per connection and endpoint, all processes together."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    endpoint = models.CharField(max_length=100)
    number = models.PositiveSmallIntegerField()
    holder = models.CharField(max_length=64, blank=True)
    until = models.DateTimeField(help_text="Free again after this, whoever held it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "endpoint", "number"], name="one_call_slot_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.connection} {self.endpoint} {self.number}"


class CallCount(models.Model):
    """How many calls a connection was granted in one minute; sixty rows make the rolling hour."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    minute = models.DateTimeField()
    calls = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "minute"], name="one_call_count_per_minute"),
        ]

    def __str__(self) -> str:
        return f"{self.connection} {self.minute:%H:%M}: {self.calls}"


class CallSecond(models.Model):
    """How many calls of one bucket a connection was granted in one second; a bit more than sixty make its minute.

    The bucket is "all" for calls that have no limit of their own.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+", db_index=False)
    second = models.DateTimeField()
    bucket = models.CharField(max_length=100)
    calls = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "second", "bucket"], name="one_call_count_per_second"),
        ]

    def __str__(self) -> str:
        return f"{self.connection} {self.bucket} {self.second:%H:%M:%S}: {self.calls}"


class CallStop(models.Model):
    """The vendor asked to wait: no process calls before this."""

    connection = models.OneToOneField(Connection, primary_key=True, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.connection} not before {self.until:%H:%M:%S}"
