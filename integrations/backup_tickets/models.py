"""Backup runs and the Autotask tickets that stand for them (spec: backup tickets, section 2)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from integrations.core.models import Client, Connection, Integration
from integrations.core.models.scoping import ScopedQuerySet

from .company_looks import CompanyLook, SeenCompany
from .desk import BulkAction, BulkItem, RunImport, RunReview
from .ticketing import Resolution, Ticket, TicketLink, TicketNote

__all__ = [
    "BackupJob",
    "BulkAction",
    "BulkItem",
    "CompanyLook",
    "CompanyMapping",
    "CompanySuggestion",
    "Customer",
    "ReferenceItem",
    "Resolution",
    "Run",
    "RunImport",
    "RunObject",
    "RunReview",
    "SeenCompany",
    "Ticket",
    "TicketLink",
    "TicketNote",
    "TicketOptions",
]


class Customer(models.Model):
    """An organisation whose backups a client checks. Its name is ours; Autotask never overwrites it."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="customers", verbose_name=_("client"))
    name = models.CharField(_("name"), max_length=200)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    client_path = "client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["client", "name"], name="one_customer_per_client_and_name")]

    def __str__(self) -> str:
        return self.name


class CompanyMapping(models.Model):
    """Which Autotask company a customer is. The company id leads; the name is a cached copy for people."""

    class Status(models.TextChoices):
        OK = "ok", _("Ok")
        RENAMED = "renamed", _("Renamed")
        MISSING = "missing", _("missing or not accessible")
        INVALID = "invalid", _("inactive in Autotask")

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, related_name="mapping", verbose_name=_("customer")
    )
    psa_type = models.CharField(_("PSA"), max_length=20, default="autotask")
    company_id = models.BigIntegerField(_("Autotask company id"), help_text=_("0 is the provider's own company."))
    company_name = models.CharField(_("name in Autotask"), max_length=200)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OK)
    cause = models.TextField(_("cause"), blank=True)
    checked_at = models.DateTimeField(_("last checked"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("confirmed by")
    )

    client_path = "customer__client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("company mapping")
        verbose_name_plural = _("company mappings")

    def __str__(self) -> str:
        return f"{self.customer} = {self.company_name} ({self.company_id})"

    @property
    def is_usable(self) -> bool:
        """Whether a ticket may be created for this customer."""
        return self.status in (self.Status.OK, self.Status.RENAMED)


class CompanySuggestion(models.Model):
    """An Autotask company whose name is like an unmapped customer's; a person confirms or refuses it."""

    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="suggestions", verbose_name=_("customer")
    )
    company_id = models.BigIntegerField(_("company id"))
    company_name = models.CharField(_("company name"), max_length=200)
    likeness = models.PositiveSmallIntegerField(_("likeness"), help_text=_("Of the names, of 100."))
    is_refused = models.BooleanField(_("is refused"), default=False)
    refused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("refused by"),
    )
    refused_at = models.DateTimeField(_("refused at"), null=True, blank=True)
    made_at = models.DateTimeField(_("made at"), auto_now_add=True)

    client_path = "customer__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("company suggestion")
        verbose_name_plural = _("company suggestions")
        constraints = [
            models.UniqueConstraint(fields=["customer", "company_id"], name="one_suggestion_per_customer_and_company")
        ]

    def __str__(self) -> str:
        return gettext("{customer} may be {company}").format(customer=self.customer, company=self.company_name)


