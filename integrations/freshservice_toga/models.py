"""What is set per client, and how its Freshservice's codes are said in TOGA 2 (spec: TOGA, section 6)."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from simple_history.models import HistoricalRecords

from integrations.core.models import Integration
from integrations.core.models.scoping import ScopedQuerySet

FRESHSERVICE, TOGA = "freshservice", "toga"


class FreshserviceOptions(models.Model):
    """One client's way from Freshservice to TOGA 2."""

    integration = models.OneToOneField(
        Integration, on_delete=models.CASCADE, primary_key=True, related_name="freshservice_options"
    )
    custom_field_prefix = models.CharField(
        max_length=30,
        blank=True,
        validators=[RegexValidator(r"^[a-z][A-Za-z0-9]*$", "A prefix is a word such as elite.")],
        help_text="elite gives c_eliteTicketId, c_eliteConversationId, c_eliteUserId and so on.",
    )
    start_at = models.DateTimeField(
        "read from",
        null=True,
        blank=True,
        help_text="Tickets that changed before it are left alone by the first run. Empty: all tickets.",
    )

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "Freshservice settings"
        verbose_name_plural = "Freshservice settings"

    def __str__(self) -> str:
        return f"Freshservice settings of {self.integration}"

    def problem(self) -> str:
        """Why the sync cannot run with these, in a sentence; empty when it can."""
        if not self.custom_field_prefix:
            return "Enter the prefix of the client's own fields of TOGA 2 in the settings of this integration."
        return ""


class ValueWord(models.Model):
    """How one code of Freshservice is said in TOGA 2. Without a word the field is left alone: it is unmapped."""

    class Field(models.TextChoices):
        STATUS = "status"
        PRIORITY = "priority"
        SOURCE = "source"

    options = models.ForeignKey(FreshserviceOptions, on_delete=models.CASCADE, related_name="words")
    field = models.CharField(max_length=10, choices=Field)
    code = models.IntegerField("code in Freshservice")
    word = models.CharField("word in TOGA 2", max_length=100, blank=True, help_text="Empty: the field is left alone.")
    seen_at = models.DateTimeField("first met", default=timezone.now, editable=False)

    client_path = "options__integration__client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["options", "field", "code"]
        constraints = [models.UniqueConstraint(fields=["options", "field", "code"], name="one_word_per_code")]

    def __str__(self) -> str:
        return f"{self.field} {self.code}: {self.word or 'unmapped'}"
