"""What the portal keeps of each pair beside its link, and what people decide. Tables only.

The link of a pair has the party number on its left and EspoCRM's id on its right; its `base` is what both sides last
agreed on (`merge.Agreed`), entry by entry.
"""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from integrations.core.models import Integration, RecordLink
from integrations.core.models.scoping import ScopedQuerySet

from .mapping import KINDS
from .merge import Choice, Direction

ADVOWARE, ESPOCRM = "advoware", "espocrm"
DIRECTIONS = [
    (Direction.BOTH.value, _("both ways")),
    (Direction.TO_ESPOCRM.value, _("to EspoCRM alone")),
    (Direction.TO_ADVOWARE.value, _("to Advoware alone")),
]
POLICIES = [
    (Choice.ESPOCRM.value, _("EspoCRM wins")),
    (Choice.ADVOWARE.value, _("Advoware wins")),
    (Choice.ASK.value, _("ask")),
]
AS_SET = "as_set"  # a rule that is not wanted any more: rows are never deleted
CHOICES = [*POLICIES[:2], (Choice.BOTH.value, _("keep both"))]
# Advoware's own words, the same in every language.
KIND_NAMES = [(number, f"{kind.name} ({number})") for number, kind in KINDS.items() if kind.channel]


class ContactOptions(models.Model):
    """How contact data is synchronised in one integration."""

    integration = models.OneToOneField(
        Integration,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="contact_options",
        verbose_name=_("integration"),
    )
    direction = models.CharField(
        _("direction"),
        max_length=20,
        choices=DIRECTIONS,
        default=Direction.BOTH.value,
        help_text=_("Which side is written. What a direction forbids waits, and goes on when it is allowed again."),
    )
    conflict_policy = models.CharField(
        _("where both changed one value"),
        max_length=20,
        choices=POLICIES,
        default=Choice.ESPOCRM.value,
        help_text=_("The other value is kept with the conflict. Asked, both stay as they are until somebody chooses."),
    )
    default_region = models.CharField(
        _("country of national numbers"),
        max_length=2,
        default="DE",
        validators=[RegexValidator(r"^[A-Z]{2}$", _("Two capital letters, such as DE."))],
        help_text=_("Advoware has numbers as people type them; EspoCRM takes international ones alone."),
    )
    write_markers = models.BooleanField(
        _("write markers in Advoware"),
        default=True,
        help_text=_(
            "[ESPOCRM:…] before the remark: other tools and people see what is linked, and a database that was "
            "restored finds it. Without them the portal alone knows."
        ),
    )
    parties_per_run = models.PositiveIntegerField(
        _("parties of Advoware looked at in a run"),
        default=500,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
        help_text=_(
            "Advoware lists no changes, so all pairs are looked at in turn, a call each; more are seen sooner."
        ),
    )

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("contact data settings")
        verbose_name_plural = _("contact data settings")

    def __str__(self) -> str:
        return gettext("contact data settings of {integration}").format(integration=self.integration)

    def problem(self) -> str:
        """Why it cannot run with these, in a sentence; empty when it can."""
        return ""


class FieldPolicy(models.Model):
    """“Always for this field”: who wins where both changed an entry of this kind."""

    options = models.ForeignKey(
        ContactOptions, on_delete=models.CASCADE, related_name="policies", verbose_name=_("options")
    )
    komm_kz = models.PositiveSmallIntegerField(_("kind"), choices=KIND_NAMES)
    choice = models.CharField(_("who wins"), max_length=20, choices=[*POLICIES, (AS_SET, _("as set above"))])

    client_path = "options__integration__client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("rule for a kind")
        verbose_name_plural = _("rules for kinds")
        ordering = ["options", "komm_kz"]
        constraints = [models.UniqueConstraint(fields=["options", "komm_kz"], name="one_policy_per_kind")]

    def __str__(self) -> str:
        return f"{self.get_komm_kz_display()}: {self.get_choice_display()}"


