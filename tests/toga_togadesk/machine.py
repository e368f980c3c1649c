"""Generated histories of this pair (P8–P12, P14): people work on both sides, calls fail, answers are lost.

At the end, once the faults are over: both sides are equal by a full compare, nothing is there twice, nothing is held,
and two more rounds write nothing.
"""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from integrations.core.models import HeldItem, Job, RecordLink, Stream, SyncRun
from integrations.core.streams import StreamProblem, run_now

from .oracle import differences, empty
from .scene import Scene

ROUNDS = 14
BOTH = ("tickets_to_togadesk", "tickets_to_toga")
FIELDS = {"subject": ("a", "b", "c"), "status": ("Open", "In work", "Closed"), "priority": ("Low", "High")}
CHANGES = st.sampled_from(sorted((name, value) for name, values in FIELDS.items() for value in values))
FAULTS = st.tuples(
    st.sampled_from(["answer_lost", "not_received", "committed_500", "garbage", "500_errors", "late_commit", "429"]),
    st.sampled_from(["/tickets$", "/ticket-notes$", "/files$", "/ticket-note-files$", "/tickets/", "/parameters"]),
    st.integers(1, 2),
)
NUMBER = st.integers(0, 20)


class PairMachine(RuleBasedStateMachine):
    """One pair and its life; the test sets the scene."""

    scene: Scene

    @initialize(shown=st.booleans(), touches=st.booleans())
    def begin(self, shown: bool, touches: bool) -> None:
        empty(self.scene.toga, self.scene.desk)
        self.scene.toga.nested_notes_show_files, self.scene.toga.note_touches_ticket = shown, touches
        for model in (RecordLink, HeldItem, SyncRun, Job):
            model.objects.all().delete()
        for stream in Stream.objects.filter(published__isnull=False):
            stream.published.delete()
        Stream.objects.update(watermark=None, in_hand={}, started_at=None)
        self.names = itertools.count()

    # --- people at work

    @rule(change=CHANGES)
    def ticket_in_toga(self, change: tuple[str, str]) -> None:
        self.scene.ticket(**(dict([change]) | {"subject": f"t{next(self.names)}"}))

    @rule(change=CHANGES)
    def ticket_at_the_desk(self, change: tuple[str, str]) -> None:
        self.scene.desk.add_ticket(**(dict([change]) | {"subject": f"d{next(self.names)}"}))

    @rule(which=NUMBER, external=st.booleans(), has_file=st.booleans())
    def note_in_toga(self, which: int, external: bool, has_file: bool) -> None:
        if tickets := self.scene.records("tickets"):
            ticket = tickets[which % len(tickets)]["uuid"]
            note = self.scene.note(ticket, f"<p>n{next(self.names)}</p>", external=external)
            if has_file and external:
                self._file_in_toga(note)

    @rule(which=NUMBER)
    def file_in_toga(self, which: int) -> None:
        if notes := [row for row in self.scene.records("ticket-notes") if row["isExternal"]]:
            self._file_in_toga(notes[which % len(notes)]["uuid"])

    @rule(which=NUMBER, internal=st.booleans(), has_file=st.booleans())
    def answer_at_the_desk(self, which: int, internal: bool, has_file: bool) -> None:
        if not (rows := self.scene.rows("tickets")):
            return
        row = rows[which % len(rows)]["id"]
        if internal:
            self.scene.desk.comment(row, f"c{next(self.names)}")
            return
        reply = self.scene.desk.reply(row, f"r{next(self.names)}")
        if has_file:
            self._file_at_the_desk(reply)

    @rule(which=NUMBER)
    def file_at_the_desk(self, which: int) -> None:
        if rows := self.scene.rows("tickets_replies"):
            self._file_at_the_desk(rows[which % len(rows)]["id"])

    @rule(which=NUMBER, change=CHANGES)
    def edit_in_toga(self, which: int, change: tuple[str, str]) -> None:
        if tickets := self.scene.records("tickets"):
            self.scene.change(tickets[which % len(tickets)]["uuid"], **self._change(change))

    @rule(which=NUMBER, change=CHANGES)
    def edit_at_the_desk(self, which: int, change: tuple[str, str]) -> None:
        if rows := self.scene.rows("tickets"):
            self.scene.desk.edit_ticket(rows[which % len(rows)]["id"], **self._change(change))

    # --- the portal at work

    @rule(stream=st.sampled_from(BOTH), minutes=st.sampled_from([0, 1, 10]))
    def sync(self, stream: str, minutes: int) -> None:
        self.scene.clock.shift(minutes * 60)
        self._sync(stream)

    @rule(stream=st.sampled_from(BOTH), fault=FAULTS)
    def sync_with_a_fault(self, stream: str, fault: tuple[str, str, int]) -> None:
        """Some writes of this run meet this; what is late comes after the run."""
        name, path, times = fault
        for method in ("POST", "PATCH"):
            self.scene.toga.fault(name, method=method, path=path, times=times)
        self._sync(stream)
        self.scene.toga.faults.clear()
        self.scene.toga.commit_pending()

    # --- the end

    def teardown(self) -> None:
        if not hasattr(self, "names"):
            return
        quiet = 0
        for _ in range(ROUNDS):
            self.scene.clock.shift(1200)
            runs = [self._sync(stream) for stream in BOTH]
            quiet = 0 if any(run is None or run.created or run.updated or run.held for run in runs) else quiet + 1
            if quiet == 2:
                break
        assert self.scene.held() == []
        assert differences(self.scene.toga, self.scene.desk) == []
        assert quiet == 2, "it does not come to rest"

    def _sync(self, stream: str) -> SyncRun | None:
        self.scene.clock.shift(3)
        try:
            return run_now(self.scene.stream(stream))
        except StreamProblem:
            return None

    def _change(self, change: tuple[str, str]) -> dict[str, str]:
        """No two tickets get one subject: two new ones that are alike in everything are a person's to tell apart."""
        name, value = change
        return {name: f"{value}{next(self.names)}" if name == "subject" else value}

    def _file_in_toga(self, note: str) -> None:
        number = next(self.names)
        self.scene.file(note, f"f{number % 3}.txt", f"content {number}")

    def _file_at_the_desk(self, reply: int) -> Any:
        number = next(self.names)
        self.scene.desk.add_file(reply, f"f{number % 3}.txt", f"content {number}".encode())
