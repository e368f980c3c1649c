"""Generated histories of the toy pair: people edit both sides, clocks are off, calls fail, processes die (P9–P12).

After every run: nothing that changed lies before the watermark unless it was dealt with or is held. At the end, once
the faults are over: both sides are the same, nothing is there twice, and two more rounds write nothing.
"""

from __future__ import annotations

import datetime as dt
import itertools
from types import ModuleType

import time_machine
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from integrations.core.models import Client, HeldItem, Integration, RecordLink, Stream
from integrations.core.streams import StreamProblem
from integrations.core.sync import engine as real_engine
from integrations.core.sync import linking as real_linking
from integrations.core.sync.flow import Side
from integrations.transport.errors import RejectedError, TemporaryError, UnknownOutcomeError
from tests.core.sync.toy import Died, System, Thing, flow, one_run, raising

OVERLAP = dt.timedelta(minutes=2)
BEGIN = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
FAULTS = {
    "temporary": lambda: raising(TemporaryError("busy")),
    "refused": lambda: raising(RejectedError("no")),
    "lost": lambda: raising(UnknownOutcomeError("no answer")),
    "committed, then lost": lambda: raising(UnknownOutcomeError("no answer"), after_commit=True),
    "bug": lambda: raising(ZeroDivisionError("planted")),
    "died": lambda: raising(Died()),
    "committed, then died": lambda: raising(Died(), after_commit=True),
    "fine": lambda: lambda: None,
}
TROUBLES = st.lists(st.sampled_from(sorted(FAULTS.keys() - {"fine"})), min_size=1, max_size=3)
PAUSES = st.sampled_from([1, 30, 150, 300, 600])  # seconds
SIDES = st.sampled_from([Side.LEFT, Side.RIGHT])
WAYS = [[Side.LEFT, Side.RIGHT], [Side.LEFT, Side.RIGHT], [Side.LEFT, Side.RIGHT], [Side.LEFT], [Side.RIGHT]]
_numbers = itertools.count()


