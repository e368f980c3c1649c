"""A local Freshservice: same routes, same oddities, with a ledger and faults on order. For tests and rehearsals."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from integrations.vendors.simulation import Call, Reply, Request, Simulator
from integrations.vendors.simulation_page import ledger_table, people_page

from . import reading, refusals, writing
from .acts import ACTS
from .files import FilesSimulator
from .limits import Limits
from .refusals import Refused
from .sender import Sender
from .switches import SWITCHES, Switches
from .world import API_KEY, Record, World, demo_world

_ROOT = "/api/v2"
_ROUTES = [(verb, re.compile(path), act) for verb, path, act in (*reading.ROUTES, *writing.ROUTES)]
_SOURCES = {"reply": 0, "answer": 0, "note": 2}
_EVENTS = {"reply": "reply_sent", "answer": "ticket_updated", "note": "note_added"}
_SUPPORT = "support@elite.example.com"


class FreshserviceSimulator(Switches, Simulator):
    """See `switches` for what can be chosen, `acts` for what other people do, FAULTS for what goes wrong.

    `files` is the host of files, with a ledger of its own; `sender` the automators' webhooks, with theirs.
    """

    def __init__(self, world: World | None = None) -> None:
        super().__init__()
        self.data = world or demo_world()
        self.files = FilesSimulator(self)
        self.sender = Sender(self.data.clock, self.stopping)
        self._limits = Limits(self.data.clock)

    @property
    def skew_seconds(self) -> float:
        return self.data.clock.ahead_seconds()

    def reset_world(self) -> None:
        clock = self.data.clock  # shared with the limits and the sender
        clock.reset()
        self.data = demo_world()
        self.data.clock = clock
        self.files.reset()
        self.sender.reset()
        self._limits.reset()
        for name in SWITCHES:
            self.__dict__.pop(name, None)

    def world(self) -> Any:
        shown: dict[str, Any] = {
            name: list(getattr(self.data, name).values())
            for name in ("tickets", "conversations", "requesters", "agents", "groups", "workspaces")
        }
        shown["files"] = self.files.world()
        shown["files_url"] = self.files.url
        shown["downloads"] = [asdict(call) for call in self.files.calls]
        shown["webhooks"] = [asdict(line) for line in self.sender.sent]
        return shown

    def do(self, action: str, arguments: dict[str, Any]) -> Any:
        """An act of somebody else. `pump` sends the webhooks that are due, with `all` also those that wait."""
        if action == "pump":
            return self.sender.pump(**arguments)
        if action not in ACTS:
            return super().do(action, arguments)
        with self.lock:
            done = ACTS[action](self, **arguments)
        self.sender.settle()
        return done

    # --- the door -----------------------------------------------------------------------------------------------

    def door(self, request: Request, call: Call) -> Reply | None:
        """The key, then the limits, then the permissions of its agent."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        try:
            user = base64.b64decode(rest).decode().partition(":")[0]
        except ValueError:
            user = ""
        if scheme.lower() != "basic" or user != API_KEY:
            return refusals.wrong_key()
        if self.limited and (seconds := self._limits.count(request, plan=self.plan)) is not None:
            return refusals.too_many(seconds)
        return refusals.denied() if self.forbidden else None

    def _carry_out(self, request: Request, call: Call) -> Reply:
        reply = super()._carry_out(request, call)
        self.sender.settle()
        headers = {**reply.headers, **self._limits.headers(request, plan=self.plan)}
        body = reply.body if reply.status < 400 or self.refusal_bodies else b""
        return replace(reply, headers=headers, body=body)

    def handle(self, request: Request) -> Reply:
        path = request.path.removeprefix(_ROOT).rstrip("/")
        fitting = [(verb, found, act) for verb, route, act in _ROUTES if (found := route.fullmatch(path))]
        try:
            if not fitting or not request.path.startswith(_ROOT):
                raise refusals.not_found()
            for verb, found, act in fitting:
                if verb == request.method:
                    return self._locked(act, request, *found.groups())
            raise refusals.not_allowed(request.method, [verb for verb, _, _ in fitting])
        except Refused as refused:
            return refused.reply

    def _locked(self, act: Callable[..., Reply], request: Request, *ids: str) -> Reply:
        with self.lock:
            return act(self, request, *ids)

    # --- what happens to tickets, whoever does it ---------------------------------------------------------------

    def changed(self, event: str, ticket: int, *, by: int) -> None:
        self.sender.changed(event, self.data.tickets[ticket], by=by)

    def say(self, ticket: int, kind: str, *, by: int, values: dict[str, Any], files: list[int] | None = None) -> Record:
        """A new conversation: `reply` of an agent, `answer` of the requester, or `note`."""
        is_note = kind == "note"
        person = self.data.agents.get(by) or self.data.requesters.get(by) or {}
        address = f'"{person.get("first_name", "")}" <{person.get("email") or person.get("primary_email", "")}>'
        row = self.data.add_conversation(
            ticket,
            user_id=values.get("user_id", by),
            body=str(values["body"]),
            incoming=bool(values.get("incoming", kind == "answer")),
            private=bool(values.get("private", True)) if is_note else False,
            source=_SOURCES[kind],
            support_email=None if is_note else _SUPPORT,
            from_email=None if is_note else (values.get("from_email") or (address if kind == "answer" else _SUPPORT)),
            to_emails=values.get("notify_emails") or [],
            cc_emails=None if is_note else values.get("cc_emails") or [],
            bcc_emails=None if is_note else values.get("bcc_emails") or [],
            _files=list(files or []),
        )
        self._said(row, _EVENTS[kind], by)
        return row

    def edit(self, row: Record, text: str, *, by: int) -> None:
        row |= {"body": text, "updated_at": self.data.clock.stamp()}
        self._said(row, "note_edited", by)

    def unsay(self, row: Record, *, by: int) -> None:
        del self.data.conversations[row["id"]]
        self._said(row, "conversation_deleted", by)

    def _said(self, row: Record, event: str, by: int) -> None:
        if self.note_touches_ticket:
            self.data.touch(row["ticket_id"])
        self.changed(event, row["ticket_id"], by=by)

    # --- for people ---------------------------------------------------------------------------------------------

    def page(self, request: Request) -> Reply | None:
        """`/`: tickets, conversations, webhooks, downloads and the ledger."""
        if request.method != "GET" or request.path != "/":
            return None
        with self.lock:
            tickets = list(self.data.tickets.values())[-200:]
            said = list(self.data.conversations.values())[-200:]
            sent = [asdict(line) for line in reversed(self.sender.sent[-200:])]
            html = people_page(
                "Freshservice (simulated)",
                {
                    "Tickets": (("id", "subject", "status", "priority", "requester_id", "updated_at"), tickets),
                    "Conversations": (("id", "ticket_id", "private", "incoming", "body", "created_at"), said),
                    "Webhooks": (("number", "at", "event", "ticket", "attempt", "status", "error", "dropped"), sent),
                    "Downloads": ledger_table(self.files.calls),
                    "Calls": ledger_table(self.calls),
                },
            )
        return Reply.page(html)
