"""After a restore: what both systems know of each other although the portal forgot it.

The streams themselves double nothing: what came from TOGA 2 carries its uuid in TOGaDesk, and what went there has its
uuid stored. So links are made of these references, the watermarks that the portal itself moved on in TOGA 2 are
known again, and of the tickets that changed since the backup files are recognised by name and size once.
"""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import audit
from integrations.core.models import AuditEntry, RecordLink, Stream
from integrations.core.readopting import Look
from integrations.core.streams import streams_of
from integrations.core.sync.flow import Reading, Side
from integrations.core.sync.linking import links_of
from integrations.transport.errors import MalformedResponseError, NotFoundError, RejectedError

from . import reading
from .models import Published
from .pair import TICKET, Pair, opened
from .watermarks import PARAMETERS

BATCH = 500
NOTES = (
    _(
        "A ticket or note that went to TOGA 2 and died before its uuid was stored in TOGaDesk cannot be told from a "
        "new one, since TOGA 2 keeps no marker of ours; what a dry run says it would create is to be looked at."
    ),
    _("Contacts, units, replies, teams and categories are found again by their references when they change next."),
)


def readopt(look: Look) -> None:
    """What `IntegrationKind.readopt` promises, for TOGA 2 and TOGaDesk."""
    for note in NOTES:
        look.note(str(note))
    with opened(look.integration, "look after a restore", guard=look.claim.check) as pair:
        for row in streams_of(look.integration):
            if row.slug in PARAMETERS:
                _know_watermark(look, pair, row)
        _link(look, pair)
        by_slug = {row.slug: row for row in streams_of(look.integration)}
        desk, toga = by_slug["tickets_to_togadesk"], by_slug["tickets_to_toga"]
        _recognise_files(look, "toga", reading.of_toga_tickets(pair, is_dry=False), desk, Side.LEFT)
        above = Published.objects.filter(stream=toga).values_list("highest_file", flat=True).first() or 0
        _recognise_files(look, "desk", reading.of_togadesk_tickets(pair, highest_file=above), toga, Side.RIGHT)


def _know_watermark(look: Look, pair: Pair, stream: Stream) -> None:
    """What stands in TOGA 2 is taken for what the portal wrote there after the backup; the stream's own stays."""
    parameter = pair.toga.parameter(PARAMETERS[stream.slug])
    live = parameter.value if parameter else ""
    row = Published.objects.filter(stream=stream).first()
    if row is None or live in (row.value, row.pending):
        return
    entry = audit.begin(
        "toga.watermark",
        actor="look after a restore",
        client=stream.integration.client,
        record=f"stream:{stream.pk}",
        detail=gettext("{parameter}: {now} in TOGA 2 is known again; {before} was.").format(
            parameter=PARAMETERS[stream.slug], now=live or gettext("(none)"), before=row.value or gettext("none")
        ),
    )
    said = gettext(
        "{parameter} stands at {now} in TOGA 2, and at {before} in the database. It is taken for what this portal "
        "wrote after the backup; everything since the older one is read again. If another program moves it too, end "
        "that program before you resume."
    )
    nothing = gettext("nothing")
    look.note(said.format(parameter=PARAMETERS[stream.slug], now=live or nothing, before=row.value or nothing))
    row.value, row.pending = live, ""
    row.save(update_fields=["value", "pending"])
    audit.finish(entry, AuditEntry.Outcome.DONE)


def _link(look: Look, pair: Pair) -> None:
    """Tickets of TOGaDesk with a uuid and without a link: the link is made where TOGA 2 has that ticket."""
    for batch in pair.desk.references("tickets", pair.client, size=BATCH):
        left = links_of(pair.integration, TICKET, Side.LEFT, [uuid for _, uuid in batch])
        right = links_of(pair.integration, TICKET, Side.RIGHT, [str(key) for key, _ in batch])
        for key, uuid in batch:
            if uuid in left or str(key) in right or look.is_told(f"ticket {key}"):
                continue
            _link_one(look, pair, key, uuid)
            look.keep(looked=1)


def _link_one(look: Look, pair: Pair, key: int, uuid: str) -> None:
    about = f"ticket {key}"
    try:
        ticket = pair.toga.ticket(pair.kind, uuid)
    except NotFoundError:
        said = gettext("Ticket {number} of TOGaDesk names {uuid}, which TOGA 2 does not have.")
        look.unclear(about, said.format(number=key, uuid=uuid))
        return
    except (MalformedResponseError, RejectedError) as problem:
        said = gettext("Ticket {number} of TOGaDesk, {uuid} in TOGA 2: {problem}")
        look.unclear(about, said.format(number=key, uuid=uuid, problem=problem.message))
        return
    values = {"integration": pair.integration, "object_type": TICKET, "left_id": uuid, "right_id": str(key)}
    RecordLink.objects.bulk_create([RecordLink(state=RecordLink.State.ACTIVE, **values)], ignore_conflicts=True)
    said = gettext("“{subject}”: {number} in TOGaDesk, {uuid} in TOGA 2")
    look.adopted(about, said.format(subject=ticket.subject, number=key, uuid=uuid))


def _recognise_files(look: Look, name: str, listed: Reading, stream: Stream, side: Side) -> None:
    """Tickets that changed since the backup are as new as those from before the portal: equal files are the same."""
    since = None if stream.watermark is None else stream.watermark - listed.overlap
    cursor = str(look.cursor.get(name, ""))
    while cursor != "over":
        page = listed.page(since, cursor)
        ids = [record.id for record in page.records]
        links = RecordLink.objects.filter(integration=look.integration, object_type=TICKET, **{f"{side}_id__in": ids})
        links.update(left_fingerprint="", right_fingerprint="")
        cursor = page.next or "over"
        look.keep(looked=len(ids), **{name: cursor})
