"""After a restore: what TOGA 2 has of Freshservice although the portal forgot it.

Tickets, notes, contacts, teams and categories carry Freshservice's ids in TOGA 2, and each look finds them by these
before it makes anything. Files carry none: of the tickets that changed since the backup they are recognised by name and
size on their note once, as those from before the portal are.
"""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.models import RecordLink
from integrations.core.readopting import Look
from integrations.core.streams import streams_of

from .flow import OVERLAP
from .sides import TICKET, opened

NOTES = (
    _(
        "Tickets, notes, contacts, teams and categories made in TOGA 2 since the backup carry Freshservice's ids; the "
        "next look at each finds them by these and makes none twice."
    ),
    _("Files are recognised by name and size; one that was sent and hangs on no note stays in TOGA 2."),
)


def readopt(look: Look) -> None:
    """What `IntegrationKind.readopt` promises, for Freshservice and TOGA 2."""
    for note in NOTES:
        look.note(str(note))
    stream = next(row for row in streams_of(look.integration) if row.slug == "catch_up")
    if stream.watermark is None:
        look.note(gettext("Nothing was ever read from Freshservice, so nothing was made in TOGA 2."))
        return
    page = int(look.cursor.get("page", 1))
    with opened(look.integration, "look after a restore", guard=look.claim.check) as sides:
        while page:
            rows, has_next = sides.fresh.tickets_updated_since(stream.watermark - OVERLAP, page)
            changed = [str(row.id) for row in rows]
            links = RecordLink.objects.filter(integration=look.integration, object_type=TICKET, left_id__in=changed)
            links.update(left_fingerprint="")
            page = page + 1 if has_next else 0
            look.keep(looked=len(rows), page=page)
