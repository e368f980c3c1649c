"""A local EspoCRM: same answers, same oddities, with a ledger and faults on order. For tests and rehearsals."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from integrations.vendors.simulation import Call, Reply, Request, Simulator
from integrations.vendors.simulation_page import ledger_table, people_page

from . import hooks, lists, records
from .acts import ACTS
from .door import ROOT, Door, user_of
from .refusals import JSON, Refused
from .sender import Event, Sender
from .switches import SWITCHES, Switches
from .values import KINDS
from .world import PERSON, Record, User, World, demo_world

GATHERING = 2.0  # seconds that a PUT waits for others
_ROUTES = [(verb, re.compile(path), act) for verb, path, act in (*hooks.ROUTES, *lists.ROUTES, *records.ROUTES)]


class EspocrmSimulator(Switches, Simulator):
    """See `switches` for what can be chosen, `acts` for what people do, FAULTS for what goes wrong.

    `sender` is the webhook queue, with a ledger of its own.
    """

    def __init__(self) -> None:
        super().__init__()
        self.data: World = demo_world()
        self.sender = Sender(
            lambda: self.data.clock.now(), self.stopping, lambda: self.data.webhooks, self._is_still_readable
        )
        self._door = Door()
        self._gathering: threading.Barrier | None = None

    @property
    def skew_seconds(self) -> float:
        return self.data.clock.ahead_seconds()

    @property
    def person(self) -> User:
        """Who does what is ordered."""
        return self.data.users[PERSON]

    def reset_world(self) -> None:
        self.data = demo_world()
        self.sender.reset()
        self._door = Door()
        self._gathering = None
        for name in SWITCHES:
            self.__dict__.pop(name, None)

    def world(self) -> Any:
        """Everything but keys and secrets."""
        shown: dict[str, Any] = {
            entity.lower(): [self.data.whole(one, versions=True) for one in found.values()]
            for entity, found in self.data.records.items()
        }
        shown["values"] = [
            {"kind": kind, "key": key, "held by": self._held(kind, key), **asdict(row)}
            for (kind, key), row in self.data.values.rows.items()
        ]
        shown["subscriptions"] = [
            {name: value for name, value in one.items() if name != "secretKey"} for one in self.data.webhooks.values()
        ]
        shown["webhooks"] = [asdict(line) for line in self.sender.sent]
        return shown

    def _held(self, field: str, key: str) -> list[str]:
        return [held for kind in KINDS if kind.field == field for held in self.data.values.holders(kind, key)]

    def do(self, action: str, arguments: dict[str, Any]) -> Any:
        """An act of somebody else. `pump` is a run of the webhook queue, with `all` as many as it takes.

        Raises ValueError for what EspoCRM refuses.
        """
        if action == "pump":
            return self.sender.pump(**arguments)
        if action not in ACTS:
            return super().do(action, arguments)
        try:
            with self.lock:
                done = ACTS[action](self, **arguments)
        except Refused as refused:
            raise ValueError(str(refused)) from None
        self.sender.settle()
        return done

    # --- a call -------------------------------------------------------------------------------------------------

    def door(self, request: Request, call: Call) -> Reply | None:
        with self.lock:
            return self._door.refusal(self, request)

    def _carry_out(self, request: Request, call: Call) -> Reply:
        if self.delay:
            self.stopping.wait(self.delay)
        if self.is_out_of_order:
            return Reply(500, b"", JSON)
        reply = super()._carry_out(request, call)
        self.sender.settle()
        return reply

    def handle(self, request: Request) -> Reply:
        path = request.path.removeprefix(ROOT).rstrip("/")
        user = user_of(self, request)
        if not request.path.startswith(f"{ROOT}/") or user is None:
            return Reply.page("<html><body><h1>Not Found</h1></body></html>", status=404)
        try:
            for verb, route, act in _ROUTES:
                if verb == request.method and (found := route.fullmatch(path)):
                    return self._acted(act, request, user, *found.groups())
        except Refused as refused:
            return refused.reply
        return Reply(404, b"", JSON)

    def _acted(self, act: Callable[..., Reply], request: Request, user: User, *names: str) -> Reply:
        return act(self, request, user, *names)

    def gather(self) -> None:
        """A PUT waits here, with nothing locked, for others of the same moment."""
        with self.lock:
            if self.parallel_puts < 2:
                return
            if self._gathering is None or self._gathering.broken or self._gathering.parties != self.parallel_puts:
                self._gathering = threading.Barrier(self.parallel_puts)
            barrier = self._gathering
        with suppress(threading.BrokenBarrierError):
            barrier.wait(GATHERING)

    def whole(self, record: Record, user: User) -> Record:
        """As a read of its own shows it to this user."""
        shown = self.data.whole(record, versions=self.version_control)
        hidden = {name for kind in KINDS for name in (kind.field, kind.array)} if self.hides_arrays else set()
        return {name: value for name, value in shown.items() if name not in hidden}

    def _is_still_readable(self, event: Event) -> bool:
        entity, _, kind = event.name.partition(".")
        return kind == "delete" or event.record in self.data.records[entity]

    # --- for people ---------------------------------------------------------------------------------------------

    def page(self, request: Request) -> Reply | None:
        """`/`: parties, their values, webhooks and the ledger."""
        if request.method != "GET" or request.path != "/":
            return None
        shown = self.world()
        with self.lock:
            parties = [
                {**one, "emails": _listed(one["emailAddressData"]), "phones": _listed(one["phoneNumberData"])}
                for entity in self.data.records
                for one in shown[entity.lower()]
            ]
            columns = ("id", "name", "betnr", "emails", "phones", "modifiedAt", "modifiedByName")
            sent = [asdict(line) for line in reversed(self.sender.sent[-200:])]
            html = people_page(
                "EspoCRM (simulated)",
                {
                    "Parties and contacts": (columns, parties[-200:]),
                    "Values": (("kind", "text", "type", "opt_out", "invalid", "held by"), shown["values"][-200:]),
                    "Subscriptions": (("id", "event", "url", "skipOwn", "isActive"), shown["subscriptions"]),
                    "Webhooks": (("number", "at", "event", "attempt", "body", "status", "error", "dropped"), sent),
                    "Calls": ledger_table(self.calls),
                },
            )
        return Reply.page(html)


def _listed(items: list[Record]) -> str:
    return "\n".join(
        " ".join(
            str(part)
            for part in (
                item.get("emailAddress") or item.get("phoneNumber"),
                item.get("type", ""),
                *(name for name in ("primary", "optOut", "invalid") if item[name]),
            )
            if part
        )
        for item in items
    )
