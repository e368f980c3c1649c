"""Tickets, and every write to one: links (also the intent of a create), notes and resolutions. Tables only."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.models import AuditEntry, Connection
from integrations.core.models.scoping import ScopedQuerySet


class Ticket(models.Model):
    """An Autotask ticket we know, with what Autotask last said about it."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        RESOLVED = "resolved", _("Resolved")
        DELETED = "deleted", _("deleted in Autotask")

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+", verbose_name=_("connection"))
    ticket_id = models.BigIntegerField(_("ticket id"))
    number = models.CharField(_("number"), max_length=50, blank=True)
    url = models.CharField(_("url"), max_length=500, blank=True)
    company_id = models.BigIntegerField(_("company id"), null=True)
    title = models.CharField(_("title"), max_length=255, blank=True)
    status_id = models.IntegerField(_("status id"), null=True)
    status_label = models.CharField(_("status label"), max_length=100, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    state_since = models.DateTimeField(
        _("state since"), null=True, blank=True, help_text=_("When the portal saw it in this state first.")
    )
    read_at = models.DateTimeField(_("as Autotask said at"), null=True)

    client_path = "links__run__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        constraints = [models.UniqueConstraint(fields=["connection", "ticket_id"], name="one_row_per_ticket")]
        indexes = [  # by its beginning: PostgreSQL needs to be told, SQLite does not listen
            models.Index(fields=["number"], name="ticket_by_number", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["state", "state_since"], name="ticket_state_since"),
        ]

    def __str__(self) -> str:
        return self.number or gettext("ticket {id}").format(id=self.ticket_id)


class TicketLink(models.Model):
    """“This ticket stands for this run”; also the intent row of a create. Never deleted by code."""

    class State(models.TextChoices):
        CREATING = "creating", _("Creating")
        UNKNOWN = "unknown", _("checking")
        ACTIVE = "active", _("Active")
        RESOLVED = "resolved", _("Resolved")
        DELETED = "deleted", _("ticket deleted in Autotask")
        ABANDONED = "abandoned", _("not created")

    class Origin(models.TextChoices):
        CREATED = "created", _("Created")
        LINKED = "linked", _("Linked")

    LIVE = (State.CREATING, State.UNKNOWN, State.ACTIVE, State.RESOLVED)

    run = models.ForeignKey("backup_tickets.Run", on_delete=models.PROTECT, related_name="links", verbose_name=_("run"))
    ticket = models.ForeignKey(
        Ticket, null=True, blank=True, on_delete=models.PROTECT, related_name="links", verbose_name=_("ticket")
    )
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+", verbose_name=_("connection"))
    key = models.CharField(_("key"), max_length=50, unique=True, help_text=_("Stands in the ticket's externalID."))
    origin = models.CharField(_("origin"), max_length=10, choices=Origin, default=Origin.CREATED)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.CREATING)
    cause = models.TextField(_("cause"), blank=True, help_text=_("Why it is in this state, in a sentence."))
    content = models.JSONField(_("content"), default=dict, help_text=_("What was sent, as previewed."))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    audit = models.ForeignKey(
        AuditEntry, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("audit")
    )
    send_before = models.DateTimeField(
        _("send before"), help_text=_("After this moment the create call must not be sent any more.")
    )
    unknown_since = models.DateTimeField(
        _("unknown since"), null=True, blank=True, help_text=_("Look-ups are counted from here.")
    )
    lookups = models.PositiveSmallIntegerField(_("lookups"), default=0)
    watch_until = models.DateTimeField(
        _("watch until"), null=True, blank=True, help_text=_("Late commits are looked for until then.")
    )
    strays = models.JSONField(
        _("strays"), default=list, help_text=_("Further tickets found under the key: id, number, url.")
    )

    client_path = "run__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket link")
        verbose_name_plural = _("ticket links")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run"],
                condition=Q(state__in=["creating", "unknown", "active", "resolved"]),
                name="one_live_ticket_link_per_run",
            ),
        ]
        indexes = [
            # With run and ticket, so that a customer's open tickets are counted without reading everybody's links.
            models.Index(fields=["state", "run", "ticket"], name="ticket_link_by_state"),
            models.Index(fields=["created_at"], name="ticket_link_created"),
        ]
        permissions = [
            ("create_ticket", "Can create Autotask tickets"),
            ("link_ticket", "Can link Autotask tickets"),
            ("resolve_ticket", "Can resolve Autotask tickets"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.ticket or self.get_state_display()}"


class TicketNote(models.Model):
    """An internal note an operator writes on a ticket; also the intent of that write."""

    class State(models.TextChoices):
        SENDING = "sending", _("Sending")
        UNKNOWN = "unknown", _("checking")
        SENT = "sent", _("Sent")
        NOT_SENT = "not_sent", _("not written")

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="notes", verbose_name=_("ticket"))
    run = models.ForeignKey("backup_tickets.Run", on_delete=models.PROTECT, related_name="notes", verbose_name=_("run"))
    key = models.CharField(_("key"), max_length=50, unique=True, help_text=_("Stands in the note's title."))
    text = models.TextField(_("text"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.SENDING)
    cause = models.TextField(_("cause"), blank=True, help_text=_("Why it is in this state, in a sentence."))
    note_id = models.BigIntegerField(_("note id"), null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), auto_now_add=True)
    audit = models.ForeignKey(AuditEntry, on_delete=models.PROTECT, related_name="+", verbose_name=_("audit"))
    send_before = models.DateTimeField(
        _("send before"), help_text=_("After this moment the call must not be sent any more.")
    )

    client_path = "run__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket note")
        verbose_name_plural = _("ticket notes")
        ordering = ["-id"]

    def __str__(self) -> str:
        return gettext("note on {ticket}: {state}").format(ticket=self.ticket, state=self.get_state_display())


