"""Alerts: what is wrong with one subject, whom it is told, and what became of telling it. Tables only."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, validate_email
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from integrations.transport.addresses import check_url
from integrations.transport.errors import ConfigurationError

from ..fields import SealedField
from .clients import Client
from .scoping import ScopedQuerySet


class Severity(models.IntegerChoices):
    NOTICE = 10, _("notice")
    WARNING = 20, _("warning")
    URGENT = 30, _("urgent")


class AlertRule(models.Model):
    """What an admin changed of a declared rule: whether it is on, and from which figure it alerts."""

    slug = models.CharField(_("slug"), max_length=80, unique=True)
    is_enabled = models.BooleanField(_("on"), default=True)
    threshold = models.PositiveIntegerField(
        _("threshold"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty: the rule's own figure."),
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("alert rule")
        verbose_name_plural = _("alert rules")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug


class Alert(models.Model):
    """Something that is wrong, found by one rule about one subject. The same one when it comes back soon after."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        RECOVERED = "recovered", _("Recovered")

    class Told(models.TextChoices):
        NOTHING = "", _("nothing")
        OPEN = "open", _("that it is open")
        RECOVERED = "recovered", _("that it is over")

    rule = models.CharField(_("rule"), max_length=80)
    subject = models.CharField(
        _("subject"), max_length=200, help_text=_("What it is about, as the portal names it: stream:17.")
    )
    client = models.ForeignKey(
        Client, verbose_name=_("client"), null=True, blank=True, on_delete=models.PROTECT, related_name="alerts"
    )
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity, default=Severity.WARNING)
    title = models.CharField(_("title"), max_length=250)
    sentence = models.TextField(_("sentence"), help_text=_("What is known of it, as last seen."))
    path = models.CharField(_("page"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    since = models.DateTimeField(_("since"), help_text=_("Since when it has been wrong, as far as is known."))
    opened_at = models.DateTimeField(_("opened at"), help_text=_("When the portal noticed, the last time."))
    seen_at = models.DateTimeField(_("last seen"))
    recovered_at = models.DateTimeField(_("recovered at"), null=True, blank=True)
    count = models.PositiveIntegerField(_("times opened"), default=1)
    told = models.CharField(_("people know"), max_length=10, choices=Told, default=Told.NOTHING, blank=True)
    last_notified_at = models.DateTimeField(_("last notified at"), null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("looked after by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    muted_until = models.DateTimeField(_("muted until"), null=True, blank=True)

    client_path = "client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
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

    name = models.CharField(_("name"), max_length=100, unique=True)
    client = models.ForeignKey(
        Client,
        verbose_name=_("client"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="alert_channels",
        help_text=_("Only this client's alerts. Empty: all, those of the house too."),
    )
    minimum_severity = models.PositiveSmallIntegerField(_("severity from"), choices=Severity, default=Severity.WARNING)
    emails = models.TextField(_("e-mail addresses"), blank=True, help_text=_("One per line."))
    url = models.CharField(
        _("webhook address"), max_length=500, blank=True, help_text=_("Gets a signed POST; see the operations guide.")
    )
    secret = SealedField(_("secret"), help_text=_("What the webhook's signature is made with; sealed."))
    allow_private_address = models.BooleanField(
        _("allow private address"),
        default=False,
        help_text=_("Allow an address inside your own network. Off for anything on the internet."),
    )
    is_enabled = models.BooleanField(_("on"), default=True)
    last_sent_at = models.DateTimeField(_("last delivered"), null=True, blank=True, editable=False)
    problem = models.TextField(
        _("problem"), blank=True, editable=False, help_text=_("Why the last try failed; empty when it worked.")
    )
    problem_since = models.DateTimeField(_("problem since"), null=True, blank=True, editable=False)

    client_path = "client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["secret", "last_sent_at", "problem", "problem_since"])

    class Meta:
        ordering = ["name"]
        verbose_name = _("alert channel")
        verbose_name_plural = _("alert channels")

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
                problem = gettext("“{address}” is not an e-mail address.").format(address=address)
                raise ValidationError({"emails": problem}) from None
        if self.url:
            try:
                self.url = check_url(self.url, allow_private=self.allow_private_address)
            except ConfigurationError as problem:
                raise ValidationError({"url": problem.message}) from None
        if bool(self.addresses) == bool(self.url):
            raise ValidationError(
                gettext("Give either e-mail addresses or a webhook address; for both, make two channels.")
            )


class AlertMessage(models.Model):
    """What one channel is sent at one time, about one alert or many: written first, then sent, then its outcome."""

    class State(models.TextChoices):
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("given up")

    channel = models.ForeignKey(
        AlertChannel, verbose_name=_("channel"), on_delete=models.CASCADE, related_name="messages"
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.SENDING)
    content = models.JSONField(_("content"), help_text=_("What is sent; the same at every try."))
    created_at = models.DateTimeField(_("created at"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try = models.DateTimeField(_("next try"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    outcome = models.TextField(_("outcome"), blank=True)

    client_path = "channel__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert message")
        verbose_name_plural = _("alert messages")
        ordering = ["-id"]
        indexes = [models.Index(fields=["channel", "created_at"], name="alert_message_rate")]

    def __str__(self) -> str:
        return f"#{self.pk} to {self.channel}"


class AlertNotice(models.Model):
    """That one alert opened, is still open or is over, for one channel; waits until a message carries it."""

    class What(models.TextChoices):
        OPENED = "opened", _("Opened")
        REMINDER = "reminder", _("still open")
        RECOVERED = "recovered", _("Recovered")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        IN_MESSAGE = "in_message", _("in a message")
        DROPPED = "dropped", _("not needed any more")

    alert = models.ForeignKey(Alert, verbose_name=_("alert"), on_delete=models.CASCADE, related_name="notices")
    channel = models.ForeignKey(
        AlertChannel, verbose_name=_("channel"), on_delete=models.CASCADE, related_name="notices"
    )
    what = models.CharField(_("what"), max_length=10, choices=What)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    message = models.ForeignKey(
        AlertMessage, verbose_name=_("message"), null=True, blank=True, on_delete=models.CASCADE, related_name="notices"
    )
    created_at = models.DateTimeField(_("created at"))

    client_path = "alert__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert notice")
        verbose_name_plural = _("alert notices")
        ordering = ["id"]
        indexes = [models.Index(fields=["state", "channel"], name="alert_notice_waiting")]

    def __str__(self) -> str:
        return f"{self.alert}: {self.get_what_display()} for {self.channel}"
