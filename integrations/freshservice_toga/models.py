"""What is set per client, and how its Freshservice's codes are said in TOGA 2 (spec: TOGA, section 6)."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from integrations.core.models import Integration
from integrations.core.models.scoping import ScopedQuerySet

FRESHSERVICE, TOGA = "freshservice", "toga"


class FreshserviceOptions(models.Model):
    """One client's way from Freshservice to TOGA 2."""

    integration = models.OneToOneField(
        Integration,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="freshservice_options",
        verbose_name=_("integration"),
    )
    custom_field_prefix = models.CharField(
        _("custom field prefix"),
        max_length=30,
        blank=True,
        validators=[RegexValidator(r"^[a-z][A-Za-z0-9]*$", _("A prefix is a word such as elite."))],
        help_text=_("elite gives c_eliteTicketId, c_eliteConversationId, c_eliteUserId and so on."),
    )
    start_at = models.DateTimeField(
        _("read from"),
        null=True,
        blank=True,
        help_text=_("Tickets that changed before it are left alone by the first run. Empty: all tickets."),
    )

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("Freshservice settings")
        verbose_name_plural = _("Freshservice settings")

    def __str__(self) -> str:
        return gettext("Freshservice settings of {integration}").format(integration=self.integration)

    def problem(self) -> str:
        """Why the sync cannot run with these, in a sentence; empty when it can."""
        if not self.custom_field_prefix:
            return gettext("Enter the prefix of the client's own fields of TOGA 2 in the settings of this integration.")
        return ""


class ValueWord(models.Model):
    """How one code of Freshservice is said in TOGA 2. Without a word the field is left alone: it is unmapped."""

    class Field(models.TextChoices):
        STATUS = "status", _("Status")
        PRIORITY = "priority", _("Priority")
        SOURCE = "source", _("Source")

    options = models.ForeignKey(
        FreshserviceOptions, on_delete=models.CASCADE, related_name="words", verbose_name=_("options")
    )
    field = models.CharField(_("field"), max_length=10, choices=Field)
    code = models.IntegerField(_("code in Freshservice"))
    word = models.CharField(
        _("word in TOGA 2"), max_length=100, blank=True, help_text=_("Empty: the field is left alone.")
    )
    seen_at = models.DateTimeField(_("first met"), default=timezone.now, editable=False)

    client_path = "options__integration__client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("value word")
        verbose_name_plural = _("value words")
        ordering = ["options", "field", "code"]
        constraints = [models.UniqueConstraint(fields=["options", "field", "code"], name="one_word_per_code")]

    def __str__(self) -> str:
        word = self.word or gettext("unmapped")
        return f"{self.field} {self.code}: {word}"


class OpenTicket(models.Model):
    """A ticket that was open when it was read last; nothing would tell that it got hidden, so it is looked for."""

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="+", verbose_name=_("integration")
    )
    number = models.BigIntegerField(_("number"), help_text=_("Its id in Freshservice."))
    changed_at = models.DateTimeField(
        _("changed at"), help_text=_("By Freshservice; one that nobody touches is given up some day.")
    )
    looked_at = models.DateTimeField(_("looked at"))
    absent_since = models.DateTimeField(
        _("absent since"), null=True, blank=True, help_text=_("It could not be read at that look.")
    )

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("open ticket")
        verbose_name_plural = _("open tickets")
        constraints = [models.UniqueConstraint(fields=["integration", "number"], name="one_open_ticket_per_number")]
        indexes = [models.Index(fields=["integration", "looked_at"], name="open_ticket_turn")]

    def __str__(self) -> str:
        return gettext("ticket {number}").format(number=self.number)


class LookAgain(models.Model):
    """A ticket that the catch-up looks at once more though it did not change: as soon as the word is entered, or at
    its next run when the row has none."""

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="+", verbose_name=_("integration")
    )
    ticket = models.CharField(_("ticket"), max_length=200, help_text=_("Its id in Freshservice."))
    word = models.ForeignKey(
        ValueWord, null=True, blank=True, on_delete=models.CASCADE, related_name="left_alone", verbose_name=_("word")
    )

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("look again")
        verbose_name_plural = _("look agains")
        constraints = [
            models.UniqueConstraint(fields=["word", "ticket"], name="one_look_per_word_and_ticket"),
            models.UniqueConstraint(
                fields=["integration", "ticket"], condition=models.Q(word=None), name="one_look_at_once_per_ticket"
            ),
        ]

    def __str__(self) -> str:
        return gettext("ticket {number}").format(number=self.ticket)


class CutOver(models.Model):
    """One reading of the ids that an earlier program left in TOGA 2, and how far it got. A new one takes its place."""

    integration = models.OneToOneField(
        Integration, on_delete=models.CASCADE, primary_key=True, related_name="cut_over", verbose_name=_("integration")
    )
    begun_at = models.DateTimeField(_("begun at"), default=timezone.now)
    step = models.PositiveSmallIntegerField(_("step"), default=0, help_text=_("Which list is being read."))
    cursor = models.TextField(_("cursor"), blank=True, help_text=_("Where reading goes on in it."))
    looked = models.PositiveIntegerField(_("looked"), default=0, help_text=_("Records looked at, of all lists."))
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    linked_at = models.DateTimeField(_("linked at"), null=True, blank=True)

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("cut over")
        verbose_name_plural = _("cut overs")

    def __str__(self) -> str:
        return gettext("cut-over of {integration}").format(integration=self.integration)


class FoundId(models.Model):
    """An id of Freshservice that stands on a record of TOGA 2, and what can be made of it."""

    class Verdict(models.TextChoices):
        NEW = "new", _("to be linked")
        LINKED = "linked", _("linked")
        KNOWN = "known", _("linked already")
        DOUBLED = "doubled", _("stand on several records")
        UNKNOWN = "unknown", _("not shown by Freshservice")
        TAKEN = "taken", _("linked to something else")

    cut_over = models.ForeignKey(CutOver, on_delete=models.CASCADE, related_name="found", verbose_name=_("cut over"))
    kind = models.SlugField(_("kind"), help_text=_("The object type of the link it would be."))
    number = models.CharField(_("number"), max_length=200, help_text=_("The id as it stands there."))
    left_id = models.CharField(
        _("left id"), max_length=200, help_text=_("The same as links have it; a category's is its path.")
    )
    right_id = models.CharField(_("right id"), max_length=200, help_text=_("The record's uuid."))
    is_known = models.BooleanField(
        _("is known"), default=False, help_text=_("Freshservice shows it, or cannot be asked.")
    )
    verdict = models.CharField(_("verdict"), max_length=8, choices=Verdict, default=Verdict.NEW)

    client_path = "cut_over__integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("found id")
        verbose_name_plural = _("found ids")
        constraints = [models.UniqueConstraint(fields=["cut_over", "kind", "right_id"], name="one_found_id_per_record")]
        indexes = [
            models.Index(fields=["cut_over", "kind", "number"], name="found_id_number"),
            models.Index(fields=["cut_over", "verdict", "kind"], name="found_id_verdict"),
        ]

    def __str__(self) -> str:
        return gettext("{kind} {number} on {record}").format(kind=self.kind, number=self.number, record=self.right_id)