class Pair(models.Model):
    """A party of Advoware and a record of EspoCRM, as the portal saw both at its last look.

    `advoware_seen` and `espocrm_seen` are fingerprints of contact data that was at rest on both sides; empty ones are
    looked at by the next run.
    """

    link = models.OneToOneField(
        RecordLink, on_delete=models.CASCADE, primary_key=True, related_name="contact_pair", verbose_name=_("link")
    )
    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="+", verbose_name=_("integration")
    )
    betnr = models.BigIntegerField(_("party"))
    advoware_seen = models.CharField(_("advoware seen"), max_length=64, blank=True)
    espocrm_seen = models.CharField(_("espocrm seen"), max_length=64, blank=True)
    polled_at = models.DateTimeField(_("last look at Advoware"), null=True, blank=True)
    synced_at = models.DateTimeField(_("last at rest"), null=True, blank=True)
    values = models.PositiveIntegerField(_("values"), default=0, help_text=_("Entries that both sides have."))
    approved = models.CharField(
        _("approved"), max_length=64, blank=True, help_text=_("The planned writes that a person approved.")
    )

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("pair")
        verbose_name_plural = _("pairs")
        ordering = ["-link_id"]
        indexes = [models.Index(fields=["integration", "polled_at"], name="contact_pair_turn")]

    def __str__(self) -> str:
        return gettext("party {number}").format(number=self.betnr)


class Conflict(models.Model):
    """One entry that was changed on both sides, with both values. What was chosen is carried out by the next look."""

    pair = models.ForeignKey(Pair, on_delete=models.CASCADE, related_name="conflicts", verbose_name=_("pair"))
    entry_id = models.BigIntegerField(_("entry of Advoware"))
    komm_kz = models.PositiveSmallIntegerField(_("kind"), choices=KIND_NAMES)
    before = models.TextField(_("both had"), blank=True)
    advoware = models.TextField(_("Advoware has"))
    espocrm = models.TextField(_("EspoCRM has"))
    advoware_key = models.CharField(_("advoware key"), max_length=500)
    espocrm_key = models.CharField(_("espocrm key"), max_length=500)
    choice = models.CharField(_("who won"), max_length=20, choices=CHOICES, blank=True, help_text=_("Empty: it waits."))
    found_at = models.DateTimeField(_("found at"), auto_now_add=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("decided by"),
    )

    client_path = "pair__integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("conflict")
        verbose_name_plural = _("conflicts")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["pair", "entry_id", "advoware_key", "espocrm_key"], name="one_row_per_contact_conflict"
            )
        ]

    def __str__(self) -> str:
        return gettext("{kind} of {pair}").format(kind=self.get_komm_kz_display(), pair=self.pair)


class HeldValue(models.Model):
    """One value that stays on its side, and why. It does not stop the others; it goes when it can be sent."""

    pair = models.ForeignKey(Pair, on_delete=models.CASCADE, related_name="held_values", verbose_name=_("pair"))
    entry_id = models.BigIntegerField(_("entry of Advoware"), default=0, help_text=_("0: it is EspoCRM's."))
    komm_kz = models.PositiveSmallIntegerField(_("kind"), choices=KIND_NAMES, default=0)
    value = models.TextField(_("value"))
    key = models.CharField(_("key"), max_length=500, help_text=_("Its normal form."))
    why = models.TextField(_("why"))
    is_refused = models.BooleanField(
        _("is refused"), default=False, help_text=_("EspoCRM refused it; it is not sent again as it is.")
    )
    held_at = models.DateTimeField(_("held at"), auto_now_add=True)

    client_path = "pair__integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("held value")
        verbose_name_plural = _("held values")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["pair", "entry_id", "key"], name="one_row_per_held_value")]

    def __str__(self) -> str:
        return gettext("a value of {pair}").format(pair=self.pair)


class Slot(models.Model):
    """An empty entry of Advoware that stands for a deletion and is used again."""

    pair = models.ForeignKey(Pair, on_delete=models.CASCADE, related_name="slots", verbose_name=_("pair"))
    entry_id = models.BigIntegerField(_("entry of Advoware"))
    komm_kz = models.PositiveSmallIntegerField(_("kind"), choices=KIND_NAMES)
    since = models.DateTimeField(_("since"), auto_now_add=True)

    client_path = "pair__integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("empty slot")
        verbose_name_plural = _("empty slots")
        ordering = ["since"]
        constraints = [models.UniqueConstraint(fields=["pair", "entry_id"], name="one_row_per_contact_slot")]

    def __str__(self) -> str:
        return gettext("{kind} of {pair}").format(kind=self.get_komm_kz_display(), pair=self.pair)


class TypeChange(models.Model):
    """The type of a number was changed in EspoCRM: the entry was emptied, and another one made."""

    pair = models.ForeignKey(Pair, on_delete=models.CASCADE, related_name="type_changes", verbose_name=_("pair"))
    entry_id = models.BigIntegerField(_("entry of Advoware"))
    before = models.PositiveSmallIntegerField(_("before"), choices=KIND_NAMES)
    after = models.PositiveSmallIntegerField(_("after"), choices=KIND_NAMES)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    client_path = "pair__integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("type change")
        verbose_name_plural = _("type changes")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_before_display()} → {self.get_after_display()}"
