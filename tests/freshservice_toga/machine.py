"""Generated histories of this flow (P6, P8–P12, P14): people work in Freshservice, webhooks get lost, come twice and in
another order, calls fail, answers are lost.

At the end, once the faults are over: TOGA 2 is equal by a full compare, nothing is there twice, nothing is held, and
two more rounds write nothing.
"""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from integrations.core.models import SyncRun
from integrations.core.streams import StreamProblem
from integrations.vendors.freshservice.simulator.world import GROUP, OTHER_GROUP, OTHER_REQUESTER, REQUESTER

from .oracle import differences, empty, forget
from .scene import Scene

ROUNDS = 14
FIELDS: dict[str, tuple[Any, ...]] = {
    "subject": ("No power", "No power at all"),
    "status": (2, 3, 4, 5),
    "priority": (1, 4),
    "source": (1, 2, 14),
    "group_id": (None, GROUP, OTHER_GROUP),
    "requester_id": (REQUESTER, OTHER_REQUESTER),
    "category": (None, "Hardware", "Access"),
}
CHANGES = st.sampled_from([(name, value) for name, values in FIELDS.items() for value in values])
TOGA_FAULTS = st.tuples(
    st.sampled_from(["answer_lost", "not_received", "committed_500", "garbage", "truncated", "late_commit", "429"]),
    st.sampled_from(["/tickets$", "/ticket-notes$", "/files$", "/ticket-note-files$", "/contacts$", "/ticket"]),
    st.integers(1, 2),
)
FRESH_FAULTS = st.tuples(
    st.sampled_from(["500_errors", "garbage"]),
    st.sampled_from(["/tickets$", "/tickets/[0-9]+$", "/conversations$", "/requesters/", "/groups/"]),
    st.integers(1, 2),
)
NUMBER = st.integers(0, 20)


class FreshserviceMachine(RuleBasedStateMachine):
    """One Freshservice and its life; the test sets the scene."""

    scene: Scene

    @initialize(order=st.sampled_from(["asc", "desc", "shuffled"]), by_update=st.booleans())
    def begin(self, order: str, by_update: bool) -> None:
        empty(self.scene.fresh, self.scene.toga)
        self.scene.fresh.conversation_order, self.scene.fresh.sorts_by_update = order, by_update
        forget()
        self.names = itertools.count()
        self.on_the_way: list[int] = []  # tickets whose webhook was sent and has not arrived

    # --- people at work

    @rule(change=CHANGES, early=st.integers(0, 1))
    def raise_ticket(self, change: tuple[str, Any], early: int) -> None:
        values = {"subject": "New", "description": self._text()} | dict([change])
        self.scene.fresh.early_404s = early
        self._fires(self.scene.do("new_ticket", **values))
        self.scene.fresh.early_404s = 0

    @rule(which=NUMBER, change=CHANGES)
    def edit_ticket(self, which: int, change: tuple[str, Any]) -> None:
        if ticket := self._ticket(which):
            self._do(ticket, "edit_ticket", ticket=ticket, **dict([change]))

    @rule(which=NUMBER, kind=st.sampled_from(["reply", "answer", "note", "public note"]), has_file=st.booleans())
    def say(self, which: int, kind: str, has_file: bool) -> None:
        if ticket := self._ticket(which):
            more = {"private": False} if kind == "public note" else {}
            said = self._do(ticket, kind.removeprefix("public "), ticket=ticket, text=self._text(), **more)
            if has_file:
                self._attach(ticket, conversation=said)

    @rule(which=NUMBER)
    def edit_note(self, which: int) -> None:
        notes = [row for row in self.scene.fresh.data.conversations.values() if row["source"] == 2]
        if notes:
            row = notes[which % len(notes)]
            self._do(row["ticket_id"], "edit_note", conversation=row["id"], text=self._text())

    @rule(which=NUMBER)
    def delete_conversation(self, which: int) -> None:
        if rows := list(self.scene.fresh.data.conversations.values()):
            row = rows[which % len(rows)]
            self._do(row["ticket_id"], "delete_conversation", conversation=row["id"])

    @rule(which=NUMBER, in_text=st.booleans())
    def attach(self, which: int, in_text: bool) -> None:
        if not (ticket := self._ticket(which)):
            return
        if in_text:
            self._do(ticket, "insert_image", ticket=ticket, size=64 + next(self.names))
        else:
            self._attach(ticket, ticket=ticket)

    @rule(which=NUMBER)
    def rename_file(self, which: int) -> None:
        if files := list(self.scene.fresh.data.files):
            self.scene.do("rename_file", file=files[which % len(files)], name=f"r{next(self.names) % 3}.txt")

    # --- webhooks

    @rule(which=NUMBER, copies=st.integers(0, 3))
    def webhook_arrives(self, which: int, copies: int) -> None:
        """In any order; lost, once, or several times."""
        if self.on_the_way:
            ticket = self.on_the_way.pop(which % len(self.on_the_way))
            for _ in range(copies):
                self.scene.hint(ticket, work=False)

    # --- the portal at work

    @rule(minutes=st.sampled_from([0, 0.5, 10]))
    def work(self, minutes: float) -> None:
        self.scene.work(minutes=minutes)

    @rule()
    def catch_up(self) -> None:
        self._catch_up()

    @rule(toga=TOGA_FAULTS, fresh=st.none() | FRESH_FAULTS, by_webhook=st.booleans())
    def a_bad_time(self, toga: tuple[str, str, int], fresh: tuple[str, str, int] | None, by_webhook: bool) -> None:
        """Some calls meet these; what is late comes afterwards."""
        name, path, times = toga
        for method in ("POST", "PATCH"):
            self.scene.toga.fault(name, method=method, path=path, times=times)
        if fresh:
            self.scene.fresh.fault(fresh[0], method="GET", path=fresh[1], times=fresh[2])
        if by_webhook:
            self.scene.work()
        else:
            self._catch_up()
        self.scene.toga.faults.clear()
        self.scene.fresh.faults.clear()
        self.scene.toga.commit_pending()

    # --- the end

    def teardown(self) -> None:
        if not hasattr(self, "names"):
            return
        quiet = 0
        for _ in range(ROUNDS):
            self.scene.work(minutes=20)
            run = self._catch_up()
            quiet = 0 if run is None or run.created or run.updated or run.held else quiet + 1
            if quiet == 2:
                break
        assert self.scene.held() == []
        assert differences(self.scene.fresh, self.scene.toga) == []
        assert quiet == 2, "it does not come to rest"

    def _catch_up(self) -> SyncRun | None:
        try:
            return self.scene.catch_up(after=0)
        except StreamProblem:
            return None

    def _ticket(self, which: int) -> int:
        tickets = list(self.scene.fresh.data.tickets)
        return tickets[which % len(tickets)] if tickets else 0

    def _do(self, about: int, act: str, **values: Any) -> Any:
        done = self.scene.do(act, **values)
        self._fires(about)
        return done

    def _fires(self, ticket: int) -> None:
        self.on_the_way.append(ticket)

    def _attach(self, about: int, **where: int) -> None:
        number = next(self.names)
        self._do(about, "attach", name=f"f{number % 3}.txt", text=f"content {number}", **where)

    def _text(self) -> str:
        return f"<p>said {next(self.names)}</p>"
