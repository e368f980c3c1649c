"""What the portal keeps of each pair beside its link, and what people decide. Tables only.

The link of a pair has the party number on its left and EspoCRM's id on its right; its `base` is what both sides last
agreed on (`merge.Agreed`), entry by entry.
"""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from simple_history.models import HistoricalRecords

from integrations.core.models import Integration, RecordLink
from integrations.core.models.scoping import ScopedQuerySet

from .mapping import KINDS
from .merge import Choice, Direction

ADVOWARE, ESPOCRM = "advoware", "espocrm"
DIRECTIONS = [
    (Direction.BOTH.value, "both ways"),
    (Direction.TO_ESPOCRM.value, "to EspoCRM alone"),
    (Direction.TO_ADVOWARE.value, "to Advoware alone"),
]
POLICIES = [
    (Choice.ESPOCRM.value, "EspoCRM wins"),
    (Choice.ADVOWARE.value, "Advoware wins"),
    (Choice.ASK.value, "ask"),
]
AS_SET = "as_set"  # a rule that is not wanted any more: rows are never deleted
CHOICES = [*POLICIES[:2], (Choice.BOTH.value, "keep both")]
KIND_NAMES = [(number, f"{kind.name} ({number})") for number, kind in KINDS.items() if kind.channel]


class ContactOptions(models.Model):
    """How contact data is synchronised in one integration."""

    integration = models.OneToOneField(
        Integration, on_delete=models.CASCADE, primary_key=True, related_name="contact_options"
    )
    direction = models.CharField(
        max_length=20,
        choices=DIRECTIONS,
        default=Direction.BOTH.value,
        help_text="Which side is written. What a direction forbids waits, and goes on when it is allowed again.",
    )
    conflict_policy = models.CharField(
        "where both changed one value",
        max_length=20,
        choices=POLICIES,
        default=Choice.ESPOCRM.value,
        help_text="The other value is kept with the conflict. Asked, both stay as they are until somebody chooses.",
    )
    default_region = models.CharField(
        "country of national numbers",
        max_length=2,
        default="DE",
        validators=[RegexValidator(r"^[A-Z]{2}$", "Two capital letters, such as DE.")],
        help_text="Advoware has numbers as people type them; EspoCRM takes international ones alone.",
    )
    write_markers = models.BooleanField(
        "write markers in Advoware",
        default=True,
        help_text="[ESPOCRM:…] before the remark: other tools and people see what is linked, and a database that was "
        "restored finds it. Without them the portal alone knows.",
    )
    parties_per_run = models.PositiveIntegerField(
        "parties of Advoware looked at in a run",
        default=500,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
        help_text="Advoware lists no changes, so all pairs are looked at in turn, a call each; more are seen sooner.",
    )

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "contact data settings"
        verbose_name_plural = "contact data settings"

    def __str__(self) -> str:
        return f"contact data settings of {self.integration}"

    def problem(self) -> str:
        """Why it cannot run with these, in a sentence; empty when it can."""
        return ""


class FieldPolicy(models.Model):
    """“Always for this field”: who wins where both changed an entry of this kind."""

    options = models.ForeignKey(ContactOptions, on_delete=models.CASCADE, related_name="policies")
    komm_kz = models.PositiveSmallIntegerField("kind", choices=KIND_NAMES)
    choice = models.CharField("who wins", max_length=20, choices=[*POLICIES, (AS_SET, "as set above")])

    client_path = "options__integration__client"
    objects = ScopedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "rule for a kind"
        verbose_name_plural = "rules for kinds"
        ordering = ["options", "komm_kz"]
        constraints = [models.UniqueConstraint(fields=["options", "komm_kz"], name="one_policy_per_kind")]

    def __str__(self) -> str:
        return f"{self.get_komm_kz_display()}: {self.get_choice_display()}"


