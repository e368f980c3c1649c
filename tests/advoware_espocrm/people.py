"""People who edit in both programs. What they type can be followed: what must live on, and what must not come back."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from integrations.advoware_espocrm.mapping import KINDS, Channel, normal, read_remark
from integrations.advoware_espocrm.merge import Entry, Item
from tests.advoware_espocrm.two_lists import REGION, ROOM, Advoware, EspoCrm, Value

TYPES = ("Office", "Fax", "Mobile", "Home", "Other", "Pager")


@dataclass
class People:
    """They type values nobody typed before, and now and then one that was deleted long ago."""

    chance: random.Random
    alive: set[Value] = field(default_factory=set)
    dead: set[Value] = field(default_factory=set)
    twice: set[Value] = field(default_factory=set)  # entered again since the last run
    buried: set[Value] = field(default_factory=set)  # dead before the last run
    texts: dict[int, str] = field(default_factory=dict)
    typed: int = 0
    enters_again: bool = True

    def edit(self, advoware: Advoware, espocrm: EspoCrm) -> None:
        """One act in one of the programs."""
        if self.chance.random() < 0.5:
            self._in_advoware(advoware)
        else:
            self._in_espocrm(espocrm)

    def saw_a_run(self, waiting: set[Value]) -> None:
        """Who enters again what another one deletes before the same run may have it.

        What the base still has waits for an answer: to enter it again is to take the change back.
        """
        self.dead -= self.twice
        self.twice = set()
        self.buried = self.dead - waiting

    def _lives(self, value: Value) -> None:
        self.alive.add(value)
        self.dead.discard(value)
        self.buried.discard(value)

    def _dies(self, value: Value) -> None:
        self.alive.discard(value)
        self.dead.add(value)

    def _new(self, channel: Channel) -> str:
        self.typed += 1
        again = sorted(value for value in self.buried if value[0] is channel and value[1].startswith(("name", "+49")))
        if again and self.enters_again and self.chance.random() < 0.2:
            return self.chance.choice(again)[1]
        if channel is Channel.EMAIL:
            return f"Name{self.typed}@Example.com"
        return f"030/{1_000_000 + self.typed}" if self.typed % 2 else f"+49 30 {1_000_000 + self.typed}"

    # --- in Advoware --------------------------------------------------------------------------------------------------

    def _in_advoware(self, advoware: Advoware) -> None:
        there = [entry for entry in advoware.entries.values() if entry.value]
        acts: list[Callable[[Advoware, Entry], None]] = [
            self._change,
            self._clear,
            self._delete,
            self._write_text,
            self._write_otherwise,
            self._enter_twice,
        ]
        act = self.chance.randrange(len(acts) + 4)
        if act < len(acts) and there:
            acts[act](advoware, self.chance.choice(there))
        elif act == len(acts):
            self._fill(advoware)
        elif act == len(acts) + 1:
            self._enter_what_is_held(advoware)
        else:
            komm_kz = self.chance.choice((1, 2, 3, 4, 4, 4, 6, 7, 8, 9, 10))
            self._enter(advoware, komm_kz, self._new(KINDS[komm_kz].channel or Channel.EMAIL))

    def _enter(self, advoware: Advoware, komm_kz: int, value: str) -> None:
        new = advoware.post(komm_kz, value)
        self._lives(advoware.value(advoware.entries[new]))

    def enter_an_address(self, advoware: Advoware) -> None:
        self._enter(advoware, 4, self._new(Channel.EMAIL))

    def _enter_what_is_held(self, advoware: Advoware) -> None:
        """What EspoCRM refuses."""
        self.typed += 1
        odd = ((4, f"ü{self.typed}@example.com"), (1, f"030 {self.typed} (privat)"), (12, f"DE.BRAK.{self.typed}"))
        self._enter(advoware, *self.chance.choice(odd))

    def _enter_twice(self, advoware: Advoware, entry: Entry) -> None:
        value = advoware.value(entry)
        advoware.post(self.chance.choice([one for one, kind in KINDS.items() if kind.channel is value[0]]), entry.value)
        self.dead.discard(value)
        self.twice.add(value)

    def _change(self, advoware: Advoware, entry: Entry) -> None:
        self._clear(advoware, entry)
        value = self._new(KINDS[advoware.kinds[entry.id]].channel or Channel.EMAIL)
        advoware.put(entry.id, value, entry.note, online=entry.online)
        self._lives(advoware.value(advoware.entries[entry.id]))

    def _clear(self, advoware: Advoware, entry: Entry) -> None:
        if advoware.values().count(advoware.value(entry)) == 1:
            self._dies(advoware.value(entry))
        advoware.put(entry.id, "", entry.note, online=entry.online)

    def _delete(self, advoware: Advoware, entry: Entry) -> None:
        self._clear(advoware, entry)
        del advoware.entries[entry.id]
        self.texts.pop(entry.id, None)

    def _fill(self, advoware: Advoware) -> None:
        """A slot is used by somebody who does not know what it is."""
        empty = [entry for entry in advoware.entries.values() if not entry.value]
        if empty:
            entry = self.chance.choice(empty)
            value = self._new(KINDS[advoware.kinds[entry.id]].channel or Channel.EMAIL)
            advoware.put(entry.id, value, entry.note)
            self._lives(advoware.value(advoware.entries[entry.id]))

    def _write_text(self, advoware: Advoware, entry: Entry) -> None:
        remark = read_remark(entry.note)
        text = f"text {self.typed}"
        front = entry.note[: len(entry.note) - len(remark.text)].rstrip()
        advoware.put(entry.id, entry.value, f"{front} {text}".strip(), online=entry.online)
        self.texts[entry.id] = text

    def _write_otherwise(self, advoware: Advoware, entry: Entry) -> None:
        value = entry.value.upper() if "@" in entry.value else entry.value.replace("/", " ")
        advoware.put(entry.id, value, entry.note, online=entry.online)

    # --- in EspoCRM ---------------------------------------------------------------------------------------------------

    def _in_espocrm(self, espocrm: EspoCrm) -> None:
        channel = self.chance.choice(tuple(Channel))
        mine = [item for item in espocrm.items if item.channel is channel]
        act = self.chance.choice((self._add, self._add, self._replace, self._remove, self._flag, self._retype))
        if not mine:
            act = self._add
        act(mine, channel)
        if self.chance.random() < 0.3:
            self.chance.shuffle(mine)
        if mine and self.chance.random() < 0.3:
            first = self.chance.choice(mine)
            mine = [replace(one, primary=one is first) for one in mine]
        if mine and not any(one.primary for one in mine):
            mine[0] = replace(mine[0], primary=True)
        espocrm.put(channel, mine)

    def _add(self, mine: list[Item], channel: Channel) -> None:
        if len(mine) < ROOM:
            type_ = "" if channel is Channel.EMAIL else self.chance.choice(TYPES)
            mine.append(Item(channel, self._shown(mine, channel), type_))
            self._lives((channel, normal(channel, mine[-1].value, REGION)))

    def _replace(self, mine: list[Item], channel: Channel) -> None:
        at = self.chance.randrange(len(mine))
        self._dies((channel, normal(channel, mine[at].value, REGION)))
        mine[at] = replace(mine[at], value=self._shown(mine, channel))
        self._lives((channel, normal(channel, mine[at].value, REGION)))

    def _remove(self, mine: list[Item], channel: Channel) -> None:
        item = mine.pop(self.chance.randrange(len(mine)))
        self._dies((channel, normal(channel, item.value, REGION)))

    def _flag(self, mine: list[Item], channel: Channel) -> None:
        at = self.chance.randrange(len(mine))
        value = mine[at].value.swapcase() if channel is Channel.EMAIL else mine[at].value
        mine[at] = replace(mine[at], value=value, opt_out=not mine[at].opt_out)

    def _retype(self, mine: list[Item], channel: Channel) -> None:
        at = self.chance.randrange(len(mine))
        if channel is Channel.PHONE:
            mine[at] = replace(mine[at], type=self.chance.choice(TYPES))

    def _shown(self, mine: list[Item], channel: Channel) -> str:
        value = self._new(channel)
        if normal(channel, value, REGION) in {normal(channel, one.value, REGION) for one in mine}:
            value = (
                f"name{self.typed}.other@example.com" if channel is Channel.EMAIL else f"+4940{1_000_000 + self.typed}"
            )
        return value if channel is Channel.EMAIL else normal(channel, value, REGION)
