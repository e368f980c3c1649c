"""The state of a ticket: never written, always walked, step by step, as people would."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Write
from integrations.transport.errors import RejectedError
from integrations.vendors.itop import lifecycle
from integrations.vendors.itop.answers import Crashed, WrongState

from . import mapping, pairs
from .sides import Half, Meeting


def plan(meeting: Meeting, base: dict[str, Any]) -> list[Write]:
    """A walk, where one side's state changed since both agreed and the other's is another one. Inside goes first."""
    if meeting.inside is None:
        return []
    for source, target in reversed(meeting.ways("state")):
        now, wanted = meeting.ticket(target).status, meeting.ticket(source).status
        before = base.get(f"{source.label}_state")
        if before is not None and wanted != before and wanted != now:
            said = _("move it from {now} to {wanted} {way}").format(now=now, wanted=wanted, way=target.way)
            return [Write(said, _walking(meeting, source, target))]
    return []


def _walking(meeting: Meeting, source: Half, target: Half) -> Any:
    def walk(mine: RecordLink) -> str:
        ticket, wanted = meeting.ticket(target), meeting.ticket(source).status
        try:
            way = lifecycle.path(ticket.ticket_class, ticket.status, wanted, decide=wanted in mapping.DECIDED)
        except lifecycle.NoPath as none:
            raise RejectedError(f"{ticket.ref}: {none}") from None
        for step in way:
            _take(meeting, source, target, step)
            pairs.moved(mine, target.label, step.target)
        return ""

    return walk


def _take(meeting: Meeting, source: Half, target: Half, step: lifecycle.Transition) -> None:
    """One step. Raises what iTop says; a step that was taken already is none."""
    ticket = meeting.ticket(target)
    fields = mapping.step_fields(
        step.required, meeting.ticket(source).fields, target.defaults, meeting.sides.options.step_defaults
    )
    try:
        target.api.apply_stimulus(ticket.ticket_class, ticket.id, step.stimulus, fields)
    except WrongState:
        if target.api.ticket(ticket.id).status != step.target:
            raise
    except Crashed:  # some steps do so for ever: looked at, and held where nothing came of it
        now = target.api.ticket(ticket.id).status
        if now != step.target:
            said = _(
                "{step} of {ref}: iTop's program dies over this step (500), and the ticket is still {now}. Take the "
                "step in the {side} iTop by hand."
            )
            raise RejectedError(
                said.format(step=step.stimulus, ref=ticket.ref, now=now, side=target.name), status=500
            ) from None