class Resolution(models.Model):
    """One resolving of a ticket, step by step; also the intent of its writes (the note, and the closing).

    Each step is stored before its call, so that whoever goes on after a crash knows what may have been sent.
    """

    class State(models.TextChoices):
        STARTED = "started", _("reading the ticket")
        NOTING = "noting", _("writing the note")
        NOTED = "noted", _("note written")
        CLOSING = "closing", _("Closing")
        CLOSED = "closed", _("closed, being checked")
        RESTORING = "restoring", _("being opened again")
        RESOLVED = "resolved", _("Resolved")
        STAYS_OPEN = "stays_open", _("marked as resolved, stays open")
        ALREADY_CLOSED = "already_closed", _("was closed already")
        DELETED = "deleted", _("ticket deleted in Autotask")
        FAILED = "failed", _("not resolved")

    OPEN = (State.STARTED, State.NOTING, State.NOTED, State.CLOSING, State.CLOSED, State.RESTORING)

    class Note(models.TextChoices):
        RESOLVED = "resolved", _("Resolved")
        STAYS_OPEN = "stays_open", _("Stays Open")

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="resolutions", verbose_name=_("ticket"))
    run = models.ForeignKey(
        "backup_tickets.Run",
        on_delete=models.PROTECT,
        related_name="resolutions",
        help_text=_("It was clicked there."),
        verbose_name=_("run"),
    )
    key = models.CharField(_("key"), max_length=50, unique=True, help_text=_("Stands in the note's title."))
    state = models.CharField(_("state"), max_length=20, choices=State, default=State.STARTED)
    cause = models.TextField(_("cause"), blank=True, help_text=_("Why it is in this state, in a sentence."))
    note = models.CharField(_("note"), max_length=10, choices=Note, blank=True)
    note_id = models.BigIntegerField(_("note id"), null=True, blank=True)
    status_before = models.IntegerField(
        _("status before"), null=True, blank=True, help_text=_("What a closed ticket is set back to.")
    )
    closings = models.PositiveSmallIntegerField(
        _("closings"), default=0, help_text=_("How often the closing was sent.")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), auto_now_add=True)
    moved_at = models.DateTimeField(
        _("moved at"), help_text=_("When the present step began; look-ups are counted from here.")
    )
    audit = models.ForeignKey(AuditEntry, on_delete=models.PROTECT, related_name="+", verbose_name=_("audit"))
    click_until = models.DateTimeField(
        _("click until"), help_text=_("Until then the click itself may be at work, and nobody else.")
    )

    client_path = "run__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("resolution")
        verbose_name_plural = _("resolutions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"],
                condition=Q(state__in=["started", "noting", "noted", "closing", "closed", "restoring"]),
                name="one_open_resolution_per_ticket",
            ),
        ]
        indexes = [models.Index(fields=["at"], name="resolution_at")]

    def __str__(self) -> str:
        return f"{self.ticket}: {self.get_state_display()}"

    @property
    def is_open(self) -> bool:
        """Whether it is still being worked on."""
        return self.state in self.OPEN
