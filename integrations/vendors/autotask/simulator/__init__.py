"""A local Autotask: same routes, same oddities, with a ledger and faults on order. For tests and rehearsals."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from html import escape
from typing import Any

from integrations.vendors.simulation import Reply, Request, Server, Simulator

from .queries import PAGE, Refused, search
from .world import INTEGRATION_CODE, PICKLISTS, SECRET, USERNAME, Record, World, demo_world, stamp, ticket_fields

__all__ = ["INTEGRATION_CODE", "SECRET", "USERNAME", "AutotaskSimulator", "World", "demo_world", "serve"]

_REQUIRED = ("companyID", "title", "status", "priority", "queueID")
_LIMITS = {"title": 255, "description": 8000, "externalID": 50}
_LISTED = re.compile(r"/atservicesrest/v1\.0/([A-Za-z]+)(?:/(.*))?", re.IGNORECASE)


def _errors(sentence: str, *, status: int = 500) -> Reply:
    return Reply.of({"errors": [sentence]}, status=status)


def _message(sentence: str, *, status: int) -> Reply:
    return Reply.of({"message": sentence}, status=status)


class AutotaskSimulator(Simulator):
    """Switches for what is not verified on live tenants are plain attributes."""

    def __init__(self, world: World | None = None) -> None:
        super().__init__()
        self.data = world or demo_world()
        self.missing_is_404 = False  # else 200 with {"item": null}
        self.bad_code_is_500 = False
        self.restricted = False  # queries return no rows
        self.suspended = False
        self.wrong_zone = False  # the zone look-up names a host that is not Autotask's
        self.external_id_queryable = True
        self.index_lag = False  # queries do not see new tickets until `release_index`
        self.sticky_failures = 0  # so many status changes answer 200 and do not stick
        self.threshold = 10_000
        self.most_parallel = 3
        self._hidden: set[int] = set()
        self._parallel: Counter[str] = Counter()
        self._gate = threading.Lock()
        self.peak: Counter[str] = Counter()  # most calls in flight seen, per entity

    @property
    def tickets(self) -> dict[int, Record]:
        return self.data.tickets

    def reset_world(self) -> None:
        self.data = demo_world()
        self._hidden.clear()
        self.peak.clear()

    def world(self) -> Any:
        return {
            "tickets": list(self.data.tickets.values()),
            "notes": list(self.data.notes.values()),
            "time_entries": list(self.data.time_entries.values()),
            "companies": list(self.data.companies.values()),
            "deleted": list(self.data.deleted.values()),
        }

    def release_index(self) -> None:
        self._hidden.clear()

    def do(self, action: str, arguments: dict[str, Any]) -> Any:
        """delete_ticket(id), add_time_entry(ticket), set_company(id, …), release_index, switch(name, value)."""
        with self.lock:
            if action == "delete_ticket":
                gone = self.data.tickets.pop(int(arguments["id"]))
                number = self.data.next_id()
                self.data.deleted[number] = {"id": number, "ticketID": gone["id"], "ticketNumber": gone["ticketNumber"]}
            elif action == "add_time_entry":
                number = self.data.next_id()
                self.data.time_entries[number] = {
                    "id": number,
                    "ticketID": int(arguments["ticket"]),
                    "hoursWorked": 1.0,
                }
            elif action == "set_company":
                self.data.companies[int(arguments.pop("id"))].update(arguments)
            elif action == "release_index":
                self.release_index()
            elif action == "switch" and isinstance(getattr(self, arguments["name"], None), bool | int):
                setattr(self, arguments["name"], arguments["value"])
            else:
                super().do(action, arguments)
        return action

    def answer(self, request: Request) -> Reply | None:
        """Count parallel calls per entity around the whole answer, as Autotask does."""
        found = _LISTED.match(request.path)
        entity = found.group(1).lower() if found else ""
        if entity in ("", "zoneinformation"):
            return super().answer(request)
        with self._gate:
            self._parallel[entity] += 1
            self.peak[entity] = max(self.peak[entity], self._parallel[entity])
        try:
            return super().answer(request)
        finally:
            with self._gate:
                self._parallel[entity] -= 1

    def handle(self, request: Request) -> Reply:
        found = _LISTED.match(request.path)
        if found is None:
            return self._page(request)
        entity, rest = found.group(1).lower(), (found.group(2) or "").lower()
        if entity == "zoneinformation":
            return self._zone(request)
        refusal = self._door(request, entity)
        if refusal is not None:
            return refusal
        try:
            with self.lock:
                return self._route(request, entity, rest)
        except Refused as refused:
            return _errors(str(refused))
        except (ValueError, AttributeError, TypeError):
            return _message("The request is invalid.", status=400)

    def _zone(self, request: Request) -> Reply:
        if request.query.get("user", "").lower() != USERNAME:
            return _errors("Zone information could not be determined")
        url = "https://webservices.example.net" if self.wrong_zone else self.url
        zone = {"zoneName": "Simulated", "url": f"{url}/ATServicesRest/", "webUrl": f"{self.url}/", "ci": 123456}
        return Reply.of(zone)

    def _door(self, request: Request, entity: str) -> Reply | None:
        sent = request.headers
        known = (sent.get("username", "").lower(), sent.get("secret")) == (USERNAME, SECRET)
        if known and sent.get("apiintegrationcode") != INTEGRATION_CODE and self.bad_code_is_500:
            return _errors("IntegrationCode is invalid")
        if not known or sent.get("apiintegrationcode") != INTEGRATION_CODE:
            return Reply(401, headers={"WWW-Authenticate": 'Basic Realm="webservices1.autotask.net"'})
        if self._parallel[entity] > self.most_parallel:
            return _errors("The Autotask API thread threshold of 3 threads has been exceeded.", status=429)
        if self.suspended or len(self.calls) > self.threshold:
            return _errors("The API request threshold has been exceeded.")
        return None

    def _route(self, request: Request, entity: str, rest: str) -> Reply:
        if entity == "thresholdinformation":
            used = len(self.calls)
            return Reply.of(
                {
                    "externalRequestThreshold": self.threshold,
                    "requestThresholdTimeframe": 60,
                    "currentTimeframeRequestCount": used,
                }
            )
        records = self.data.entity(entity)
        if records is None:
            return _message("No HTTP resource was found that matches the request URI.", status=404)
        if rest.startswith("entityinformation"):
            return self._metadata(rest)
        if rest in ("query", "query/count"):
            body = json.loads(request.body if request.method == "POST" else request.query.get("search", "{}"))
            return self._query(entity, records, body, count=rest.endswith("count"))
        if rest.isdigit():
            return self._get(request, records, int(rest))
        if entity == "tickets" and rest == "":
            return self._write(request)
        notes = re.fullmatch(r"(\d+)/notes", rest)
        if entity == "tickets" and notes and request.method == "POST":
            return self._note(int(notes.group(1)), json.loads(request.body))
        return _message("No HTTP resource was found that matches the request URI.", status=404)

    def _metadata(self, rest: str) -> Reply:
        if rest.endswith("/fields"):
            return Reply.of({"fields": ticket_fields(external_id_queryable=self.external_id_queryable)})
        access = "None" if self.restricted else "All"
        info = {"name": "Ticket", "canCreate": True, "canUpdate": True, "canQuery": True}
        info |= {f"userAccessFor{verb}": access for verb in ("Create", "Query", "Update")}
        return Reply.of({"info": info})

    def _query(self, entity: str, records: dict[int, Record], body: Record, *, count: bool) -> Reply:
        seen = {key: row for key, row in records.items() if not (entity == "tickets" and key in self._hidden)}
        rows = search({} if self.restricted else seen, body)
        if count:
            return Reply.of({"queryCount": len(rows)})
        most = min(PAGE, {name.lower(): value for name, value in body.items()}.get("maxrecords") or PAGE)
        page = {"count": len(rows[:most]), "requestCount": most, "prevPageUrl": None, "nextPageUrl": None}
        return Reply.of({"items": rows[:most], "pageDetails": page})

    def _get(self, request: Request, records: dict[int, Record], number: int) -> Reply:
        if request.method != "GET":
            sentence = f"The requested resource does not support http method '{request.method}'."
            return _message(sentence, status=405)
        if number not in records and self.missing_is_404:
            return Reply(404)
        return Reply.of({"item": records.get(number)})

    def _write(self, request: Request) -> Reply:
        names = {name.lower(): name for name in (*_REQUIRED, *_LIMITS, "source", "resolution", "dueDateTime", "id")}
        sent = {names.get(name.lower(), name): value for name, value in json.loads(request.body).items()}
        if request.method == "POST":
            return self._create(sent)
        if request.method not in ("PATCH", "PUT"):
            return _message(f"The requested resource does not support http method '{request.method}'.", status=405)
        ticket = self.data.tickets.get(sent.get("id", -1))
        if ticket is None:
            raise Refused("No matching records found. The logged in resource may not have the required permissions.")
        if request.method == "PUT":
            sent = {name: None for name in ticket if name not in ("id", "ticketNumber", "createDate")} | sent
        self._check(sent, required=request.method == "PUT")
        if "status" in sent and self.sticky_failures:
            self.sticky_failures -= 1
            del sent["status"]
        ticket.update(sent)
        ticket["completedDate"] = stamp() if ticket["status"] == 5 else None
        return Reply.of({"itemId": ticket["id"]}, committed=True)

    def _create(self, sent: Record) -> Reply:
        self._check(sent, required=True)
        number, now = self.data.next_id(), stamp()
        ticket = {"source": None, "externalID": "", "completedDate": None, **sent, "id": number, "createDate": now}
        ticket["ticketNumber"] = f"T{now[:10].replace('-', '')}.{number - 128925:04}"
        self.data.tickets[number] = ticket
        if self.index_lag:
            self._hidden.add(number)
        return Reply.of({"itemId": number}, committed=True)

    def _check(self, sent: Record, *, required: bool) -> None:
        for name in _REQUIRED:
            if sent.get(name) in (None, "") and (required or name in sent):
                raise Refused(f"Value does not exist for the required field {name}")
        for name, values in PICKLISTS.items():
            usable = {value for value, _label, active in values if active}
            if sent.get(name) is not None and sent[name] not in usable:
                raise Refused(f"Picklist value [{sent[name]}] does not exist for {name}")
        for name, most in _LIMITS.items():
            if len(sent.get(name) or "") > most:
                raise Refused(f"The value of {name} is longer than {most}.")
        company = self.data.companies.get(sent["companyID"]) if "companyID" in sent else {"isActive": True}
        if company is None or not company["isActive"]:
            raise Refused("Reference value on field: companyID of type: Account does not exist or is invalid.")

    def _note(self, ticket: int, sent: Record) -> Reply:
        if ticket not in self.data.tickets:
            raise Refused("No matching records found. The logged in resource may not have the required permissions.")
        for name in ("description", "noteType", "publish"):
            if not sent.get(name):
                raise Refused(f"Value does not exist for the required field {name}")
        number = self.data.next_id()
        self.data.notes[number] = {**sent, "id": number, "ticketID": ticket, "createDateTime": stamp()}
        return Reply.of({"itemId": number}, committed=True)

    def _page(self, request: Request) -> Reply:
        """For people: what "Autotask" got."""
        opened = request.query.get("TicketID")
        with self.lock:
            tickets = [row for key, row in self.data.tickets.items() if opened in (None, str(key))]
        keys = ("ticketNumber", "title", "companyID", "status", "priority", "description")
        head = "".join(f"<th>{key}</th>" for key in keys)
        rows = ("".join(f"<td>{escape(str(row.get(key)))}</td>" for key in keys) for row in tickets)
        body = "".join(f"<tr>{row}</tr>" for row in rows) or "<tr><td>No ticket.</td></tr>"
        style = "body{font:15px sans-serif;margin:2rem}td,th{padding:.4rem;text-align:left;white-space:pre-wrap}"
        return Reply.page(
            f"<!doctype html><title>Autotask (simulated)</title><style>{style}</style>"
            f"<h1>Autotask (simulated)</h1><table><tr>{head}</tr>{body}</table>"
        )


def serve(*, port: int = 0, host: str = "127.0.0.1", world: World | None = None) -> Server:
    """Start it; a context manager with `.url` and `.simulator`. Raises OSError for a taken port."""
    return Server(AutotaskSimulator(world), port=port, host=host)
