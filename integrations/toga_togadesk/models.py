"""What is set per client, and how far each watermark was published (spec: TOGA, sections 1 and 2)."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from integrations.core.models import Integration, IntegrationRole, Stream
from integrations.core.models.scoping import ScopedQuerySet

from .mapping import words_problem

TOGA, TOGADESK = "toga", "togadesk"


class SyncOptions(models.Model):
    """One client's sync. The old entry point took these as fourteen arguments; its seven flags are the streams."""

    class IntegrationType(models.TextChoices):
        TICKETS = "TICKETS", _("tickets")
        REPAIR_ORDERS = "REPAIR_ORDERS", _("repair orders (names in the API unverified)")

    integration = models.OneToOneField(
        Integration,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="toga_options",
        verbose_name=_("integration"),
    )
    togadesk_client_id = models.PositiveIntegerField(
        _("client in TOGaDesk"), default=0, help_text=_("The id whose rows belong to this client.")
    )
    default_department_id = models.PositiveIntegerField(
        _("default department"), default=0, help_text=_("The department of tickets that come from TOGA 2.")
    )
    monitored_department_ids = models.JSONField(
        _("monitored departments"),
        default=list,
        blank=True,
        help_text=_("A list of ids, such as [3, 5]: departments whose tickets go to TOGA 2. Empty: the default one."),
    )
    integration_type = models.CharField(
        _("integration type"), max_length=20, choices=IntegrationType, default=IntegrationType.TICKETS
    )
    custom_field_prefix = models.CharField(
        _("custom field prefix"),
        max_length=30,
        blank=True,
        validators=[RegexValidator(r"^[a-z][A-Za-z0-9]*$", _("A prefix is a word such as elite."))],
        help_text=_(
            "elite gives c_eliteConversationId; used where a conversation came from the client's own helpdesk."
        ),
    )
    page_size = models.PositiveSmallIntegerField(
        _("records per page"), default=200, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    overlap_seconds = models.PositiveIntegerField(
        _("overlap"),
        default=300,
        validators=[MaxValueValidator(86_400)],
        help_text=_("Seconds that are read again each time, for clocks that differ and records that show late."),
    )
    status_words = models.JSONField(
        _("status words"),
        default=dict,
        blank=True,
        help_text=_("TOGA 2's word to TOGaDesk's, where they differ: {“New”: “Open”}."),
    )
    priority_words = models.JSONField(
        _("priority words"), default=dict, blank=True, help_text=_("The same for priorities.")
    )
    category_field = models.CharField(
        _("category field"),
        max_length=100,
        default="Category",
        help_text=_("The custom field of TOGaDesk's tickets that lists the categories."),
    )
    deactivates = models.BooleanField(
        _("deactivate"), default=True, help_text=_("What is inactive in TOGA 2 becomes inactive in TOGaDesk.")
    )

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("TOGA sync settings")
        verbose_name_plural = _("TOGA sync settings")

    def __str__(self) -> str:
        return gettext("TOGA sync settings of {integration}").format(integration=self.integration)

    def clean(self) -> None:
        problems: dict[str, str] = {}
        departments = self.monitored_department_ids
        if not isinstance(departments, list) or not all(type(one) is int and one > 0 for one in departments):
            problems["monitored_department_ids"] = gettext("Give a list of department ids, such as [3, 5].")
        for name in ("status_words", "priority_words"):
            if problem := words_problem(getattr(self, name)):
                problems[name] = problem
        if problems:
            raise ValidationError(problems)

    @property
    def departments(self) -> list[int]:
        """The departments whose tickets go to TOGA 2."""
        return [int(one) for one in self.monitored_department_ids] or [self.default_department_id]

    def problem(self) -> str:
        """Why the sync cannot run with these, in a sentence; empty when it can."""
        if not self.togadesk_client_id or not self.default_department_id:
            return gettext(
                "Enter the client and the default department of TOGaDesk in the settings of this integration."
            )
        if others := self._same_account():
            said = gettext("The same TOGA 2 account is used by {other}; its watermarks serve one integration only.")
            return said.format(other=others[0])
        return ""

    def _same_account(self) -> list[Integration]:
        mine = IntegrationRole.objects.filter(integration=self.integration, role=TOGA).values("connection")
        twice = IntegrationRole.objects.filter(connection__in=mine, role=TOGA, integration__kind=self.integration.kind)
        return [role.integration for role in twice.exclude(integration=self.integration).select_related("integration")]


class CutOver(models.Model):
    """One adoption of the references that the old programs left, and how far it got. A new one takes its place."""

    integration = models.OneToOneField(
        Integration, on_delete=models.CASCADE, primary_key=True, related_name="adoption", verbose_name=_("integration")
    )
    begun_at = models.DateTimeField(_("begun at"), default=timezone.now)
    is_dry = models.BooleanField(_("is dry"), default=False, help_text=_("No link is made."))
    step = models.PositiveSmallIntegerField(_("step"), default=0, help_text=_("Which list is being read."))
    cursor = models.TextField(_("cursor"), blank=True, help_text=_("Where reading goes on in it."))
    looked = models.PositiveIntegerField(
        _("looked"), default=0, help_text=_("Records and rows looked at, of all lists.")
    )
    report = models.JSONField(_("report"), default=dict, help_text=_("What became of the references, by table."))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("cut over")
        verbose_name_plural = _("cut overs")

    def __str__(self) -> str:
        return gettext("cut-over of {integration}").format(integration=self.integration)


class KnownRecord(models.Model):
    """A record that TOGA 2 has, kept while the references to its kind are looked at."""

    cut_over = models.ForeignKey(CutOver, on_delete=models.CASCADE, related_name="known", verbose_name=_("cut over"))
    kind = models.SlugField(_("kind"), help_text=_("The object type of the link it would have."))
    uuid = models.CharField(_("uuid"), max_length=200)
    row_id = models.PositiveBigIntegerField(
        _("row id"), null=True, blank=True, help_text=_("The row whose reference it got.")
    )

    client_path = "cut_over__integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("known record")
        verbose_name_plural = _("known records")
        constraints = [models.UniqueConstraint(fields=["cut_over", "kind", "uuid"], name="one_known_record_per_uuid")]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"


class Published(models.Model):
    """A stream's watermark as it stands in TOGA 2 for the other programs there. The stream's own is the truth."""

    stream = models.OneToOneField(
        Stream, on_delete=models.CASCADE, primary_key=True, related_name="published", verbose_name=_("stream")
    )
    value = models.CharField(
        _("value"), max_length=40, blank=True, help_text=_("As it was written last, or found there.")
    )
    pending = models.CharField(
        _("pending"), max_length=40, blank=True, help_text=_("What is being written, until the answer is there.")
    )
    highest_file = models.PositiveBigIntegerField(
        _("highest file"), default=0, help_text=_("Files of TOGaDesk up to this id were seen.")
    )
    reading_file = models.PositiveBigIntegerField(
        _("reading file"), default=0, help_text=_("And up to this one in the run that goes on.")
    )

    client_path = "stream__integration__client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("published")
        verbose_name_plural = _("publisheds")

    def __str__(self) -> str:
        value = self.value or gettext("not published")
        return f"{self.stream}: {value}"
