"""Writes by the API: they appear as the agent of the key, and fire the automators like anybody's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from integrations.vendors.simulation import Reply, Request

from . import showing
from .bodies import MOST_BYTES, Body, body_of
from .reading import Route
from .refusals import invalid, invalid_all, not_allowed, not_found
from .world import PORTAL_AGENT, Record

if TYPE_CHECKING:
    from .freshservice import FreshserviceSimulator

RESOLVED = (4, 5)
_SETTABLE = frozenset(
    [
        *("subject", "description", "status", "priority", "source", "urgency", "impact", "requester_id"),
        *("responder_id", "group_id", "department_id", "category", "sub_category", "item_category", "cc_emails"),
        *("tags", "custom_fields", "due_by", "fr_due_by", "workspace_id", "type", "email", "phone", "name"),
    ]
)
_EMPTY = "This field cannot be empty"


def _ticket(simulator: FreshserviceSimulator, number: str) -> Record:
    row = simulator.data.tickets.get(int(number))
    if row is None:
        raise not_found()
    return row


def _open_ticket(simulator: FreshserviceSimulator, method: str, number: str) -> Record:
    """One that may be written to: neither deleted nor spam."""
    row = _ticket(simulator, number)
    if row["deleted"] or row["spam"]:
        raise not_allowed(method, ["GET"])
    return row


def _store(simulator: FreshserviceSimulator, body: Body, ticket: Record | None) -> list[int]:
    """The files of a call, within what a ticket may hold."""
    if simulator.files_per_call and len(body.files) > simulator.files_per_call:
        raise invalid("attachments", f"There should be at most {simulator.files_per_call} files")
    held = list(ticket["_files"]) if ticket else []
    for one in simulator.data.conversations_of(ticket["id"]) if ticket else ():
        held += one["_files"]
    size = sum(len(simulator.data.files[number].content) for number in held)
    if size + sum(len(content) for _, _, content in body.files) > MOST_BYTES:
        raise invalid("attachments", "Invalid file size: all files together have at most 40 MB")
    return [simulator.data.add_file(name, content, kind) for name, kind, content in body.files]


# --- tickets --------------------------------------------------------------------------------------------------------


def create_ticket(simulator: FreshserviceSimulator, request: Request) -> Reply:
    body = body_of(request)
    values = _checked(simulator, body.values)
    wanted = ["subject", "description", "status", "priority"]
    missing = [(name, _EMPTY, "missing_field") for name in wanted if not values.get(name)]
    if not (values.get("email") or values.get("requester_id") or (values.get("phone") and values.get("name"))):
        missing.append(("requester_id", _EMPTY, "missing_field"))
    if missing:
        raise invalid_all(missing)
    _check_closure(simulator, values, {"category": None})
    values["requester_id"] = values.get("requester_id") or _requester(simulator, values)
    files = _store(simulator, body, None)
    for name in ("email", "phone", "name"):
        values.pop(name, None)
    own = {"_files": files, "_indexed": not simulator.index_lag, "_early": simulator.early_404s}
    row = simulator.data.add_ticket(**values, **own)
    simulator.changed("ticket_raised", row["id"], by=PORTAL_AGENT)
    return _shown(simulator, row, status=201)


def _requester(simulator: FreshserviceSimulator, values: Record) -> int:
    """The requester of that address; a new one is made."""
    email = str(values.get("email") or "")
    for row in simulator.data.requesters.values():
        if email and row["primary_email"] == email:
            return int(row["id"])
    number = simulator.data.next_id()
    name = str(values.get("name") or email.partition("@")[0])
    simulator.data.add_requester(number, name, "", email, work_phone_number=values.get("phone"))
    return number


def _checked(simulator: FreshserviceSimulator, values: Record) -> Record:
    """Raises Refused, naming each field that is wrong."""
    problems = [
        (name, "Unexpected/invalid field in request", "invalid_field") for name in values if name not in _SETTABLE
    ]
    for name, known in (
        ("requester_id", simulator.data.requesters),
        ("responder_id", simulator.data.agents),
        ("group_id", simulator.data.groups),
        ("workspace_id", simulator.data.workspaces),
    ):
        if values.get(name) is not None and values[name] not in known:
            problems.append(
                (name, f"There is no {name.removesuffix('_id')} matching the given {name}", "invalid_value")
            )
    for name in ("status", "priority", "source", "urgency", "impact"):
        if name in values and not isinstance(values[name], int):
            problems.append((name, "It should be a/an Integer", "datatype_mismatch"))
    if values.get("type", "Incident") != "Incident":
        problems.append(("type", "It should be one of these values: 'Incident'", "invalid_value"))
    if problems:
        raise invalid_all(problems)
    return dict(values)


def _check_closure(simulator: FreshserviceSimulator, values: Record, row: Record) -> None:
    category = values.get("category", row["category"])
    if simulator.closure_needs_category and values.get("status") in RESOLVED and not category:
        raise invalid("category", _EMPTY, "missing_field")


def _shown(simulator: FreshserviceSimulator, row: Record, *, status: int = 200) -> Reply:
    shown = showing.ticket(simulator, row, single=True, tags=True)
    return Reply.of({"ticket": shown}, status=status, committed=True)


def update_ticket(simulator: FreshserviceSimulator, request: Request, number: str) -> Reply:
    row, body = _open_ticket(simulator, request.method, number), body_of(request)
    values = _checked(simulator, body.values)
    _check_closure(simulator, values, row)
    if "custom_fields" in values:
        values["custom_fields"] = {**row["custom_fields"], **values["custom_fields"]}
    row["_files"] += _store(simulator, body, row)
    event = "status_changed" if values.get("status", row["status"]) != row["status"] else "ticket_updated"
    simulator.data.touch(row["id"], **values)
    simulator.changed(event, row["id"], by=PORTAL_AGENT)
    return _shown(simulator, row)


def delete_ticket(simulator: FreshserviceSimulator, request: Request, number: str) -> Reply:
    row = _open_ticket(simulator, request.method, number)
    simulator.data.touch(row["id"], deleted=True)
    simulator.changed("ticket_deleted", row["id"], by=PORTAL_AGENT)
    return Reply(204, committed=True)


def restore_ticket(simulator: FreshserviceSimulator, request: Request, number: str) -> Reply:
    row = _ticket(simulator, number)
    simulator.data.touch(row["id"], deleted=False)
    simulator.changed("ticket_restored", row["id"], by=PORTAL_AGENT)
    return Reply(204, committed=True)


# --- conversations --------------------------------------------------------------------------------------------------


def _say(kind: str) -> Callable[[FreshserviceSimulator, Request, str], Reply]:
    def say(simulator: FreshserviceSimulator, request: Request, number: str) -> Reply:
        ticket, body = _open_ticket(simulator, request.method, number), body_of(request)
        if not body.values.get("body"):
            raise invalid("body", _EMPTY, "missing_field")
        files = _store(simulator, body, ticket)
        row = simulator.say(ticket["id"], kind, by=PORTAL_AGENT, values=body.values, files=files)
        members = showing.NEW_REPLY if kind == "reply" else showing.NEW_NOTE
        shown = showing.conversation(simulator, row, members)
        return Reply.of({"conversation": shown}, status=201, committed=True)

    return say


def edit_conversation(simulator: FreshserviceSimulator, request: Request, number: str) -> Reply:
    row = _conversation(simulator, number)
    ticket = _open_ticket(simulator, request.method, str(row["ticket_id"]))
    if row["source"] != 2:
        if simulator.reply_edit_status == 405:
            raise not_allowed(request.method, ["DELETE"])
        raise invalid("id", "Only notes can be edited")
    body = body_of(request)
    if not body.values.get("body"):
        raise invalid("body", _EMPTY, "missing_field")
    row["_files"] += _store(simulator, body, ticket)
    simulator.edit(row, str(body.values["body"]), by=PORTAL_AGENT)
    return Reply.of({"conversation": showing.conversation(simulator, row)}, committed=True)


def delete_conversation(simulator: FreshserviceSimulator, request: Request, number: str) -> Reply:
    row = _conversation(simulator, number)
    _open_ticket(simulator, request.method, str(row["ticket_id"]))
    simulator.unsay(row, by=PORTAL_AGENT)
    return Reply(204, committed=True)


def _conversation(simulator: FreshserviceSimulator, number: str) -> Record:
    row = simulator.data.conversations.get(int(number))
    if row is None:
        raise not_found()
    return row


def _drop_file(where: str) -> Callable[[FreshserviceSimulator, Request, str, str], Reply]:
    def drop(simulator: FreshserviceSimulator, request: Request, number: str, file: str) -> Reply:
        rows: dict[int, Any] = getattr(simulator.data, where)
        row = rows.get(int(number))
        if row is None or int(file) not in row["_files"]:
            raise not_found()
        row["_files"].remove(int(file))
        return Reply(204, committed=True)

    return drop


ROUTES: tuple[Route, ...] = (
    ("POST", "/tickets", create_ticket),
    ("PUT", "/tickets/([0-9]+)", update_ticket),
    ("DELETE", "/tickets/([0-9]+)", delete_ticket),
    ("PUT", "/tickets/([0-9]+)/restore", restore_ticket),
    ("DELETE", "/tickets/([0-9]+)/attachments/([0-9]+)", _drop_file("tickets")),
    ("POST", "/tickets/([0-9]+)/reply", _say("reply")),
    ("POST", "/tickets/([0-9]+)/notes", _say("note")),
    ("PUT", "/conversations/([0-9]+)", edit_conversation),
    ("DELETE", "/conversations/([0-9]+)", delete_conversation),
    ("DELETE", "/conversations/([0-9]+)/attachments/([0-9]+)", _drop_file("conversations")),
)
