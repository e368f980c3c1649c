"""Advoware's entries as lines: what the base knows of each, what its marker tells, and of which kind it is."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from .lines import Begun, Line, Step, Value
from .mapping import KINDS, NO_REMARK, Channel, Mirrors, Remark, normal, plain, read_remark, told
from .plans import Agreed, Entry, Item, Rules
from .settling import Settled, settle, unsettle


@dataclass(frozen=True, slots=True)
class Read:
    """A line for each entry that is synchronised, and for each base whose entry is gone; what has none apart."""

    lines: list[Line]
    slots: list[Line]
    settled: Settled


def read_entries(
    entries: Sequence[Entry],
    fields: Mapping[int, str],
    there: Mapping[Value, Item],
    base: Iterable[Agreed],
    begun: Begun,
    rules: Rules,
) -> Read:
    """Advoware's entries against the base; `there` is what EspoCRM has."""
    known = _known(entries, base, begun, rules)
    settled, others = settle(entries, known, there, rules)
    filled: list[Line] = []
    by_marker: list[Line] = []
    gone: list[Line] = []
    slots: list[Line] = []
    for entry in others:
        remark = read_remark(entry.note)
        old = _told(known.pop(entry.id, None), entry)
        row = _base_of(entry, remark, old, there, rules)
        if plain(entry.value):
            komm_kz = row.komm_kz if row else told(entry.komm_kz, remark)
            filled.append(Line(komm_kz, row if row and row.key else None, entry, remark))
            by_marker += filled[-1:] if row is not old else []
        elif row is not None and row.key and not remark.is_slot:
            gone.append(Line(row.komm_kz, row, entry, remark))
        elif komm_kz := row.komm_kz if row else told(entry.komm_kz, remark) if remark.is_slot else 0:
            slots.append(Line(komm_kz, row, entry, remark, step=Step.FORGET))
    _disown_copies(filled, by_marker, settled, rules.region)
    _guess_kinds(filled, settled, fields, rules.region)
    filled = [line for line in filled if KINDS[line.komm_kz].channel]
    for line in filled:
        _set_key(line, begun, rules.region)
    gone += [Line(row.komm_kz, row) for row in known.values() if row.key]
    lines = filled + gone
    unsettle(settled, entries, lines, begun)
    return Read(lines, slots, settled)


def _known(entries: Sequence[Entry], base: Iterable[Agreed], begun: Begun, rules: Rules) -> dict[int, Agreed]:
    """The base by entry; a write that was begun and has been carried out counts."""
    known = {row.entry_id: row for row in base}
    for entry in entries if begun.of else ():
        row = begun.of.get(entry.id)
        channel = KINDS[row.komm_kz].channel if row else None
        if row and channel and _is_done(row, known.get(entry.id), entry, channel, rules):
            known[entry.id] = row
    return known


def _is_done(row: Agreed, old: Agreed | None, entry: Entry, channel: Channel, rules: Rules) -> bool:
    """Whether the entry got this value, or its marker did and somebody has changed the value since.

    Without a marker, an entry that was to be emptied and has another value than before counts as emptied and filled.
    """
    remark = read_remark(entry.note)
    key = normal(channel, entry.value, rules.region) if plain(entry.value) else ""
    has_marker = rules.writes_markers and remark.value  # else nobody refreshes it
    if key == row.key or (key and row.key and has_marker and normal(channel, remark.value, rules.region) == row.key):
        return True
    return not row.key and ((remark.is_slot and rules.writes_markers) or (old is not None and key != old.key))


def _base_of(entry: Entry, remark: Remark, row: Agreed | None, there: Container[Value], rules: Rules) -> Agreed | None:
    """The base of an entry: the portal's, or what the marker says where the portal has none or an older one."""
    if row is not None and (not plain(entry.value) or not _is_older(row, entry, remark, there, rules)):
        return row
    channel = KINDS[remark.komm_kz].channel if remark.value and remark.komm_kz else None
    if channel is None:
        return Agreed(entry.id, row.komm_kz) if row else None
    key = normal(channel, remark.value, rules.region)
    return _told(Agreed(entry.id, remark.komm_kz, key, remark.value, ""), entry) or row


def _is_older(row: Agreed, entry: Entry, remark: Remark, there: Container[Value], rules: Rules) -> bool:
    """Whether the marker of a filled entry was written later than the base: after a death, or before a restore.

    So it is where a slot has the marker of a value, or a value that EspoCRM has not the marker of a slot; and where the
    marker names what EspoCRM has, and nobody has what the base names.
    """
    channel = KINDS[row.komm_kz].channel
    if not rules.writes_markers:
        return False  # nobody refreshes it
    if channel is None or not row.key:
        return True
    if (channel, row.key) in there:
        return False
    if remark.is_slot:
        return True
    is_in_espocrm = remark.komm_kz == row.komm_kz and (channel, normal(channel, remark.value, rules.region)) in there
    return is_in_espocrm and normal(channel, entry.value, rules.region) != row.key


def _told(row: Agreed | None, entry: Entry) -> Agreed | None:
    """The base, corrected where Advoware says of which kind the entry is; none, where it is of the other list."""
    if row is None or entry.komm_kz in (0, row.komm_kz) or entry.komm_kz not in KINDS:
        return row
    is_same_list = KINDS[entry.komm_kz].channel is KINDS[row.komm_kz].channel
    return replace(row, komm_kz=entry.komm_kz) if is_same_list else None


def _disown_copies(lines: list[Line], by_marker: list[Line], settled: Settled, region: str) -> None:
    """A marker that came along when a remark was copied speaks of the entry it was copied from, not of this one.

    It is a copy where it names what another entry has in the base, and this one has something else.
    """
    changed = {line for line in by_marker if line.base and _key(line, region) != line.base.key}
    if not changed:
        return
    theirs = {(line.komm_kz, line.base.key) for line in lines if line.base and line not in changed}
    theirs |= {(row.komm_kz, row.key) for row in settled.values()}
    for line in changed:
        if line.base and line.entry and (line.komm_kz, line.base.key) in theirs:
            line.base, line.komm_kz = None, told(line.entry.komm_kz, NO_REMARK)


def _guess_kinds(lines: list[Line], settled: Settled, fields: Mapping[int, str], region: str) -> None:
    """Give the entries a kind that do not tell theirs."""
    unknown = [line for line in lines if not line.komm_kz]
    if not unknown:
        return
    mirrors = Mirrors(fields, region)
    for line in lines:
        if line.komm_kz and line.entry:
            mirrors.met(line.komm_kz, line.entry.value)
    for komm_kz, value in fields.items():
        channel = KINDS[komm_kz].channel if komm_kz in KINDS else None
        one = settled.get((channel, normal(channel, value, region))) if channel else None
        if one and one.komm_kz == komm_kz:
            mirrors.met(komm_kz, value)
    for line in unknown:
        assert line.entry is not None
        guess = mirrors.guess(line.entry.value)
        line.komm_kz, line.is_known = guess.komm_kz, guess.is_known
        mirrors.met(guess.komm_kz, line.entry.value)


def _set_key(line: Line, begun: Begun, region: str) -> None:
    """Give a filled line its key, and the base of an entry that was about to be made."""
    line.key = _key(line, region)
    if line.base is None and line.entry is not None and begun.made.get(line.value):
        row = begun.made[line.value].pop()
        line.base, line.komm_kz = replace(row, entry_id=line.entry.id), row.komm_kz


def _key(line: Line, region: str) -> str:
    return normal(line.channel, line.entry.value, region) if line.entry else ""
