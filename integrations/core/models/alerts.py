"""Alerts: what is wrong with one subject, whom it is told, and what became of telling it. Tables only."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, validate_email
from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from integrations.transport.addresses import check_url
from integrations.transport.errors import ConfigurationError

from ..fields import SealedField
from .clients import Client
from .scoping import ScopedQuerySet


class Severity(models.IntegerChoices):
    NOTICE = 10, "notice"
    WARNING = 20, "warning"
    URGENT = 30, "urgent"


class AlertRule(models.Model):
    """What an admin changed of a declared rule: whether it is on, and from which figure it alerts."""

    slug = models.CharField(max_length=80, unique=True)
    is_enabled = models.BooleanField("on", default=True)
    threshold = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Empty: the rule's own figure."
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug


class Alert(models.Model):
    """Something that is wrong, found by one rule about one subject. The same one when it comes back soon after."""

    class State(models.TextChoices):
        OPEN = "open"
        RECOVERED = "recovered"

    class Told(models.TextChoices):
        NOTHING = "", "nothing"
        OPEN = "open", "that it is open"
        RECOVERED = "recovered", "that it is over"

    rule = models.CharField(max_length=80)
    subject = models.CharField(max_length=200, help_text="What it is about, as the portal names it: stream:17.")
    client = models.ForeignKey(Client, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts")
    severity = models.PositiveSmallIntegerField(choices=Severity, default=Severity.WARNING)
    title = models.CharField(max_length=250)
    sentence = models.TextField(help_text="What is known of it, as last seen.")
    path = models.CharField("page", max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    since = models.DateTimeField(help_text="Since when it has been wrong, as far as is known.")
    opened_at = models.DateTimeField(help_text="When the portal noticed, the last time.")
    seen_at = models.DateTimeField("last seen")
    recovered_at = models.DateTimeField(null=True, blank=True)
    count = models.PositiveIntegerField("times opened", default=1)
    told = models.CharField("people know", max_length=10, choices=Told, default=Told.NOTHING, blank=True)
    last_notified_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="looked after by",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    muted_until = models.DateTimeField(null=True, blank=True)

    client_path = "client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "subject"], condition=Q(state="open"), name="one_open_alert_per_subject"
            )
        ]
        indexes = [models.Index(fields=["state", "recovered_at"], name="alert_by_state")]

    def __str__(self) -> str:
        return self.title


class AlertChannel(models.Model):
    """Where alerts are told: e-mail addresses or a webhook. Of one client's alerts, or (client empty) of all."""

    name = models.CharField(max_length=100, unique=True)
    client = models.ForeignKey(
        Client,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="alert_channels",
        help_text="Only this client's alerts. Empty: all, those of the house too.",
    )
    minimum_severity = models.PositiveSmallIntegerField("severity from", choices=Severity, default=Severity.WARNING)
    emails = models.TextField("e-mail addresses", blank=True, help_text="One per line.")
    url = models.CharField(
        "webhook address", max_length=500, blank=True, help_text="Gets a signed POST; see the operations guide."
    )
    secret = SealedField(help_text="What the webhook's signature is made with; sealed.")
    allow_private_address = models.BooleanField(
        default=False, help_text="Allow an address inside your own network. Off for anything on the internet."
    )
    is_enabled = models.BooleanField("on", default=True)
    last_sent_at = models.DateTimeField("last delivered", null=True, blank=True, editable=False)
    problem = models.TextField(blank=True, editable=False, help_text="Why the last try failed; empty when it worked.")
    problem_since = models.DateTimeField(null=True, blank=True, editable=False)

    client_path = "client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["secret", "last_sent_at", "problem", "problem_since"])

    class Meta:
        ordering = ["name"]
        verbose_name = "alert channel"

    def __str__(self) -> str:
        return self.name

    @property
    def addresses(self) -> list[str]:
        """The e-mail addresses, each once."""
        return list(dict.fromkeys(self.emails.replace(",", " ").replace(";", " ").split()))

    def clean(self) -> None:
        for address in self.addresses:
            try:
                validate_email(address)
            except ValidationError:
                raise ValidationError({"emails": f"“{address}” is not an e-mail address."}) from None
        if self.url:
            try:
                self.url = check_url(self.url, allow_private=self.allow_private_address)
            except ConfigurationError as problem:
                raise ValidationError({"url": problem.message}) from None
        if bool(self.addresses) == bool(self.url):
            raise ValidationError("Give either e-mail addresses or a webhook address; for both, make two channels.")


class AlertMessage(models.Model):
    """What one channel is sent at one time, about one alert or many: written first, then sent, then its outcome."""

    class State(models.TextChoices):
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed", "given up"

    channel = models.ForeignKey(AlertChannel, on_delete=models.CASCADE, related_name="messages")
    state = models.CharField(max_length=10, choices=State, default=State.SENDING)
    content = models.JSONField(help_text="What is sent; the same at every try.")
    created_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    outcome = models.TextField(blank=True)

    client_path = "channel__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["channel", "created_at"], name="alert_message_rate")]

    def __str__(self) -> str:
        return f"#{self.pk} to {self.channel}"


class AlertNotice(models.Model):
    """That one alert opened, is still open or is over, for one channel; waits until a message carries it."""

    class What(models.TextChoices):
        OPENED = "opened"
        REMINDER = "reminder", "still open"
        RECOVERED = "recovered"

    class State(models.TextChoices):
        WAITING = "waiting"
        IN_MESSAGE = "in_message", "in a message"
        DROPPED = "dropped", "not needed any more"

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="notices")
    channel = models.ForeignKey(AlertChannel, on_delete=models.CASCADE, related_name="notices")
    what = models.CharField(max_length=10, choices=What)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    message = models.ForeignKey(AlertMessage, null=True, blank=True, on_delete=models.CASCADE, related_name="notices")
    created_at = models.DateTimeField()

    client_path = "alert__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["state", "channel"], name="alert_notice_waiting")]

    def __str__(self) -> str:
        return f"{self.alert}: {self.get_what_display()} for {self.channel}"
