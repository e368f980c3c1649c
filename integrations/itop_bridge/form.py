"""The form of a ticket: its twin is made from it once, and follows its later changes."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Side, Write
from integrations.core.sync.linking import base_of, create_once
from integrations.transport.errors import ConflictError, RejectedError
from integrations.vendors.itop.answers import NotAllowed, UnknownClass
from integrations.vendors.itop.schemas import Ticket

from . import mapping, pairs
from .models import MARKER
from .sides import Meeting, Sides


def find(sides: Sides, outside: Ticket) -> Ticket | None:
    """The internal ticket that carries the external one's ref. Raises ConflictError for several.

    Refs of two customers may be the same, and a title may quote a marker: only a ticket of this bridge's organisation
    counts, whose title begins with the marker, and which is nobody else's twin.
    """
    api, field = sides.internal.api, sides.internal.defaults.get(MARKER)
    mark = mapping.marker(outside.ref)
    if field:
        rows = api.tickets_where(sides.twin_class(outside.ticket_class), field, outside.ref)
    else:
        rows = api.tickets_titled("Ticket", mark)
    taken = _twins_of_others(sides, [str(row.id) for row in rows], outside)
    tickets = [api.ticket(row.id) for row in rows if str(row.id) not in taken]
    org = sides.internal.defaults["org_id"]
    found = [one for one in tickets if one.org_id == org and (field or one.title.startswith(mark))]
    if len(found) > 1:
        refs = ", ".join(one.ref for one in found[:5])
        said = _("Several internal tickets carry the ref {ref}: {tickets}. Take it off all but one.")
        raise ConflictError(said.format(ref=outside.ref, tickets=refs))
    return found[0] if found else None


def _twins_of_others(sides: Sides, ids: list[str], outside: Ticket) -> set[str]:
    """Those of these internal tickets that are a twin of another ticket already."""
    others = pairs.twins(sides.integration, ids).exclude(integration=sides.integration, left_id=str(outside.id))
    return set(others.values_list("right_id", flat=True))


def values_of(meeting: Meeting) -> dict[str, str]:
    """The form as the twin should have it."""
    sides, outside, inside = meeting.sides, meeting.outside, meeting.inside
    target = inside.ticket_class if inside else sides.twin_class(outside.ticket_class)
    marks_title = MARKER not in sides.internal.defaults
    if target not in mapping.FORM_OF:
        said = _("The internal ticket is of the class {name}, which the bridge does not know.")
        raise ConflictError(said.format(name=target))
    return mapping.form(outside, target, sides.words, marks_title=marks_title)


def base_of_pair(meeting: Meeting, link: RecordLink | None) -> dict[str, Any]:
    """What both tickets were when they last agreed."""
    if link is None:
        return {}
    inside = meeting.inside
    there = {name: getattr(inside, name) for name in mapping.FORM if name != "description"} if inside else {}
    return base_of(link, {}, there)


def agreed(meeting: Meeting, base: dict[str, Any]) -> dict[str, Any]:
    """What both are once all is written."""
    inside = meeting.inside
    states = {"external_state": meeting.outside.status, "internal_state": inside.status if inside else "new"}
    return base | mapping.kept(values_of(meeting)) | states


def plan(meeting: Meeting, base: dict[str, Any]) -> list[Write]:
    """The later changes of the form, and the twin's ref on the external ticket where a field is there for it."""
    inside = meeting.inside
    if inside is None:
        return []
    writes = _back_reference(meeting, inside)
    if not meeting.sides.options.form_to_internal:
        return writes
    there = {name: getattr(inside, name) for name in mapping.FORM}
    changed = mapping.wanted(values_of(meeting), base, there)
    if changed:
        said = _("set {fields} inside").format(fields=", ".join(changed))
        writes.append(Write(said, lambda _mine: _update(meeting, inside, changed)))
    return writes


def _update(meeting: Meeting, inside: Ticket, changed: dict[str, str]) -> str:
    meeting.sides.internal.api.update_ticket(inside.ticket_class, inside.id, changed)
    return ""


def _back_reference(meeting: Meeting, inside: Ticket) -> list[Write]:
    field, outside = meeting.sides.external.defaults.get(MARKER), meeting.outside
    if not field or outside.fields.get(field) == inside.ref:
        return []

    def do(_mine: RecordLink) -> str:
        meeting.sides.external.api.update_ticket(outside.ticket_class, outside.id, {field: inside.ref})
        return ""

    return [Write(_("set {field} outside to {ref}").format(field=field, ref=inside.ref), do)]


def create(meeting: Meeting, mine: RecordLink) -> str:
    """Make the twin, once."""
    sides, outside = meeting.sides, meeting.outside
    half, values = sides.internal, values_of(meeting)
    fields: dict[str, Any] = {**values, "org_id": half.defaults["org_id"]}
    if caller := half.defaults.get("caller_id"):
        fields["caller_id"] = caller
    if field := half.defaults.get(MARKER):
        fields[field] = outside.ref
    class_name = sides.twin_class(outside.ticket_class)

    def make(_key: str) -> str:
        try:
            meeting.inside = half.api.create_ticket(class_name, fields)
        except (UnknownClass, NotAllowed) as refused:  # of this class alone; the others go on
            said = _("{why} Map the class to another one, or leave it out.").format(why=refused.message)
            raise RejectedError(said) from None
        return str(meeting.inside.id)

    def look_up(_key: str) -> str | None:
        meeting.inside = find(sides, outside)
        return str(meeting.inside.id) if meeting.inside else None

    states = {"external_state": outside.status, "internal_state": "new"}
    create_once(mine, Side.RIGHT, fields=mapping.kept(values) | states, find=look_up, create=make)
    if meeting.inside is None:
        meeting.inside = half.api.ticket(int(mine.right_id))
    pairs.note(meeting, mine)
    return ""
