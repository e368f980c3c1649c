"""What is set per bridge, the words for codes that differ, and what is known of each pair (spec: iTop bridge)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
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
        Integration,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="bridge_options",
        verbose_name=_("integration"),
    )
    classes = models.JSONField(
        _("classes"),
        default=default_classes,
        help_text=_('Which tickets are bridged: ["UserRequest", "Incident"], and classes of changes if wanted.'),
    )
    external = models.JSONField(
        _("external"), default=dict, blank=True, help_text=_("Defaults of the customer's iTop.")
    )
    internal = models.JSONField(
        _("internal"), default=dict, blank=True, help_text=_("Defaults of the provider's iTop.")
    )
    form_to_internal = models.BooleanField(
        _("later changes of the form go inside"),
        default=True,
        help_text=_("Title, description, impact, urgency, type."),
    )
    logs_to_internal = models.BooleanField(_("private log goes inside"), default=True)
    logs_to_external = models.BooleanField(_("private log goes outside"), default=True)
    files_to_internal = models.BooleanField(_("attachments go inside"), default=True)
    files_to_external = models.BooleanField(_("attachments go outside"), default=True)
    deletions_to_internal = models.BooleanField(
        _("deletions go inside"),
        default=True,
        help_text=_("An attachment deleted outside takes its twin inside with it."),
    )
    deletions_to_external = models.BooleanField(
        _("deletions go outside"),
        default=True,
        help_text=_("An attachment deleted inside takes its twin outside with it, also one that came from there."),
    )
    state_to_internal = models.BooleanField(_("state goes inside"), default=False)
    state_to_external = models.BooleanField(_("state goes outside"), default=True)
    step_defaults = models.JSONField(
        _("step defaults"),
        default=default_texts,
        blank=True,
        help_text=_(
            "Sent with a step where the ticket on the other side says nothing: solution, pending_reason, "
            "service_id and the like."
        ),
    )
    most_looks = models.PositiveSmallIntegerField(
        _("writes before a pair is parked"),
        default=20,
        validators=[MinValueValidator(3), MaxValueValidator(1000)],
        help_text=_("A pair that was written to so often within ten minutes goes in circles."),
    )
    start_at = models.DateTimeField(
        _("read from"),
        null=True,
        blank=True,
        help_text=_("Tickets that changed before it are left alone by the first run. Empty: all tickets."),
    )
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True, editable=False)
    found = models.TextField(
        _("found"), blank=True, editable=False, help_text=_("What the last check of the defaults found wrong.")
    )

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("bridge settings")
        verbose_name_plural = _("bridge settings")

    def __str__(self) -> str:
        return gettext("bridge settings of {integration}").format(integration=self.integration)

    def clean(self) -> None:
        problems: dict[str, str] = {}
        known = self.classes if isinstance(self.classes, list) else []
        if not known or any(name not in FORM_OF for name in known):
            problems["classes"] = gettext("Give a list of these: {names}.").format(names=", ".join(FORM_OF))
        for name in (EXTERNAL, INTERNAL):
            if problem := defaults_problem(getattr(self, name)):
                problems[name] = problem
        if not isinstance(self.step_defaults, dict):
            problems["step_defaults"] = gettext("Give names of fields with their values.")
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
            said = gettext("Enter {names} of the internal iTop in the settings of this integration.")
            return said.format(names=", ".join(missing))
        missing = [name for name in ("agent_id", "team_id") if name not in outside]
        if self.state_to_external and missing:
            said = gettext("Enter {names} of the external iTop: states go there, and its steps need them.")
            return said.format(names=", ".join(missing))
        return ""


def defaults_problem(value: Any) -> str:
    """Why these cannot be the defaults of a side; empty when they can."""
    if not isinstance(value, dict) or set(value) - {*IDS, MARKER}:
        return gettext("Give {names} and {last}, and nothing else.").format(names=", ".join(IDS), last=MARKER)
    if any(type(value.get(name, 0)) is not int or value.get(name, 0) < 0 for name in IDS):
        return gettext("The ids are whole numbers.")
    field = value.get(MARKER, "")
    if not isinstance(field, str) or (field and not field.isidentifier()):
        return gettext("{name} is the code of a field, such as external_ref.").format(name=MARKER)
    return ""


class ValueWord(models.Model):
    """How one code of the external iTop, or one class of tickets, is said in the internal one, where it differs."""

    class Field(models.TextChoices):
        CLASS = "class", _("class of tickets")
        IMPACT = "impact", _("Impact")
        URGENCY = "urgency", _("Urgency")
        REQUEST_TYPE = "request_type", _("request type")

    options = models.ForeignKey(
        BridgeOptions, on_delete=models.CASCADE, related_name="words", verbose_name=_("options")
    )
    field = models.CharField(_("field"), max_length=20, choices=Field)
    external = models.CharField(_("code in the external iTop"), max_length=100)
    internal = models.CharField(
        _("code in the internal iTop"), max_length=100, blank=True, help_text=_("Empty: the field is left alone.")
    )

    client_path = "options__integration__client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("value word")
        verbose_name_plural = _("value words")
        ordering = ["options", "field", "external"]
        constraints = [
            models.UniqueConstraint(fields=["options", "field", "external"], name="one_bridge_word_per_code")
        ]

    def __str__(self) -> str:
        internal = self.internal or gettext("left alone")
        return f"{self.field} {self.external}: {internal}"

    def clean(self) -> None:
        if self.field == self.Field.CLASS and self.internal not in FORM_OF:
            said = gettext("A class is one of {names}.").format(names=", ".join(FORM_OF))
            raise ValidationError({"internal": said})


class Pair(models.Model):
    """What is known of a pair beside its link: what both tickets were at the last look, and whether it is parked."""

    link = models.OneToOneField(
        RecordLink, on_delete=models.CASCADE, primary_key=True, related_name="bridge_pair", verbose_name=_("link")
    )
    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="+", verbose_name=_("integration")
    )
    external_ref = models.CharField(_("external"), max_length=60, blank=True)
    external_state = models.CharField(_("external state"), max_length=60, blank=True)
    internal_ref = models.CharField(_("internal"), max_length=60, blank=True)
    internal_state = models.CharField(_("internal state"), max_length=60, blank=True)
    looked_at = models.DateTimeField(_("last look"), null=True, blank=True)
    wrote = models.JSONField(_("wrote"), default=list, help_text=_("When it was written to lately; ISO times."))
    parked_at = models.DateTimeField(_("parked"), null=True, blank=True)
    parked_why = models.CharField(_("parked why"), max_length=300, blank=True)

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("pair")
        verbose_name_plural = _("pairs")
        ordering = ["-link_id"]
        indexes = [
            models.Index(fields=["integration", "looked_at"], name="bridge_pair_turn"),
            models.Index(fields=["external_ref"], name="bridge_pair_by_external_ref"),
            models.Index(fields=["internal_ref"], name="bridge_pair_by_internal_ref"),
        ]

    def __str__(self) -> str:
        return f"{self.external_ref or self.link.left_id} = {self.internal_ref or self.link.right_id or '…'}"
