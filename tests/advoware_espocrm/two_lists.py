"""Two programs that keep the contact data of one party, as pure models, and the portal between them.

Advoware's entries have ids and a kind that nobody is shown; EspoCRM's items have neither, and a value twice collapses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from integrations.advoware_espocrm.mapping import KINDS, Channel, normal
from integrations.advoware_espocrm.merge import Agreed, Conflict, Entry, Item, Plan, Post, Put, Rules, merge

REGION = "DE"
ROOM = 10
Value = tuple[Channel, str]  # with its normal form


class Died(Exception):
    """The process is gone after a write."""


@dataclass
class Advoware:
    """A party's entries, as its program shows them and its API changes them."""

    entries: dict[int, Entry] = field(default_factory=dict)
    kinds: dict[int, int] = field(default_factory=dict)
    next_id: int = 1

    def post(self, komm_kz: int, value: str, note: str = "") -> int:
        self.entries[self.next_id] = Entry(self.next_id, value, note)
        self.kinds[self.next_id] = komm_kz
        self.next_id += 1
        return self.next_id - 1

    def put(self, entry_id: int, value: str, note: str, *, online: bool = True) -> None:
        self.entries[entry_id] = Entry(entry_id, value, note, online)

    def values(self) -> list[Value]:
        return [self.value(entry) for entry in self.entries.values() if entry.value]

    def value(self, entry: Entry) -> Value:
        channel = KINDS[self.kinds[entry.id]].channel
        assert channel is not None
        return channel, normal(channel, entry.value, REGION)

    def fields(self) -> dict[int, str]:
        """The party's own fields: the first entry of each kind."""
        found: dict[int, str] = {}
        for entry in self.entries.values():
            if entry.value:
                found.setdefault(self.kinds[entry.id], entry.value)
        return found


@dataclass
class EspoCrm:
    """Both arrays of a record, in the order in which a GET shows them."""

    items: list[Item] = field(default_factory=list)

    def put(self, channel: Channel, items: Sequence[Item]) -> None:
        rows: dict[str, Item] = {}
        for item in items:
            value = item.value if channel is Channel.EMAIL else normal(channel, item.value, REGION)
            rows[normal(channel, value, REGION)] = replace(item, value=value)
        kept = sorted(rows.values(), key=lambda item: not item.primary)
        assert len(rows) == len(items), "the same value twice"
        assert len(rows) <= ROOM, "more than an array takes"
        assert sum(item.primary for item in kept) == bool(kept), "exactly one primary"
        others = [item for item in self.items if item.channel is not channel]
        self.items = [*kept, *others] if channel is Channel.EMAIL else [*others, *kept]

    def values(self) -> list[Value]:
        return [(item.channel, normal(item.channel, item.value, REGION)) for item in self.items]


@dataclass
class Portal:
    """What the portal keeps of a pair, and its run over it; it can die after any number of writes."""

    base: list[Agreed] = field(default_factory=list)
    begun: list[Agreed] = field(default_factory=list)
    rules: Rules = field(default_factory=Rules)
    merge: Callable[..., Plan] = merge
    conflicts: list[Conflict] = field(default_factory=list)
    writes: int = 0
    dies_after: int | None = None

    def look(self, advoware: Advoware, espocrm: EspoCrm) -> Plan:
        """Read both, and keep what is agreed on."""
        fields = advoware.fields()
        entries = list(advoware.entries.values())
        plan = self.merge(entries, fields, espocrm.items, self.base, self.rules, self.begun)
        self.base, self.begun = plan.base, plan.begun()
        written = [write.entry_id for write in plan.advoware if isinstance(write, Put)]
        assert len(written) == len(set(written)), "an entry is written twice"
        return plan

    def run(self, advoware: Advoware, espocrm: EspoCrm) -> int:
        """Until there is nothing left to write; how many writes it took. Raises `Died`."""
        before = self.writes
        for _ in range(4):
            plan = self.look(advoware, espocrm)
            self.conflicts += plan.conflicts
            if plan.is_empty:
                return self.writes - before
            if plan.writes_espocrm:
                for channel, array in ((Channel.EMAIL, plan.emails), (Channel.PHONE, plan.phones)):
                    if array is not None:
                        espocrm.put(channel, array)
                self._wrote()
                plan = self.look(advoware, espocrm)
                assert not plan.writes_espocrm, "what was written is what was wanted"
            for write in plan.advoware:
                self._write(advoware, write)
        raise AssertionError("it never ends")

    def _write(self, advoware: Advoware, write: Put | Post) -> None:
        if isinstance(write, Post):
            advoware.post(write.komm_kz, write.value, write.note)
        else:
            advoware.put(write.entry_id, write.value, write.note, online=write.online)
        self._wrote()

    def _wrote(self) -> None:
        self.writes += 1
        if self.dies_after is not None:
            self.dies_after -= 1
            if self.dies_after < 0:
                self.dies_after = None
                raise Died
