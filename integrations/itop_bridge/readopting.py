"""After a restore: what both iTops have of each other although the portal forgot it.

Twins are found by their marker and entries of the log by text and author, as after a death. Attachments would be taken
for new ones: so of each pair that something happened to since the backup, those that are the same byte by byte are
linked. Which of two was the original is not known any more; the external one is taken for it.
"""

from __future__ import annotations

import json

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.models import RecordLink
from integrations.core.readopting import Look
from integrations.core.streams import streams_of
from integrations.core.sync.flow import Side
from integrations.core.sync.linking import links_of
from integrations.transport.errors import ConflictError, MalformedResponseError, NotFoundError, RejectedError
from integrations.vendors.itop.schemas import Ticket

from . import form
from .reading import LISTS, OVERLAP, reading
from .same_files import base_of, same_files
from .sides import FILE, TICKET, Sides, both_open

NOTES = (
    _(
        "Twins made since the backup are found by their marker, entries of the log by their text and author; none is "
        "made twice. One that an administrator's account wrote in its author's name does not say that it is a copy: "
        "look at what the dry run would write."
    ),
    _("Of attachments that both tickets of a pair have, byte by byte, the external one is taken for the original."),
    _("States and fields that changed on both sides since the backup may be brought to agreement once more."),
)


def readopt(look: Look) -> None:
    """What `IntegrationKind.readopt` promises, for two iTops."""
    for note in NOTES:
        look.note(str(note))
    stream = next(row for row in streams_of(look.integration) if row.slug == "reconcile")
    since = None if stream.watermark is None else stream.watermark - OVERLAP
    cursor = str(look.cursor.get("at", ""))
    with both_open(look.integration, "look after a restore", guard=look.claim.check, is_dry=True) as sides:
        listed = reading(sides)
        while not cursor or json.loads(cursor)["step"] < LISTS:
            page = listed.page(since, cursor)
            for record in page.records:
                try:
                    _pair(look, sides, record.id)
                except (ConflictError, MalformedResponseError, RejectedError) as problem:
                    said = gettext("External ticket {number}: {problem}")
                    said = said.format(number=record.id, problem=problem.message)
                    look.unclear(f"ticket {record.id}", said)
            cursor = page.next
            look.keep(looked=len(page.records), at=cursor)


def _pair(look: Look, sides: Sides, external: str) -> None:
    link = links_of(sides.integration, TICKET, Side.LEFT, [external]).get(external)
    try:
        outside = sides.external.api.ticket(int(external))
        inside = sides.internal.api.ticket(int(link.right_id)) if link and link.right_id else form.find(sides, outside)
    except NotFoundError:
        return  # its own look says so
    if inside is None or not _has_unlinked(sides, outside, inside):
        return
    pair = link or RecordLink(integration=sides.integration, left_id=external)
    for original, twin in same_files(sides, pair, outside, inside):
        values = {"integration": sides.integration, "object_type": FILE, "left_id": original.id, "right_id": twin.id}
        row = RecordLink(state=RecordLink.State.ACTIVE, base=base_of(pair, original, twin), **values)
        RecordLink.objects.bulk_create([row], ignore_conflicts=True)
        if links_of(sides.integration, FILE, Side.LEFT, [original.id]).get(original.id, row).right_id == twin.id:
            said = gettext("“{name}” of {outside}: {twin} of {inside}").format(
                name=original.name, outside=outside.ref, twin=twin.id, inside=inside.ref
            )
            look.adopted(f"file {original.id}", said)


def _has_unlinked(sides: Sides, outside: Ticket, inside: Ticket) -> bool:
    """Whether both have attachments that no link knows; contents are read only then."""
    for half, ticket in ((sides.external, outside), (sides.internal, inside)):
        ids = [str(row.id) for row in half.api.attachments_of(ticket.ticket_class, ticket.id)]
        if len(links_of(sides.integration, FILE, half.side, ids)) == len(ids):
            return False
    return True
