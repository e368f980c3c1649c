"""Two programs that keep the contact data of one party, as pure models, and people who edit in both.

Advoware's entries have ids and a kind that nobody is shown; EspoCRM's items have neither, and a value twice collapses.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from integrations.advoware_espocrm.mapping import KINDS, Channel, normal, read_remark
from integrations.advoware_espocrm.merge import Agreed, Conflict, Entry, Item, Plan, Post, Put, Rules, merge

REGION = "DE"
TYPES = ("Office", "Fax", "Mobile", "Home", "Other")
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
    conflicts: list[Conflict] = field(default_factory=list)
    writes: int = 0
    dies_after: int | None = None

    def look(self, advoware: Advoware, espocrm: EspoCrm) -> Plan:
        """Read both, and keep what is agreed on."""
        fields = advoware.fields()
        entries = list(advoware.entries.values())
        plan = merge(entries, fields, espocrm.items, self.base, self.rules, self.begun)
        self.base, self.begun = plan.base, plan.begun()
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


@dataclass
class People:
    """They type values nobody typed before, so that each can be followed: those that must live, and those that must not."""

    chance: random.Random
    alive: set[Value] = field(default_factory=set)
    dead: set[Value] = field(default_factory=set)
    twice: set[Value] = field(default_factory=set)  # entered again since the last run
    texts: dict[int, str] = field(default_factory=dict)
    typed: int = 0

    def new_value(self, channel: Channel) -> str:
        self.typed += 1
        if channel is Channel.EMAIL:
            return f"Name{self.typed}@Example.com"
        return f"030/{1_000_000 + self.typed}" if self.typed % 2 else f"+49 30 {1_000_000 + self.typed}"

    def edit(self, advoware: Advoware, espocrm: EspoCrm) -> None:
        """One act in one of the programs."""
        if self.chance.random() < 0.5:
            self._in_advoware(advoware)
        else:
            self._in_espocrm(espocrm)

    def _lives(self, value: Value) -> None:
        self.alive.add(value)

    def _dies(self, value: Value) -> None:
        self.alive.discard(value)
        self.dead.add(value)

    def _in_advoware(self, advoware: Advoware) -> None:
        there = [entry for entry in advoware.entries.values() if entry.value]
        act = self.chance.choice(("new", "new", "change", "clear", "delete", "text", "fill", "case", "twice"))
        if act == "new" or not there:
            komm_kz = self.chance.choice([number for number, kind in KINDS.items() if kind.channel])
            channel = KINDS[komm_kz].channel
            assert channel is not None
            if komm_kz in (11, 12):
                komm_kz = 4
            new = advoware.post(komm_kz, self.new_value(channel))
            self._lives(advoware.value(advoware.entries[new]))
            return
        entry = self.chance.choice(there)
        if act == "fill":
            self._fill(advoware)
        elif act == "text":
            self._write_text(advoware, entry)
        elif act == "twice":
            kind = self.chance.choice(
                [number for number, one in KINDS.items() if one.channel is advoware.value(entry)[0]]
            )
            advoware.post(kind, entry.value)
            self.dead.discard(advoware.value(entry))
            self.twice.add(advoware.value(entry))
        elif act == "case":
            value = entry.value.upper() if "@" in entry.value else entry.value.replace("/", " ")
            advoware.put(entry.id, value, entry.note, online=entry.online)
        else:
            if advoware.values().count(advoware.value(entry)) == 1:
                self._dies(advoware.value(entry))
            if act == "delete":
                del advoware.entries[entry.id]
                self.texts.pop(entry.id, None)
                return
            value = self.new_value(advoware.value(entry)[0]) if act == "change" else ""
            advoware.put(entry.id, value, entry.note, online=entry.online)
            if value:
                self._lives(advoware.value(advoware.entries[entry.id]))

    def _fill(self, advoware: Advoware) -> None:
        """A slot is used by somebody who does not know what it is."""
        empty = [entry for entry in advoware.entries.values() if not entry.value]
        if empty:
            entry = self.chance.choice(empty)
            channel = KINDS[advoware.kinds[entry.id]].channel
            assert channel is not None
            advoware.put(entry.id, self.new_value(channel), entry.note)
            self._lives(advoware.value(advoware.entries[entry.id]))

    def _write_text(self, advoware: Advoware, entry: Entry) -> None:
        remark = read_remark(entry.note)
        text = f"text {self.typed}"
        front = entry.note[: len(entry.note) - len(remark.text)].rstrip()
        advoware.put(entry.id, entry.value, f"{front} {text}".strip(), online=entry.online)
        self.texts[entry.id] = text

    def _in_espocrm(self, espocrm: EspoCrm) -> None:
        act = self.chance.choice(("new", "new", "change", "delete", "primary", "flag", "case", "order", "type"))
        channel = self.chance.choice(tuple(Channel))
        mine = [item for item in espocrm.items if item.channel is channel]
        if act == "new" or not mine:
            if len(mine) < 10:
                type_ = "" if channel is Channel.EMAIL else self.chance.choice(TYPES)
                value = self._shown(channel)
                espocrm.put(channel, [*mine, Item(channel, value, type_, primary=not mine)])
                self._lives((channel, normal(channel, value, REGION)))
            return
        at = self.chance.randrange(len(mine))
        item = mine[at]
        if act == "delete":
            self._dies((channel, normal(channel, item.value, REGION)))
            del mine[at]
        elif act == "change":
            self._dies((channel, normal(channel, item.value, REGION)))
            mine[at] = replace(item, value=self._shown(channel))
            self._lives((channel, normal(channel, mine[at].value, REGION)))
        elif act == "primary":
            mine = [replace(one, primary=one is item) for one in mine]
        elif act == "flag":
            mine[at] = replace(item, opt_out=not item.opt_out)
        elif act == "case" and channel is Channel.EMAIL:
            mine[at] = replace(item, value=item.value.swapcase())
        elif act == "type" and channel is Channel.PHONE:
            mine[at] = replace(item, type=self.chance.choice(TYPES))
        elif act == "order":
            self.chance.shuffle(mine)
        if mine and not any(one.primary for one in mine):
            mine[0] = replace(mine[0], primary=True)
        espocrm.put(channel, mine)

    def _shown(self, channel: Channel) -> str:
        value = self.new_value(channel)
        return value if channel is Channel.EMAIL else normal(channel, value, REGION)
