"""What is set per bridge, the words for codes that differ, and what is known of each pair (spec: iTop bridge)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from integrations.core.models import Integration, RecordLink
from integrations.core.models.scoping import ScopedQuerySet

from .mapping import FORM_OF

EXTERNAL, INTERNAL = "external", "internal"
IDS = ("org_id", "caller_id", "agent_id", "team_id")
CLASS_OF = {"org_id": "Organization", "caller_id": "Person", "agent_id": "Person", "team_id": "Team"}
MARKER = "marker_field"


def default_classes() -> list[str]:
    return ["UserRequest", "Incident"]


def default_texts() -> dict[str, str]:
    return {"solution": "Solved by the service provider.", "pending_reason": "Waits at the service provider."}


class BridgeOptions(models.Model):
    """One bridge. `external` and `internal` hold org_id, caller_id, agent_id, team_id (numbers) and marker_field."""

    integration = models.OneToOneField(
        Integration, on_delete=models.CASCADE, primary_key=True, related_name="bridge_options"
    )
    classes = models.JSONField(
        default=default_classes,
        help_text='Which tickets are bridged: ["UserRequest", "Incident"], and classes of changes if wanted.',
    )
    external = models.JSONField(default=dict, blank=True, help_text="Defaults of the customer's iTop.")
    internal = models.JSONField(default=dict, blank=True, help_text="Defaults of the provider's iTop.")
    form_to_internal = models.BooleanField(
        "later changes of the form go inside", default=True, help_text="Title, description, impact, urgency, type."
    )
    logs_to_internal = models.BooleanField("private log goes inside", default=True)
    logs_to_external = models.BooleanField("private log goes outside", default=True)
    files_to_internal = models.BooleanField("attachments go inside", default=True)
    files_to_external = models.BooleanField("attachments go outside", default=True)
    deletions_to_internal = models.BooleanField(
        "deletions go inside", default=True, help_text="An attachment deleted outside takes its twin inside with it."
    )
    deletions_to_external = models.BooleanField(
        "deletions go outside",
        default=True,
        help_text="An attachment deleted inside takes its twin outside with it, also one that came from there.",
    )
    state_to_internal = models.BooleanField("state goes inside", default=False)
    state_to_external = models.BooleanField("state goes outside", default=True)
    step_defaults = models.JSONField(
        default=default_texts,
        blank=True,
        help_text="Sent with a step where the ticket on the other side says nothing: solution, pending_reason, "
        "service_id and the like.",
    )
    most_looks = models.PositiveSmallIntegerField(
        "writes before a pair is parked",
        default=20,
        validators=[MinValueValidator(3), MaxValueValidator(1000)],
        help_text="A pair that was written to so often within ten minutes goes in circles.",
    )
    start_at = models.DateTimeField(
        "read from",
        null=True,
        blank=True,
        help_text="Tickets that changed before it are left alone by the first run. Empty: all tickets.",
    )
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    found = models.TextField(blank=True, editable=False, help_text="What the last check of the defaults found wrong.")

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "bridge settings"
        verbose_name_plural = "bridge settings"

    def __str__(self) -> str:
        return f"bridge settings of {self.integration}"

    def clean(self) -> None:
        problems: dict[str, str] = {}
        known = self.classes if isinstance(self.classes, list) else []
        if not known or any(name not in FORM_OF for name in known):
            problems["classes"] = f"Give a list of these: {', '.join(FORM_OF)}."
        for name in (EXTERNAL, INTERNAL):
            if problem := defaults_problem(getattr(self, name)):
                problems[name] = problem
        if not isinstance(self.step_defaults, dict):
            problems["step_defaults"] = "Give names of fields with their values."
        if problems:
            raise ValidationError(problems)

    def defaults(self, side: str) -> dict[str, Any]:
        """The defaults of that side, as far as they are set."""
        return {name: value for name, value in getattr(self, side).items() if value}

    def problem(self) -> str:
        """Why the bridge cannot run with these, in a sentence; empty when it can."""
        return self.incomplete() or str(self.found)

    def incomplete(self) -> str:
        """What has to be entered before the defaults can be looked up; empty when nothing has."""
        inside, outside = self.defaults(INTERNAL), self.defaults(EXTERNAL)
        missing = [name for name in ("org_id", "agent_id", "team_id") if name not in inside]
        if missing:
            return f"Enter {', '.join(missing)} of the internal iTop in the settings of this integration."
        missing = [name for name in ("agent_id", "team_id") if name not in outside]
        if self.state_to_external and missing:
            return f"Enter {', '.join(missing)} of the external iTop: states go there, and its steps need them."
        return ""


def defaults_problem(value: Any) -> str:
    """Why these cannot be the defaults of a side; empty when they can."""
    if not isinstance(value, dict) or set(value) - {*IDS, MARKER}:
        return f"Give {', '.join(IDS)} and {MARKER}, and nothing else."
    if any(type(value.get(name, 0)) is not int or value.get(name, 0) < 0 for name in IDS):
        return "The ids are whole numbers."
    field = value.get(MARKER, "")
    if not isinstance(field, str) or (field and not field.isidentifier()):
        return f"{MARKER} is the code of a field, such as external_ref."
    return ""


class ValueWord(models.Model):
    """How one code of the external iTop, or one class of tickets, is said in the internal one, where it differs."""

    class Field(models.TextChoices):
        CLASS = "class", "class of tickets"
        IMPACT = "impact"
        URGENCY = "urgency"
        REQUEST_TYPE = "request_type", "request type"

    options = models.ForeignKey(BridgeOptions, on_delete=models.CASCADE, related_name="words")
    field = models.CharField(max_length=20, choices=Field)
    external = models.CharField("code in the external iTop", max_length=100)
    internal = models.CharField(
        "code in the internal iTop", max_length=100, blank=True, help_text="Empty: the field is left alone."
    )

    client_path = "options__integration__client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["options", "field", "external"]
        constraints = [
            models.UniqueConstraint(fields=["options", "field", "external"], name="one_bridge_word_per_code")
        ]

    def __str__(self) -> str:
        return f"{self.field} {self.external}: {self.internal or 'left alone'}"

    def clean(self) -> None:
        if self.field == self.Field.CLASS and self.internal not in FORM_OF:
            raise ValidationError({"internal": f"A class is one of {', '.join(FORM_OF)}."})


class Pair(models.Model):
    """What is known of a pair beside its link: what both tickets were at the last look, and whether it is parked."""

    link = models.OneToOneField(RecordLink, on_delete=models.CASCADE, primary_key=True, related_name="bridge_pair")
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="+")
    external_ref = models.CharField("external", max_length=60, blank=True)
    external_state = models.CharField(max_length=60, blank=True)
    internal_ref = models.CharField("internal", max_length=60, blank=True)
    internal_state = models.CharField(max_length=60, blank=True)
    looked_at = models.DateTimeField("last look", null=True, blank=True)
    wrote = models.JSONField(default=list, help_text="When it was written to lately; ISO times.")
    parked_at = models.DateTimeField("parked", null=True, blank=True)
    parked_why = models.CharField(max_length=300, blank=True)

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-link_id"]
        indexes = [
            models.Index(fields=["integration", "looked_at"], name="bridge_pair_turn"),
            models.Index(fields=["external_ref"], name="bridge_pair_by_external_ref"),
            models.Index(fields=["internal_ref"], name="bridge_pair_by_internal_ref"),
        ]

    def __str__(self) -> str:
        return f"{self.external_ref or self.link.left_id} = {self.internal_ref or self.link.right_id or '…'}"
