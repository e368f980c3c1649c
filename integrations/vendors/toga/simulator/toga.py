"""A local TOGA 2: envelopes, filters, pages, depth, the routes that want exactly one record, base64 files."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from integrations.vendors.simulation import Call, Reply, Request, Simulator
from integrations.vendors.simulation_page import ledger_table, people_page
from integrations.vendors.toga import dialect

from .acts import ACTS
from .world import API_KEY, API_SECRET, CHILDREN, CLIENT_UUID, LINKS, Record, World, demo_world, envelope

_ADDRESS = re.compile(r"/v2/(?P<resource>[a-z-]+)(?:/(?P<uuid>[0-9A-Za-z_-]+)(?:/(?P<child>[a-z-]+))?)?")
_BRACKETS = re.compile(r"where\[(\w+)\]\[(>=|>|=)\]")
_INLINE = re.compile(r"(\w+) (>=|>|=) (.*)")
_REPAIR = "repair-order"


class Switches:
    """What no source settles. Plain attributes, set on the running simulator; a reset restores them."""

    where_style: str = "brackets"  # another style is not understood, and so ignored
    paging_style: str = "page"
    auth_style: str = "headers"
    update_method: str = "PATCH"
    sorts: bool = True
    nested_notes_show_files: bool = True
    note_touches_ticket: bool = False
    largest_page: int = 500
    repair_orders: bool = False  # tickets are called repair orders


class TogaSimulator(Switches, Simulator):
    """See `Switches` for what can be chosen, `acts` for what other people do, FAULTS for what goes wrong."""

    def __init__(self, world: World | None = None) -> None:
        super().__init__()
        self.data = world or demo_world()

    @property
    def skew_seconds(self) -> float:
        return self.data.skew.total_seconds()

    def reset_world(self) -> None:
        self.data = demo_world()
        for name in Switches.__annotations__:
            self.__dict__.pop(name, None)

    def world(self) -> Any:
        shown = {}
        for resource, rows in self.data.records.items():
            shown[resource] = [
                {name: value for name, value in row.items() if name != "content"} for row in rows.values()
            ]
        return shown

    def do(self, action: str, arguments: dict[str, Any]) -> Any:
        if action not in ACTS:
            return super().do(action, arguments)
        with self.lock:
            return ACTS[action](self, **arguments)

    def door(self, request: Request, call: Call) -> Reply | None:
        credentials = {"client_uuid": CLIENT_UUID, "api_key": API_KEY, "api_secret": API_SECRET}
        expected = dialect.headers(self.auth_style, credentials)
        if all(request.headers.get(name.lower()) == value for name, value in expected.items()):
            return None
        return _error("EV-1", "The credentials are not valid.", 401)

    # --- routes -------------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Reply:
        address = _ADDRESS.fullmatch(request.path)
        if address is None:
            return _error("EV-2", "There is no such route.", 404)
        resource, uuid, child = (self._own(address[name]) for name in ("resource", "uuid", "child"))
        if resource not in self.data.records:
            return _error("EV-2", "There is no such route.", 404)
        with self.lock:
            try:
                return self._route(request, resource, uuid, child)
            except (ValueError, KeyError, TypeError, AttributeError) as problem:
                return _error("EV-3", f"The request cannot be understood: {problem}.", 400)

    def _own(self, name: str | None) -> str:
        """The name of a resource in this world, whatever the integration type calls it."""
        return (name or "").replace(_REPAIR, "ticket") if self.repair_orders else name or ""

    def _said(self, resource: str) -> str:
        """A resource's envelope, as the integration type calls it."""
        if self.repair_orders and resource in ("tickets", "ticket-notes", "ticket-note-files"):
            return envelope(resource.replace("ticket", _REPAIR))
        return envelope(resource)

    def _route(self, request: Request, resource: str, uuid: str, child: str) -> Reply:
        if uuid and uuid not in self.data.records[resource]:
            return _error("EV-6", "The record was not found.", 404)
        if child:
            return self._child(request, resource, uuid, child)
        if request.method == "GET":
            return self._one(request, resource, uuid) if uuid else self._list(request, resource)
        if request.method == "POST" and not uuid:
            return self._answer(resource, self._create(resource, json.loads(request.body)), committed=True)
        if request.method == self.update_method and uuid:
            row = self.data.change(resource, uuid, **self._values(resource, json.loads(request.body)))
            return self._answer(resource, row, committed=True)
        return _error("EV-4", "This method is not allowed here.", 405)

    def _child(self, request: Request, resource: str, uuid: str, child: str) -> Reply:
        """A nested route wants exactly one record: it is no list."""
        declared = CHILDREN.get(resource)
        if declared is None or declared[1] != child:
            return _error("EV-2", "There is no such route.", 404)
        if request.method == "POST":
            values = json.loads(request.body) | {declared[2]: {"uuid": uuid}}
            return self._answer(child, self._create(child, values), committed=True)
        rows = self.data.under(child, uuid)
        if not rows:
            return _error("EV-6", "The record was not found.", 404)
        if len(rows) > 1:
            return _error("EV-14", "Multiple records were found, one was expected.", 404)
        return self._answer(child, rows[0], depth=1)

    def _one(self, request: Request, resource: str, uuid: str) -> Reply:
        depth = int(request.query.get("depth") or 0)
        return self._answer(resource, self.data.records[resource][uuid], depth=depth)

    def _answer(self, resource: str, row: Record, *, depth: int = 0, committed: bool = False) -> Reply:
        shown = self.data.shown(resource, row, depth)
        if resource == "tickets" and not self.nested_notes_show_files:
            for note in shown.get("ticketNotes", ()):
                note.pop("ticketNoteFiles", None)
        if resource == "files" and depth > 0:
            shown["data"] = base64.b64encode(row["content"]).decode()
        text = json.dumps({"data": {self._said(resource): self._renamed(shown)}}).replace("/", "\\/")  # as PHP does
        return Reply(200, text.encode(), {"Content-Type": "application/json"}, committed)

    def _renamed(self, shown: Any) -> Any:
        if not self.repair_orders:
            return shown
        if isinstance(shown, list):
            return [self._renamed(one) for one in shown]
        if not isinstance(shown, dict):
            return shown
        names = {"ticketNotes": "repairOrderNotes", "ticketNoteFiles": "repairOrderNoteFiles", "ticket": "repairOrder"}
        return {names.get(name, name): self._renamed(value) for name, value in shown.items()}

    # --- lists --------------------------------------------------------------------------------------------------

    def _list(self, request: Request, resource: str) -> Reply:
        limit = min(int(request.query.get("limit") or 100), self.largest_page)
        if self.paging_style == "page":
            start = (int(request.query.get("page") or 1) - 1) * limit
        else:
            start = int(request.query.get("offset") or 0)
        depth = int(request.query.get("depth") or 0)
        rows = self._page(request, resource, start, limit)
        shown = [self._renamed(self.data.shown(resource, row, depth)) for row in rows]
        return Reply.of({"data": {self._said(resource): shown}})

    def _page(self, request: Request, resource: str, start: int, limit: int) -> list[Record]:
        asked = self._conditions(request)
        if self.data.is_still and request.query.get("orderBy") and all(one[:2] == ("_updated", ">=") for one in asked):
            return self.data.since(resource, asked[0][2] if asked else "", start, limit)
        rows = [row for row in self.data.records[resource].values() if self._fits(asked, row)]
        if self.sorts and request.query.get("orderBy"):
            rows.sort(key=lambda row: (row[request.query["orderBy"]], row["uuid"]))
        return rows[start : start + limit]

    def _fits(self, asked: list[tuple[str, str, str]], row: Record) -> bool:
        for field, operator, value in asked:
            found = str(row.get(field) or "")
            if not {"=": found == value, ">": found > value, ">=": found >= value}[operator]:
                return False
        return True

    def _conditions(self, request: Request) -> list[tuple[str, str, str]]:
        found = []
        for name, value in request.query.items():
            if self.where_style == "brackets" and (match := _BRACKETS.fullmatch(name)):
                found.append((match[1], match[2], value))
            elif self.where_style == "inline" and name == "where[0]" and (match := _INLINE.fullmatch(value)):
                found.append((match[1], match[2], match[3]))
            elif self.where_style == "json" and name == "where":
                found += [(key, *next(iter(asked.items()))) for key, asked in json.loads(value).items()]
        return found

    # --- writes -------------------------------------------------------------------------------------------------

    def _values(self, resource: str, sent: dict[str, Any]) -> Record:
        """What was sent, with links as uuids. Raises ValueError for a link to nothing."""
        if self.repair_orders and "repairOrder" in sent:
            sent["ticket"] = sent.pop("repairOrder")
        links, values = LINKS.get(resource, {}), dict(sent)
        for name, other in links.items():
            if not (linked := values.get(name)):
                continue
            values[name] = linked["uuid"]
            if values[name] not in self.data.records[other]:
                raise ValueError(f"{name} points to no record")
        return {name: value for name, value in values.items() if name != "uuid" and not name.startswith("_")}

    def _create(self, resource: str, sent: dict[str, Any]) -> Record:
        values = self._values(resource, sent)
        if resource == "files":
            try:
                values["content"] = base64.b64decode(values.pop("data"), validate=True)
            except binascii.Error:
                raise ValueError("data is not base64") from None
            values["size"] = len(values["content"])
        row = self.data.add(resource, **values)
        if self.note_touches_ticket and resource == "ticket-notes":
            self.data.change("tickets", row["ticket"])
        return row

    # --- for people ---------------------------------------------------------------------------------------------

    def page(self, request: Request) -> Reply | None:
        """`/`: the tickets, their notes, and the ledger."""
        if request.method != "GET" or request.path != "/":
            return None
        with self.lock:
            tickets, notes = (list(self.data.records[name].values())[-200:] for name in ("tickets", "ticket-notes"))
            html = people_page(
                "TOGA 2 (simulated)",
                {
                    "Tickets": (("uuid", "subject", "status", "priority", "_updated"), tickets),
                    "Notes": (("uuid", "ticket", "isExternal", "note", "_created"), notes),
                    "Calls": ledger_table(self.calls),
                },
            )
        return Reply.page(html)


def _error(code: str, sentence: str, status: int) -> Reply:
    return Reply.of({"errors": [{"code": code, "message": sentence}]}, status=status)
