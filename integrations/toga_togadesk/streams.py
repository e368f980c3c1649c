"""The seven streams; each runs alone, by the schedule, from the admin, `manage.py sync` and the shell."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from integrations.core.jobs import Claim
from integrations.core.long_jobs import Slice
from integrations.core.models import Integration
from integrations.core.registry import StreamKind
from integrations.core.streams import Work
from integrations.core.sync import engine
from integrations.texts import Text

from . import cutover, reference_data, to_toga, to_togadesk, watermarks
from .models import Published
from .pair import opened


def tickets_to_togadesk(work: Work) -> str:
    """Changed tickets and notes of TOGA 2."""
    with opened(work.integration, "tickets to TOGaDesk", guard=work.claim.check) as pair:
        watermarks.compare(work, pair.toga)
        outcome = engine.run(work, to_togadesk.flow(pair, is_dry=work.run.is_dry))
        if not work.run.is_dry:
            watermarks.publish(work, pair.toga)
        return outcome


def tickets_to_toga(work: Work) -> str:
    """Changed tickets of the monitored departments of TOGaDesk."""
    with opened(work.integration, "tickets to TOGA 2", guard=work.claim.check) as pair:
        watermarks.compare(work, pair.toga)
        seen = Published.objects.filter(stream=work.run.stream_id)
        if not work.run.is_dry and not work.run.cursor:
            seen.update(reading_file=pair.desk.highest_file())
        from_file = seen.values_list("highest_file", flat=True).first() or 0
        outcome = engine.run(work, to_toga.flow(pair, highest_file=from_file))
        if not work.run.is_dry:
            seen.update(highest_file=F("reading_file"))
            watermarks.publish(work, pair.toga)
        return outcome


def _rows(name: str) -> Callable[[Work], str]:
    def run(work: Work) -> str:
        with opened(work.integration, name.replace("_", " "), guard=work.claim.check) as pair:
            return engine.run(work, reference_data.rows_flow(pair, name))

    return run


def ticket_categories(work: Work) -> str:
    """The categories as one custom field."""
    with opened(work.integration, "ticket categories", guard=work.claim.check) as pair:
        return engine.run(work, reference_data.categories_flow(pair))


def adopt_references(claim: Claim, integration_id: int) -> str:
    """Job: make links of the references the old programs left; the report."""
    integration = Integration.objects.select_related("client").get(pk=integration_id)
    row = cutover.asked_for(integration)
    share = Slice(claim)
    with opened(integration, "cut-over", guard=claim.check) as pair:
        cutover.carry_on(
            pair, row, told=lambda row: share.tell(cutover.progress(row), done=row.step, total=len(cutover.STEPS))
        )
    return cutover.told(row)


def _stream(slug: str, label: Text, run: Callable[[Work], str], minutes: int = 5) -> StreamKind:
    return StreamKind(slug, label, run, minutes, is_sync=True, needs_approval=True)


STREAMS = (
    _stream("ticket_teams", _("Teams to groups"), _rows("ticket_teams"), 60),
    _stream("ticket_categories", _("Categories to a custom field"), ticket_categories, 60),
    _stream("contacts", _("Contacts to people"), _rows("contacts")),
    _stream("units", _("Units to assets"), _rows("units"), 60),
    _stream("predefined_replies", _("Predefined replies"), _rows("predefined_replies"), 60),
    _stream("tickets_to_togadesk", _("Tickets to TOGaDesk"), tickets_to_togadesk),
    _stream("tickets_to_toga", _("Tickets to TOGA 2"), tickets_to_toga),
)
