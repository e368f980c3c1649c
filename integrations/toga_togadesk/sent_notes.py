"""Notes and tickets on their way to TOGA 2: each is a link that is made before its call, and looked for afterwards.

TOGA 2 keeps no marker of ours. A note whose answer was lost is known by what it says: one that was not there before
the call, and reads the same. A ticket likewise, by its subject and the time.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Side
from integrations.core.sync.linking import links_of
from integrations.transport.errors import ConflictError
from integrations.vendors.toga import dialect
from integrations.vendors.toga.schemas import Note
from integrations.vendors.toga.schemas import Ticket as TogaTicket
from integrations.vendors.togadesk.rows import Reply
from integrations.vendors.togadesk.rows import Ticket as DeskTicket

from . import mapping
from .pair import NOTE, TICKET, Pair

CLOCKS_DIFFER = timedelta(minutes=10)  # between a call and the vendor's stamp on its record


def right_id(reply: Reply) -> str:
    """The id of a reply or comment in links: they are numbered each for itself."""
    return f"{reply.kind}-{reply.id}"


def arrived_notes(pair: Pair, ticket: TogaTicket, there: DeskTicket | None) -> dict[str, tuple[str, int]]:
    """The notes of the ticket that the portal sent and got no answer for: by uuid, the kind and id of their rows."""
    if there is None or not there.unsent:
        return {}
    rows = {right_id(reply): reply for reply in there.unsent}
    found: dict[str, tuple[str, int]] = {}
    for key, link in links_of(pair.integration, NOTE, Side.RIGHT, rows).items():
        reply = rows[key]
        uuid = link.left_id
        if not uuid and link.sent_at is not None:
            uuid = arrived(link, reply, [note for note in ticket.notes if note.uuid not in found]) or ""
        if uuid:
            found[uuid] = (reply.kind, reply.id)
    return found


def arrived(link: RecordLink, reply: Reply, notes: list[Note]) -> str | None:
    """The uuid of the note that this link's earlier call made, if it did."""
    before = set(link.base.get("before", ()))
    return next(
        (
            note.uuid
            for note in notes
            if note.uuid not in before
            and note.is_external == (reply.kind == "reply")
            and mapping.same_text(note.body, reply.text)
        ),
        None,
    )


def find_ticket(pair: Pair, key: str) -> str | None:
    """The uuid of the ticket that an earlier call for the link with this key made. Raises ConflictError for several."""
    link = RecordLink.objects.get(integration=pair.integration, key=key)
    if link.sent_at is None:
        return None
    found: list[str] = []
    cursor = ""
    while True:
        rows, cursor = pair.toga.changed(
            pair.kind.tickets, link.sent_at - CLOCKS_DIFFER, cursor, limit=pair.options.page_size
        )
        taken = links_of(pair.integration, TICKET, Side.LEFT, [row.uuid for row in rows])
        likely = [row for row in rows if row.raw.get(dialect.SUBJECT, link.base["subject"]) == link.base["subject"]]
        found += [row.uuid for row in likely if row.uuid not in taken and _is(row.uuid, pair, link)]
        if not cursor:
            break
    if len(found) > 1:
        said = gettext("An earlier call made one of {n} equal tickets in TOGA 2 ({uuids}).")
        raise ConflictError(said.format(n=len(found), uuids=", ".join(found[:5])))
    return found[0] if found else None


def _is(uuid: str, pair: Pair, link: RecordLink) -> bool:
    """Whether this ticket is the one that was sent: with its subject, made after the call, and nobody's note yet."""
    ticket = pair.toga.ticket(pair.kind, uuid)
    sent_at = link.sent_at
    return (
        sent_at is not None
        and ticket.subject == link.base.get("subject")
        and ticket.created_at >= sent_at - CLOCKS_DIFFER
        and ticket.contact == (link.base.get("contact") or "")
    )