class SyncMachine(RuleBasedStateMachine):
    """One pair and its life. A subclass sets other modules to plant a bug."""

    engine: ModuleType = real_engine
    linking: ModuleType = real_linking

    @initialize(
        ordered=st.booleans(), page_size=st.sampled_from([1, 3, 5, 8]), late=st.booleans(), ways=st.sampled_from(WAYS)
    )
    def begin(self, ordered: bool, page_size: int, late: bool, ways: list[Side]) -> None:
        self.clock = time_machine.travel(BEGIN, tick=False)
        self.time = self.clock.start()
        number = next(_numbers)
        client = Client.objects.create(slug=f"c{number}", name=f"C{number}")
        self.integration = Integration.objects.create(client=client, slug="pair", kind="toy")
        self.left = System("L", ordered=ordered, page_size=page_size)
        self.right = System("R", ordered=ordered, page_size=page_size)
        self.late = late
        self.ways = ways  # on a side that no stream reads, people leave the records alone
        self.names = itertools.count()
        self.made = 0

    def teardown(self) -> None:
        if not hasattr(self, "integration"):
            return
        try:
            self.end()
        finally:
            self.clock.stop()

    # --- what happens

    @rule(side=SIDES, count=st.integers(1, 3), seconds=st.integers(0, 50))
    def insert(self, side: Side, count: int, seconds: int) -> None:
        side = self._read(side)
        late = dt.timedelta(seconds=seconds) if self.late else None
        for _ in range(count):
            self._system(side).insert(f"T{next(self.names)}", late=late)
        self.made += count

    @rule(side=SIDES, which=st.integers(0, 20), field=st.sampled_from(["title", "state"]))
    def edit(self, side: Side, which: int, field: str) -> None:
        side = self._read(side)
        things = list(self._system(side).things.values())
        if things:
            self._system(side).edit(things[which % len(things)].id, **{field: f"E{next(self.names)}"})

    @rule(side=SIDES, seconds=st.sampled_from([-50, 0, 3600]))
    def set_clock(self, side: Side, seconds: int) -> None:
        """A system's clock is behind, right, or an hour ahead; the next time it may be set right again."""
        self._system(side).skew = dt.timedelta(seconds=seconds)

    @rule(seconds=PAUSES)
    def wait(self, seconds: int) -> None:
        self.time.shift(dt.timedelta(seconds=seconds))

    @rule(side=SIDES, then=PAUSES)
    def sync(self, side: Side, then: int) -> None:
        self._sync(self._read(side))
        self.wait(then)

    @rule(side=SIDES, where=SIDES, after=st.integers(0, 4), faults=TROUBLES, then=PAUSES)
    def sync_with_trouble(self, side: Side, where: Side, after: int, faults: list[str], then: int) -> None:
        """Some calls of this run go well on one system, the next ones meet these faults."""
        side = self._read(side)
        self._break(side, where, after, faults)
        self.wait(then)

    @rule(side=SIDES, after=st.integers(0, 4), then=PAUSES)
    def sync_into_an_outage(self, side: Side, after: int, then: int) -> None:
        """The system that is written to fails from some call on, until the run ends."""
        side = self._read(side)
        self._break(side, side.other, after, ["temporary"] * 20)
        self.wait(then)

    # --- what must hold

    @invariant()
    def nothing_lies_before_the_watermark_unseen(self) -> None:
        if not hasattr(self, "integration"):
            return
        for side in self.ways:
            stream = Stream.objects.filter(integration=self.integration, slug=f"from_{side}").first()
            if stream is None or stream.watermark is None:
                continue
            held = set(HeldItem.objects.filter(stream=stream, state="held").values_list("record_id", flat=True))
            in_hand = {stream.in_hand.get("id")}
            for thing in self._unseen(side):
                if thing.changed_at < stream.watermark - OVERLAP:
                    assert thing.id in held | in_hand, f"{thing} is behind the watermark {stream.watermark}"

    def _unseen(self, side: Side) -> list[Thing]:
        links = RecordLink.objects.filter(integration=self.integration)
        known = {getattr(link, f"{side}_id"): getattr(link, f"{side}_fingerprint") for link in links}
        return [thing for thing in self._system(side).things.values() if known.get(thing.id) != f"v{thing.version}"]

    def end(self) -> None:
        """The faults are over and time passes: the pair comes to agreement and to rest."""
        for system in (self.left, self.right):
            system.skew = dt.timedelta()
        self._come_to_rest()
        self._same_on_both_sides()
        for side in self.ways:  # at rest, an edit on either side is nobody's to fight
            for thing in self._system(side).things.values():
                self._system(side).edit(thing.id, title=f"last word of {side} on {thing.id}")
            self._come_to_rest(rounds=1)
            assert all(thing.fields["title"].startswith(f"last word of {side}") for thing in self._everything())
        writes = len(self.left.ledger) + len(self.right.ledger)
        for _ in range(2):
            for side in self.ways:
                self._sync(side)
        assert len(self.left.ledger) + len(self.right.ledger) == writes, "it writes although nothing changed"
        assert not HeldItem.objects.filter(stream__integration=self.integration, state="held").exists()

    def _come_to_rest(self, rounds: int = 4) -> None:
        for _ in range(rounds):
            self.time.shift(dt.timedelta(hours=7))
            for side in self.ways:
                self._sync(side)

    def _same_on_both_sides(self) -> None:
        links = RecordLink.objects.filter(integration=self.integration)
        pairs = {link.left_id: link.right_id for link in links}
        assert len(pairs) == self.made, f"people made {self.made} records, there are {len(pairs)} pairs"
        assert set(pairs) == set(self.left.things), "a record of the left side has no link"
        assert set(pairs.values()) == set(self.right.things), (
            "a record of the right side has no link, or is there twice"
        )
        for left_id, right_id in pairs.items():
            assert self.left.things[left_id].fields == self.right.things[right_id].fields, f"{left_id} and {right_id}"

    # --- how

    def _read(self, side: Side) -> Side:
        return side if side in self.ways else self.ways[0]

    def _everything(self) -> list[Thing]:
        return [*self.left.things.values(), *self.right.things.values()]

    def _system(self, side: Side) -> System:
        return self.left if side is Side.LEFT else self.right

    def _break(self, side: Side, where: Side, after: int, faults: list[str]) -> None:
        queue = self._system(where).faults
        queue.extend(FAULTS[name]() for name in ["fine"] * after + faults)
        self._sync(side)
        queue.clear()

    def _sync(self, side: Side) -> None:
        what = flow(self.left, self.right, side, overlap=OVERLAP, linking=self.linking)
        try:
            one_run(self.engine, self.integration, f"from_{side}", what)
        except (Died, StreamProblem, TemporaryError, RejectedError, UnknownOutcomeError, ZeroDivisionError):
            return  # the job's run ends; what is left is the next one's