class Pair(models.Model):
    """A party of Advoware and a record of EspoCRM, as the portal saw both at its last look.

    `advoware_seen` and `espocrm_seen` are fingerprints of contact data that was at rest on both sides; empty ones are
    looked at by the next run.
    """

    link = models.OneToOneField(RecordLink, on_delete=models.CASCADE, primary_key=True, related_name="contact_pair")
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="+")
    betnr = models.BigIntegerField("party")
    advoware_seen = models.CharField(max_length=64, blank=True)
    espocrm_seen = models.CharField(max_length=64, blank=True)
    polled_at = models.DateTimeField("last look at Advoware", null=True, blank=True)
    synced_at = models.DateTimeField("last at rest", null=True, blank=True)
    values = models.PositiveIntegerField(default=0, help_text="Entries that both sides have.")
    approved = models.CharField(max_length=64, blank=True, help_text="The planned writes that a person approved.")

    client_path = "integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-link_id"]
        indexes = [models.Index(fields=["integration", "polled_at"], name="contact_pair_turn")]

    def __str__(self) -> str:
        return f"party {self.betnr}"


class Conflict(models.Model):
    """One entry that was changed on both sides, with both values. What was chosen is carried out by the next look."""

    pair = models.ForeignKey(Pair, on_delete=models.CASCADE, related_name="conflicts")
    entry_id = models.BigIntegerField("entry of Advoware")
    komm_kz = models.PositiveSmallIntegerField("kind", choices=KIND_NAMES)
    before = models.TextField("both had", blank=True)
    advoware = models.TextField("Advoware has")
    espocrm = models.TextField("EspoCRM has")
    advoware_key = models.CharField(max_length=500)
    espocrm_key = models.CharField(max_length=500)
    choice = models.CharField("who won", max_length=20, choices=CHOICES, blank=True, help_text="Empty: it waits.")
    found_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    client_path = "pair__integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["pair", "entry_id", "advoware_key", "espocrm_key"], name="one_row_per_contact_conflict"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_komm_kz_display()} of {self.pair}"


class HeldValue(models.Model):
    """One value that stays on its side, and why. It does not stop the others; it goes when it can be sent."""

    pair = models.ForeignKey(Pair, on_delete=models.CASCADE, related_name="held_values")
    entry_id = models.BigIntegerField("entry of Advoware", default=0, help_text="0: it is EspoCRM's.")
    komm_kz = models.PositiveSmallIntegerField("kind", choices=KIND_NAMES, default=0)
    value = models.TextField()
    key = models.CharField(max_length=500, help_text="Its normal form.")
    why = models.TextField()
    is_refused = models.BooleanField(default=False, help_text="EspoCRM refused it; it is not sent again as it is.")
    held_at = models.DateTimeField(auto_now_add=True)

    client_path = "pair__integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["pair", "entry_id", "key"], name="one_row_per_held_value")]

    def __str__(self) -> str:
        return f"a value of {self.pair}"


class Slot(models.Model):
    """An empty entry of Advoware that stands for a deletion and is used again."""

    pair = models.ForeignKey(Pair, on_delete=models.CASCADE, related_name="slots")
    entry_id = models.BigIntegerField("entry of Advoware")
    komm_kz = models.PositiveSmallIntegerField("kind", choices=KIND_NAMES)
    since = models.DateTimeField(auto_now_add=True)

    client_path = "pair__integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = "empty slot"
        ordering = ["since"]
        constraints = [models.UniqueConstraint(fields=["pair", "entry_id"], name="one_row_per_contact_slot")]

    def __str__(self) -> str:
        return f"{self.get_komm_kz_display()} of {self.pair}"


class TypeChange(models.Model):
    """The type of a number was changed in EspoCRM: the entry was emptied, and another one made."""

    pair = models.ForeignKey(Pair, on_delete=models.CASCADE, related_name="type_changes")
    entry_id = models.BigIntegerField("entry of Advoware")
    before = models.PositiveSmallIntegerField(choices=KIND_NAMES)
    after = models.PositiveSmallIntegerField(choices=KIND_NAMES)
    at = models.DateTimeField(auto_now_add=True)

    client_path = "pair__integration__client"
    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_before_display()} → {self.get_after_display()}"
