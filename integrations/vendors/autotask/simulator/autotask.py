"""A local Autotask: same routes, same oddities, with a ledger and faults on order. For tests and rehearsals."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict
from typing import Any

from integrations.vendors.simulation import Call, Reply, Request, Simulator
from integrations.vendors.simulation_page import Table, ledger_table, people_page

from .acts import ACTS
from .limits import TIMEFRAME, Limits
from .metadata import ENTITIES, Entity, access, described
from .queries import Query, Refused, page_of
from .routes import Address, address_in, errors, message, nowhere, wrong_verb
from .sender import Sender
from .switches import SWITCHES, Switches
from .world import INTEGRATION_CODE, ME, SECRET, USERNAME, Record, World, demo_world
from .writes import Writer

_NOTES = re.compile(r"(\d+)/notes(?:/(\d+))?")
_SENT = ("number", "at", "event", "ticket", "attempt", "status", "error", "dropped")
_COLUMNS = ("id", "ticketNumber", "title", "companyID", "status", "priority", "queueID", "externalID", "description")


class AutotaskSimulator(Switches, Simulator):
    """See `switches` for what can be chosen, `acts` for what other people do, FAULTS for what goes wrong.

    `sender` is the webhook of tickets, with a ledger of its own.
    """

    def __init__(self, world: World | None = None) -> None:
        super().__init__()
        self.data = world or demo_world()
        self.hidden: set[int] = set()  # tickets that queries do not see yet
        self.sender = Sender(self.stopping)
        self._limits = Limits()

    @property
    def tickets(self) -> dict[int, Record]:
        return self.data.tickets

    @property
    def peak(self) -> Counter[str]:
        """The most calls at once, per entity in lower case."""
        return self._limits.peak

    def reset_world(self) -> None:
        self.data = demo_world()
        self.hidden.clear()
        self.sender.reset()
        self._limits.reset()
        for name in SWITCHES:
            self.__dict__.pop(name, None)

    def world(self) -> Any:
        return {
            "tickets": list(self.data.tickets.values()),
            "notes": list(self.data.notes.values()),
            "time_entries": list(self.data.time_entries.values()),
            "companies": list(self.data.companies.values()),
            "deleted": list(self.data.deleted.values()),
            "webhooks": [asdict(line) for line in self.sender.sent],
        }

    def release_index(self) -> None:
        self.hidden.clear()

    def pass_minutes(self, minutes: float) -> None:
        """The simulated clocks of the hourly threshold and of the webhook move ahead."""
        self._limits.pass_minutes(minutes)
        self.sender.pass_minutes(minutes)

    def do(self, action: str, arguments: dict[str, Any]) -> Any:
        """An act of somebody else. `pump` sends the webhooks that are due, with `all` also those that wait."""
        if action == "pump":
            return self.sender.pump(**arguments)
        if action not in ACTS:
            return super().do(action, arguments)
        with self.lock:
            ACTS[action](self, **arguments)
        self.sender.settle()
        return action

    # --- the door -----------------------------------------------------------------------------------------------

    def door(self, request: Request, call: Call) -> Reply | None:
        """Credentials, zone, threads, hourly threshold: in this order. The zone look-up is free for everybody."""
        address = address_in(request.path)
        if address is None or address.entity == "zoneinformation":
            return None
        if refused := self._stranger(request) or self._elsewhere(address):
            return refused
        if not self._limits.enter(call.number, address.entity, most=self.most_parallel):
            sentence = f"The Autotask API thread threshold of {self.most_parallel} threads has been exceeded."
            return errors(sentence, status=self.thread_refusal_status)
        delay = None if self.suspended else self._limits.count(threshold=self.threshold)
        if delay is None:
            return errors("The API request threshold has been exceeded.", status=self.quota_refusal_status)
        call.delay = delay
        self.stopping.wait(delay)
        return None

    def leave(self, call: Call) -> None:
        self._limits.leave(call.number)

    def _stranger(self, request: Request) -> Reply | None:
        sent = request.headers
        known = (sent.get("username", "").lower(), sent.get("secret")) == (USERNAME, SECRET)
        if known and sent.get("apiintegrationcode") == INTEGRATION_CODE:
            return None
        if known and self.bad_code_is_500:
            return errors("IntegrationCode is invalid")
        return Reply(401, headers={"WWW-Authenticate": 'Basic Realm="webservices1.autotask.net"'})

    def _elsewhere(self, address: Address) -> Reply | None:
        reads = address.rest.startswith("query") or address.rest.isdecimal()
        if address.zone == self.zone or (self.wrong_zone_is_empty and reads):
            return None
        return Reply(401, headers={"WWW-Authenticate": 'Basic Realm="webservices1.autotask.net"'})

    def _carry_out(self, request: Request, call: Call) -> Reply:
        reply = super()._carry_out(request, call)
        self.sender.settle()
        return reply

    # --- routes -------------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Reply:
        if request.path.lower().endswith("/atservicesrest/versioninformation"):
            return Reply.of({"apiVersions": ["1.0"]})
        address = address_in(request.path)
        if address is None:
            return nowhere()
        if address.entity == "zoneinformation":
            return self._zone(request)
        try:
            with self.lock:
                return self._route(request, address)
        except Refused as refused:
            return errors(str(refused), status=refused.status)
        except (ValueError, AttributeError, TypeError):
            return message("The request is invalid.", status=400)

    def _zone(self, request: Request) -> Reply:
        if request.query.get("user", "").lower() != USERNAME:
            return errors("Zone information could not be determined")
        root = "https://webservices.example.net" if self.foreign_zone else self.url
        path = f"/{self.zone}" if self.zone else ""
        url = f"{root}{path}/ATServicesRest/"
        return Reply.of({"zoneName": "Simulated", "url": url, "webUrl": f"{self.url}/", "ci": 123456})

    def _route(self, request: Request, address: Address) -> Reply:
        name, rest = address.entity, address.rest
        if name == "thresholdinformation":
            used = {"externalRequestThreshold": self.threshold, "requestThresholdTimeframe": TIMEFRAME}
            return Reply.of(used | {"currentTimeframeRequestCount": self._limits.used})
        entity = ENTITIES.get(name)
        if entity is None:
            return nowhere()
        if rest.startswith("entityinformation"):
            return self._metadata(request, entity, rest)
        if rest in ("query", "query/count", "query/next"):
            return self._query(request, address, entity)
        if name == "tickets" and (notes := _NOTES.fullmatch(rest)):
            return self._notes(request, int(notes[1]), notes[2])
        if rest.isdecimal():
            return self._by_id(request, address, int(rest))
        if rest == "" and name != "ticketnotes":
            return self._write(request, name, entity)
        return nowhere()

    def _metadata(self, request: Request, entity: Entity, rest: str) -> Reply:
        if request.method != "GET":
            return wrong_verb(request)
        if rest == "entityinformation":
            return Reply.of({"info": access(entity, restricted=self.restricted)})
        if rest == "entityinformation/fields":
            hidden = frozenset() if self.external_id_queryable else frozenset({"externalID"})
            return Reply.of({"fields": described(entity, hidden=hidden)})
        if rest == "entityinformation/userdefinedfields":
            reference = {
                "name": "Portal Ref",
                "label": "Portal Ref",
                "type": 1,
                "defaultValue": "",
                "dataType": "string",
            }
            return Reply.of({"fields": [reference] if entity.name == "Ticket" else []})
        return nowhere()

    def _query(self, request: Request, address: Address, entity: Entity) -> Reply:
        """A page that follows is asked for as the first was: POST with the same body, or GET with the address as is."""
        search = request.query.get("search")
        following = address.rest == "query/next"
        if following and (request.method == "POST") == (search is not None):
            return wrong_verb(request)
        text = request.body if request.method == "POST" else (search or "{}").encode()
        query = Query(entity, json.loads(text or b"{}"), self)
        rows = query.rows(self._readable(address))
        if address.rest == "query/count":
            return Reply.of({"queryCount": len(rows)})
        after = json.loads(request.query["paging"])["nextIds"][0] if following and "paging" in request.query else None
        root = f"{self.url}{request.path[: request.path.lower().rindex('/query')]}"
        where = search if request.method == "GET" else None
        return Reply.of(page_of(query, rows, after=after, address=root, search=where))

    def _readable(self, address: Address) -> dict[int, Record]:
        if self.restricted or address.zone != self.zone:
            return {}
        records = self.data.entity(address.entity) or {}
        hidden = self.hidden if address.entity == "tickets" else ()
        return {key: row for key, row in records.items() if key not in hidden}

    def _by_id(self, request: Request, address: Address, number: int) -> Reply:
        if request.method == "DELETE" and address.entity == "timeentries":
            if self.data.time_entries.pop(number, None) is None:
                raise Refused("No matching records found.")
            return Reply.of({"itemId": number}, committed=True)
        if request.method != "GET":
            return wrong_verb(request)
        shut = self.restricted or address.zone != self.zone
        found = None if shut else (self.data.entity(address.entity) or {}).get(number)
        if found is None and self.missing_is_404:
            return Reply(404)
        return Reply.of({"item": found})

    def _notes(self, request: Request, ticket: int, note: str | None) -> Reply:
        writer = Writer(self.data, self)
        if request.method == "GET":
            rows = [row for row in self.data.notes.values() if row["ticketID"] == ticket and not self.restricted]
            if note is not None:
                return Reply.of({"item": next((row for row in rows if row["id"] == int(note)), None)})
            details = {"count": len(rows), "requestCount": 500, "prevPageUrl": None, "nextPageUrl": None}
            return Reply.of({"items": rows, "pageDetails": details})
        if note is not None or request.method not in ("POST", "PATCH"):
            return wrong_verb(request)
        sent = json.loads(request.body)
        create = request.method == "POST"
        number = writer.create_note(ticket, sent) if create else writer.change_note(ticket, sent)
        return Reply.of({"itemId": number}, committed=True)

    def _write(self, request: Request, name: str, entity: Entity) -> Reply:
        if request.method not in entity.writes:
            return wrong_verb(request)
        writer, sent, whole = Writer(self.data, self), json.loads(request.body), request.method == "PUT"
        of_tickets, is_new = name == "tickets", request.method == "POST"
        if is_new:
            number = writer.create_ticket(sent) if of_tickets else writer.create_time_entry(sent)
        else:
            number = (writer.change_ticket if of_tickets else writer.change_time_entry)(sent, whole=whole)
        if of_tickets:
            action = "Create" if is_new else "Update"
            self.sender.changed(action, self.data.tickets[number], by=ME, fields=frozenset(sent))
            if is_new and self.index_lag:
                self.hidden.add(number)
        return Reply.of({"itemId": number}, committed=True)

    # --- for people ---------------------------------------------------------------------------------------------

    def page(self, request: Request) -> Reply | None:
        """`/`: everything and the ledger. The address of a ticket in the user interface: this ticket."""
        opened = request.path.lower().endswith("/executecommand.aspx")
        if request.method != "GET" or not (opened or request.path == "/"):
            return None
        wanted = request.query.get("TicketID", request.query.get("TicketNumber"))
        with self.lock:
            named = [row for key, row in self.data.tickets.items() if wanted in (str(key), row.get("ticketNumber"))]
            rows = named if opened else list(self.data.tickets.values())
            notes = [
                row for row in self.data.notes.values() if not opened or row["ticketID"] in [r["id"] for r in rows]
            ]
            tables: dict[str, Table] = {
                "Tickets": (_COLUMNS, rows),
                "Notes": (("id", "ticketID", "noteType", "publish", "title", "description"), notes),
            }
            if not opened:
                sent = [asdict(line) for line in reversed(self.sender.sent[-200:])]
                tables["Webhooks"] = (_SENT, sent)
                tables["Calls"] = ledger_table(self.calls)
            html = people_page("Autotask (simulated)", tables)
        return Reply.page(html, status=404 if opened and not rows else 200)
