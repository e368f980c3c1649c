"""A local Advoware: configurator, gateway and one firm's API, with a ledger and faults on order."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from integrations.vendors.simulation import Call, Reply, Request, Simulator
from integrations.vendors.simulation_page import ledger_table, people_page

from . import login
from .acts import ACTS
from .contact import ROOT, ROUTES
from .refusals import OFFLINE, Refused
from .sender import Sender
from .switches import SWITCHES, Switches
from .world import World, demo_world

_CONFIGURATOR, _TOKEN = "/AdvonetConfigurator/api/Url", "/api/v1/Token"
_VENDORS_OWN = {("GET", _CONFIGURATOR): login.configurator, ("POST", _TOKEN): login.token}


class AdvowareSimulator(Switches, Simulator):
    """See `switches` for what can be chosen, `acts` for what people do, FAULTS for what goes wrong.

    `url` is that of the configurator and the gateway, `api_url` that of the firm's API: the same simulator behind two
    ports, with one ledger. `sender` is what sends hints, with a ledger of its own.
    """

    def __init__(self, world: World | None = None) -> None:
        super().__init__()
        self.api_url = ""
        self.data = world or demo_world()
        self.sender = Sender(self.data.clock, self.stopping)

    @property
    def connector_url(self) -> str:
        """Where the API is once the firm has a connector of its own."""
        return login.connector_url(self)

    @property
    def skew_seconds(self) -> float:
        return self.data.clock.ahead_seconds()

    def reset_world(self) -> None:
        clock = self.data.clock  # shared with the sender
        clock.reset()
        self.data = demo_world()
        self.data.clock = clock
        self.sender.reset()
        for name in SWITCHES:
            self.__dict__.pop(name, None)

    def world(self) -> Any:
        """Everything with real kinds, but no token."""
        return {
            "parties": [row | {"kommunikation": self.data.entries_of(n)} for n, row in self.data.parties.items()],
            "api_url": self.api_url,
            "tokens": len(self.data.tokens),
            "webhooks": [asdict(line) for line in self.sender.sent],
        }

    def do(self, action: str, arguments: dict[str, Any]) -> Any:
        """An act of somebody else. `pump` sends the hints that wait."""
        if action == "pump":
            return self.sender.pump(**arguments)
        if action not in ACTS:
            return super().do(action, arguments)
        with self.lock:
            done = ACTS[action](self, **arguments)
        self.sender.settle()
        return done

    # --- a call -------------------------------------------------------------------------------------------------

    def shown(self, request: Request) -> tuple[str, str]:
        path, body = super().shown(request)
        return path, login.without_secrets(request.body) if path == _TOKEN else body

    def door(self, request: Request, call: Call) -> Reply | None:
        """The host, and for the API whether the firm is there, the token and the employee's rights."""
        try:
            self._check_host(request)
            if request.path.startswith(ROOT):
                self._check_access(request)
        except Refused as refused:
            return refused.reply(self.errors_as)
        return None

    def _check_host(self, request: Request) -> None:
        """Each host has its own paths, and the relay has none where a connector is to be used."""
        host = request.headers.get("host", "")
        is_api = request.path.startswith(ROOT)
        wanted = self.url if not is_api else self.connector_url if self.connector == "set" else self.api_url
        if host != urlsplit(wanted).netloc:
            raise Refused(404)

    def _check_access(self, request: Request) -> None:
        if not self.is_online:
            raise Refused(self.offline_status, OFFLINE)
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        ends = self.data.tokens.get(value)
        if scheme != "Bearer" or ends is None or ends <= self.data.clock.now():
            raise Refused(401)
        if self.forbidden:
            raise Refused(403)

    def _carry_out(self, request: Request, call: Call) -> Reply:
        if self.delay:
            self.stopping.wait(self.delay)
        reply = super()._carry_out(request, call)
        self.sender.settle()
        return reply

    def handle(self, request: Request) -> Reply:
        with self.lock:
            try:
                return self._route(request)
            except Refused as refused:
                return refused.reply(self.errors_as)

    def _route(self, request: Request) -> Reply:
        if own := _VENDORS_OWN.get((request.method, request.path)):
            return own(self, request)
        fitting = [(verb, found, act) for verb, route, act in ROUTES if (found := route.fullmatch(request.path))]
        if not fitting:
            raise Refused(404)
        for verb, found, act in fitting:
            if verb == request.method:
                if self.refusal and verb != "GET":
                    raise Refused(400, self.refusal)
                return act(self, request, *found.groups())
        raise Refused(405)

    # --- what happens to parties, whoever does it ---------------------------------------------------------------

    def changed(self, betnr: int, *, own: bool) -> None:
        """`own`: it came over the API."""
        self.sender.changed(betnr, own=own)

    def touch(self, betnr: int) -> None:
        """A Kommunikation changed. The party's `rowId` stays."""
        if self.entry_touches_party:
            self.data.parties[betnr]["geaendertAm"] = self.data.clock.stamp()

    def cut(self, text: str | None) -> str | None:
        """What is stored of a text."""
        return text[: self.longest_text] if text and self.longest_text else text

    # --- for people ---------------------------------------------------------------------------------------------

    def page(self, request: Request) -> Reply | None:
        """`/`: parties, their contact data, hints and the ledger."""
        if request.method != "GET" or request.path != "/":
            return None
        with self.lock:
            html = people_page(
                "Advoware (simulated)",
                {
                    "Parties": (
                        ("betNr", "name", "vorname", "rowId", "geaendertAm"),
                        [*self.data.parties.values()][-200:],
                    ),
                    "Kommunikationen": (
                        ("id", "betNr", "kommKz", "tlf", "bemerkung", "online", "rowId"),
                        [*self.data.entries.values()][-200:],
                    ),
                    "Hints": (
                        ("number", "at", "ticket", "body", "status", "error", "dropped"),
                        [asdict(line) for line in reversed(self.sender.sent[-200:])],
                    ),
                    "Calls": ledger_table(self.calls),
                },
            )
        return Reply.page(html)