class BackupJob(models.Model):
    """One backup job of a customer, as the backup software names it."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="jobs", verbose_name=_("customer"))
    name = models.CharField(_("name"), max_length=200)
    backup_type = models.CharField(_("backup type"), max_length=100, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    client_path = "customer__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("backup job")
        verbose_name_plural = _("backup jobs")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "name"], name="one_backup_job_per_customer_and_name")
        ]

    def __str__(self) -> str:
        return self.name


class Run(models.Model):
    """One execution of a backup job, as it was reported."""

    class Status(models.TextChoices):
        SUCCESS = "success", _("Success")
        WARNING = "warning", _("Warning")
        ERROR = "error", _("Error")
        MISSED = "missed", _("Missed")

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+", verbose_name=_("client"))
    job = models.ForeignKey(BackupJob, on_delete=models.PROTECT, related_name="runs", verbose_name=_("job"))
    external_id = models.CharField(
        _("external id"), max_length=200, help_text=_("The reporting tool's own id; makes posting idempotent.")
    )
    status = models.CharField(_("status"), max_length=10, choices=Status)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    remark = models.TextField(_("remark"), blank=True)
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    fingerprint = models.CharField(
        _("fingerprint"), max_length=64, editable=False, help_text=_("Of the reported content.")
    )

    needs_attention = models.BooleanField(
        _("needs attention"),
        default=False,
        help_text=_("Failed, and neither reviewed, ticketed, nor superseded by a later success."),
    )
    superseded_by = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("superseded by")
    )
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("reviewed by"),
    )
    review_reason = models.CharField(_("review reason"), max_length=500, blank=True)
    manual_ticket_number = models.CharField(_("manual ticket number"), max_length=50, blank=True)

    client_path = "client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["client", "external_id"], name="one_run_per_client_and_external_id"),
        ]
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="run_newest"),
            models.Index(fields=["-started_at", "-id"], condition=Q(needs_attention=True), name="run_attention"),
            models.Index(fields=["client", "-started_at", "-id"], name="run_of_client"),
            models.Index(fields=["job", "-started_at", "-id"], name="run_of_job"),
            models.Index(fields=["status", "-started_at", "-id"], name="run_of_status"),
            models.Index(fields=["external_id"], name="run_by_external_id"),
            # Whole, though mostly empty: SQLite takes no partial index for a number it learns only when asked.
            models.Index(fields=["manual_ticket_number"], name="run_by_manual_number"),
            models.Index(fields=["-started_at", "-id"], condition=Q(reviewed_at__isnull=False), name="run_reviewed"),
            models.Index(
                fields=["client", "-started_at", "-id"],
                condition=Q(needs_attention=True),
                name="run_attention_of_client",
            ),
            models.Index(fields=["job", "started_at"], condition=Q(status="success"), name="run_success_of_job"),
            # With the status, so that what needs attention is counted by it without reading the rows.
            models.Index(fields=["job", "status"], condition=Q(needs_attention=True), name="run_attention_by_job"),
        ]
        permissions = [("review_run", "Can review runs (no ticket needed)")]

    def __str__(self) -> str:
        return f"{self.job} {self.started_at:%Y-%m-%d %H:%M}"


class RunObject(models.Model):
    """One thing a run backed up (a machine, a disk, a mailbox), with its own result."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="objects_reported", verbose_name=_("run"))
    position = models.PositiveIntegerField(_("position"))
    name = models.CharField(_("name"), max_length=300)
    status = models.CharField(_("status"), max_length=10, choices=Run.Status)
    message = models.TextField(_("message"), blank=True)

    client_path = "run__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("run object")
        verbose_name_plural = _("run objects")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="one_run_object_per_position")]

    def __str__(self) -> str:
        return self.name


class ReferenceItem(models.Model):
    """One value of an Autotask picklist (queue, source, status, priority), kept with its age."""

    class Kind(models.TextChoices):
        QUEUE = "queue", _("Queue")
        SOURCE = "source", _("Source")
        STATUS = "status", _("Status")
        PRIORITY = "priority", _("Priority")

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+", verbose_name=_("connection"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    value = models.BigIntegerField(_("id in Autotask"))
    label = models.CharField(_("label"), max_length=200)
    sort_order = models.IntegerField(_("sort order"), default=0)
    is_active = models.BooleanField(_("active"), default=True)
    is_gone = models.BooleanField(_("gone in Autotask"), default=False)
    refreshed_at = models.DateTimeField(_("refreshed at"))

    client_path = "connection__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("reference item")
        verbose_name_plural = _("reference items")
        ordering = ["kind", "sort_order", "label"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "kind", "value"], name="one_reference_item_per_value")
        ]

    def __str__(self) -> str:
        return self.label


class TicketOptions(models.Model):
    """How tickets are made for one client (spec, section 7). Defaults are picklist values of the connection."""

    integration = models.OneToOneField(
        Integration,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="ticket_options",
        verbose_name=_("integration"),
    )
    portal_base_url = models.URLField(_("portal base URL"), blank=True, help_text=_("Empty: the portal's own address."))
    title_prefix = models.CharField(_("title prefix"), max_length=50, default="[Backupchecks]")
    default_queue = models.BigIntegerField(_("default queue"), null=True, blank=True)
    default_source = models.BigIntegerField(_("default source"), null=True, blank=True)
    default_status = models.BigIntegerField(_("default status"), null=True, blank=True)
    priority_warning = models.BigIntegerField(_("priority for warnings"), null=True, blank=True)
    priority_error = models.BigIntegerField(_("priority for errors and missed runs"), null=True, blank=True)
    labels = models.JSONField(
        _("labels"),
        default=dict,
        editable=False,
        help_text=_("Values given by label, by option, until the reference data knows them."),
    )
    resolve_allowed = models.BooleanField(_("resolving allowed"), default=True)
    manual_numbers_allowed = models.BooleanField(_("manual ticket numbers allowed"), default=False)
    object_limit = models.PositiveSmallIntegerField(_("objects listed in a ticket"), default=10)
    create_unknown = models.BooleanField(_("create unknown customers and jobs on arrival"), default=True)

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("ticket settings")
        verbose_name_plural = _("ticket settings")

    def __str__(self) -> str:
        return gettext("Ticket settings of {integration}").format(integration=self.integration)
