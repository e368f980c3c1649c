"""Tickets, and every write to one: links (also the intent of a create), notes and resolutions. Tables only."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from integrations.core.models import AuditEntry, Connection
from integrations.core.models.scoping import ScopedQuerySet


class Ticket(models.Model):
    """An Autotask ticket we know, with what Autotask last said about it."""

    class State(models.TextChoices):
        OPEN = "open"
        RESOLVED = "resolved"
        DELETED = "deleted", "deleted in Autotask"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    ticket_id = models.BigIntegerField()
    number = models.CharField(max_length=50, blank=True)
    url = models.CharField(max_length=500, blank=True)
    company_id = models.BigIntegerField(null=True)
    title = models.CharField(max_length=255, blank=True)
    status_id = models.IntegerField(null=True)
    status_label = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    state_since = models.DateTimeField(null=True, blank=True, help_text="When the portal saw it in this state first.")
    read_at = models.DateTimeField("as Autotask said at", null=True)

    client_path = "links__run__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "ticket_id"], name="one_row_per_ticket")]
        indexes = [  # by its beginning: PostgreSQL needs to be told, SQLite does not listen
            models.Index(fields=["number"], name="ticket_by_number", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["state", "state_since"], name="ticket_state_since"),
        ]

    def __str__(self) -> str:
        return self.number or f"ticket {self.ticket_id}"


class TicketLink(models.Model):
    """“This ticket stands for this run”; also the intent row of a create. Never deleted by code."""

    class State(models.TextChoices):
        CREATING = "creating"
        UNKNOWN = "unknown", "checking"
        ACTIVE = "active"
        RESOLVED = "resolved"
        DELETED = "deleted", "ticket deleted in Autotask"
        ABANDONED = "abandoned", "not created"

    class Origin(models.TextChoices):
        CREATED = "created"
        LINKED = "linked"

    LIVE = (State.CREATING, State.UNKNOWN, State.ACTIVE, State.RESOLVED)

    run = models.ForeignKey("backup_tickets.Run", on_delete=models.PROTECT, related_name="links")
    ticket = models.ForeignKey(Ticket, null=True, blank=True, on_delete=models.PROTECT, related_name="links")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=50, unique=True, help_text="Stands in the ticket's externalID.")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.CREATED)
    state = models.CharField(max_length=10, choices=State, default=State.CREATING)
    cause = models.TextField(blank=True, help_text="Why it is in this state, in a sentence.")
    content = models.JSONField(default=dict, help_text="What was sent, as previewed.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    audit = models.ForeignKey(AuditEntry, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    send_before = models.DateTimeField(help_text="After this moment the create call must not be sent any more.")
    unknown_since = models.DateTimeField(null=True, blank=True, help_text="Look-ups are counted from here.")
    lookups = models.PositiveSmallIntegerField(default=0)
    watch_until = models.DateTimeField(null=True, blank=True, help_text="Late commits are looked for until then.")
    strays = models.JSONField(default=list, help_text="Further tickets found under the key: id, number, url.")

    client_path = "run__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
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
        SENDING = "sending"
        UNKNOWN = "unknown", "checking"
        SENT = "sent"
        NOT_SENT = "not_sent", "not written"

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="notes")
    run = models.ForeignKey("backup_tickets.Run", on_delete=models.PROTECT, related_name="notes")
    key = models.CharField(max_length=50, unique=True, help_text="Stands in the note's title.")
    text = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.SENDING)
    cause = models.TextField(blank=True, help_text="Why it is in this state, in a sentence.")
    note_id = models.BigIntegerField(null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    audit = models.ForeignKey(AuditEntry, on_delete=models.PROTECT, related_name="+")
    send_before = models.DateTimeField(help_text="After this moment the call must not be sent any more.")

    client_path = "run__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"note on {self.ticket}: {self.get_state_display()}"


class Resolution(models.Model):
    """One resolving of a ticket, step by step; also the intent of its writes (the note, and the closing).

    Each step is stored before its call, so that whoever goes on after a crash knows what may have been sent.
    """

    class State(models.TextChoices):
        STARTED = "started", "reading the ticket"
        NOTING = "noting", "writing the note"
        NOTED = "noted", "note written"
        CLOSING = "closing"
        CLOSED = "closed", "closed, being checked"
        RESTORING = "restoring", "being opened again"
        RESOLVED = "resolved"
        STAYS_OPEN = "stays_open", "marked as resolved, stays open"
        ALREADY_CLOSED = "already_closed", "was closed already"
        DELETED = "deleted", "ticket deleted in Autotask"
        FAILED = "failed", "not resolved"

    OPEN = (State.STARTED, State.NOTING, State.NOTED, State.CLOSING, State.CLOSED, State.RESTORING)

    class Note(models.TextChoices):
        RESOLVED = "resolved"
        STAYS_OPEN = "stays_open"

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="resolutions")
    run = models.ForeignKey(
        "backup_tickets.Run", on_delete=models.PROTECT, related_name="resolutions", help_text="It was clicked there."
    )
    key = models.CharField(max_length=50, unique=True, help_text="Stands in the note's title.")
    state = models.CharField(max_length=20, choices=State, default=State.STARTED)
    cause = models.TextField(blank=True, help_text="Why it is in this state, in a sentence.")
    note = models.CharField(max_length=10, choices=Note, blank=True)
    note_id = models.BigIntegerField(null=True, blank=True)
    status_before = models.IntegerField(null=True, blank=True, help_text="What a closed ticket is set back to.")
    closings = models.PositiveSmallIntegerField(default=0, help_text="How often the closing was sent.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    moved_at = models.DateTimeField(help_text="When the present step began; look-ups are counted from here.")
    audit = models.ForeignKey(AuditEntry, on_delete=models.PROTECT, related_name="+")
    click_until = models.DateTimeField(help_text="Until then the click itself may be at work, and nobody else.")

    client_path = "run__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
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
