"""What is remembered of looks at tickets: which are open, and which the catch-up looks at once more.

A ticket that waits for a word is found by the word itself, so nothing is lost between a look and the word's entry; its
row goes once all that the look had to write was written.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from integrations.core.sync.flow import Write
from integrations.vendors.freshservice.schemas import Ticket

from .mapping import CLOSED
from .models import LookAgain, OpenTicket, ValueWord
from .sides import Sides


def note(sides: Sides, ticket: Ticket) -> None:
    """It was read just now: as an open one it is looked for again some day, a closed one is not."""
    if sides.is_dry:
        return
    if ticket.status in CLOSED:
        OpenTicket.objects.filter(integration=sides.integration, number=ticket.id).delete()
        return
    seen = {"changed_at": ticket.updated_at, "looked_at": timezone.now(), "absent_since": None}
    OpenTicket.objects.update_or_create(integration=sides.integration, number=ticket.id, defaults=seen)


def due(sides: Sides, *, after: str, most: int) -> list[str]:
    """The tickets to be looked at once more, by their id in Freshservice as a text, from the one after `after`."""
    said = list(ValueWord.objects.filter(options=sides.options).exclude(word="").values_list("pk", flat=True))
    rows = LookAgain.objects.filter(Q(word=None) | Q(word__in=said), integration=sides.integration, ticket__gt=after)
    return list(rows.order_by("ticket").values_list("ticket", flat=True).distinct()[:most])


def ask(sides: Sides, ticket: str) -> None:
    """Have the next catch-up look at this one, whatever changed."""
    LookAgain.objects.get_or_create(integration=sides.integration, ticket=ticket, word=None)


def forget(sides: Sides, ticket: str) -> None:
    """It cannot be looked at any more."""
    if not sides.is_dry:
        LookAgain.objects.filter(integration=sides.integration, ticket=ticket).delete()


def again(sides: Sides, ticket: str, unsaid: Collection[ValueWord], *, is_settled: bool) -> list[Write]:
    """Keep what this look leaves for another one; the last write of the look, which takes away what it made good."""
    rows = list(LookAgain.objects.filter(integration=sides.integration, ticket=ticket).select_related("word"))
    waits: set[ValueWord | None] = set(unsaid) | (set() if is_settled else {None})
    if not sides.is_dry:
        for word in waits - {row.word for row in rows}:
            LookAgain.objects.get_or_create(integration=sides.integration, ticket=ticket, word=word)
    made_good = [row for row in rows if row.word not in waits]
    if not made_good:
        return []
    words = ", ".join(f"{row.word.field} {row.word.code}" for row in made_good if row.word)

    def settle(_: Any) -> str:
        LookAgain.objects.filter(pk__in=[row.pk for row in made_good]).delete()
        return ""

    said = gettext("note that {words} has a word now") if words else gettext("note that it was looked at again")
    return [Write(said.format(words=words), settle)]
