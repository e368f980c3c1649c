"""What people decide of a pair: whose value counts, that a value is tried again, which two are a pair and which not.

Each act is one transaction with its audit row, and the next look at the pair carries it out; the job for it is asked
for at once. What cannot be done is a ValueError with a sentence for the person.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core import audit, jobs
from integrations.core.models import AuditEntry, Integration, Job, User

from . import pairs
from .merge import Choice
from .models import CHOICES, Conflict, ContactOptions, FieldPolicy, HeldValue, Pair

SYNC = "advoware_espocrm.sync_pair"
LABELS = dict(CHOICES)


def decide(row: Conflict, choice: Choice, *, user: User, is_rule: bool = False) -> str:
    """This value counts, of this entry; with `is_rule`, also wherever both change an entry of its kind. In a sentence.

    Raises ValueError where it was decided already, or keeping both was to be a rule.
    """
    label = LABELS[choice]
    if is_rule and choice is Choice.BOTH:
        raise ValueError(_("Keeping both cannot be a rule; nothing was decided."))
    with _noted("contacts.decide", row.pair, user, f"{row.get_komm_kz_display()}: {label}."):
        now = timezone.now()
        waiting = Conflict.objects.filter(pk=row.pk, choice="")
        if not waiting.update(choice=choice, decided_at=now, decided_by=user):
            raise ValueError(_("It was decided already; nothing was changed."))
        pairs.unsettle([row.pair])
        sync(row.pair, user=user)
        if is_rule:
            _rule(row, choice)
    if is_rule:
        return _("{choice}; the pair is looked at now, and so it is always for this kind.").format(choice=label)
    return _("{choice}; the pair is looked at now.").format(choice=label)


def _rule(row: Conflict, choice: Choice) -> None:
    options = ContactOptions.objects.get(integration=row.pair.integration_id)
    FieldPolicy.objects.update_or_create(options=options, komm_kz=row.komm_kz, defaults={"choice": choice})
    pairs.unsettle_all(options.pk)


def try_again(row: HeldValue, *, user: User) -> str:
    """The value is sent by the next look, though it was refused. In a sentence."""
    what = row.get_komm_kz_display() or _("a value")
    with _noted("contacts.try_again", row.pair, user, f"{what}: {row.why}"):
        HeldValue.objects.filter(pk=row.pk).update(is_refused=False)
        pairs.unsettle([row.pair])
        sync(row.pair, user=user)
    return _("The pair is looked at now; the value is sent if it can be.")


def sync(pair: Pair, *, user: User) -> Job:
    """Have both sides looked at now."""
    return jobs.enqueue(SYNC, pair.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL, user=user)


def link(integration: Integration, betnr: int, contact_id: str, *, user: User) -> Pair:
    """These two are a pair. Raises ValueError when one of them is another pair's."""
    try:
        with transaction.atomic():
            pair = pairs.link_by_hand(integration, betnr, contact_id)
            with _noted("contacts.link", pair, user, _both(betnr, contact_id)):
                return pair
    except IntegrityError:
        raise ValueError(_("One of the two is linked to another one already; unlink that pair first.")) from None


def unlink(pair: Pair, *, user: User) -> None:
    """These two are no pair, and are not taken for one again by their number. Nothing is written to either side.

    Raises ValueError while a process works on them.
    """
    with _noted("contacts.unlink", pair, user, _both(pair.betnr, pair.link.right_id)):
        if not pairs.unlink(pair, _("Unlinked by {user}.").format(user=user)):
            raise ValueError(_("The pair is being worked on just now; try again in a moment."))


def _both(betnr: int, contact_id: str) -> str:
    return _("Party {number} and {record}.").format(number=betnr, record=contact_id)


@contextmanager
def _noted(action: str, pair: Pair, user: User, detail: str) -> Iterator[None]:
    with transaction.atomic():
        record = f"pair:{pair.pk}"
        entry = audit.begin(action, user=user, client=pair.integration.client, record=record, detail=detail)
        yield
        audit.finish(entry, AuditEntry.Outcome.DONE)
