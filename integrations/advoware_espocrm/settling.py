"""What is the same in Advoware, in EspoCRM and in the base, marker and type included: nearly everything, nearly always.

Such an entry needs no line and no step, unless another one has to do with its value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .lines import Begun, Line, Value
from .mapping import KINDS, normal, read_remark
from .plans import Agreed, Entry, Item, Rules

Settled = dict[Value, Agreed]


def settle(
    entries: Sequence[Entry], known: dict[int, Agreed], there: Mapping[Value, Item], rules: Rules
) -> tuple[Settled, list[Entry]]:
    """What is settled, which leaves `known`, and the other entries."""
    settled: Settled = {}
    others: list[Entry] = []
    for entry in entries:
        row = known.get(entry.id)
        value = _settled(entry, row, there, rules) if row is not None and row.key else None
        if row is None or value is None or value in settled:
            others.append(entry)
        else:
            settled[value] = row
            del known[entry.id]
    return settled, others


def _settled(entry: Entry, row: Agreed, there: Mapping[Value, Item], rules: Rules) -> Value | None:
    """The value of the entry, if all agree on it."""
    channel, region = KINDS[row.komm_kz].channel, rules.region
    if channel is None or entry.value != row.value or entry.komm_kz not in (0, row.komm_kz):
        return None
    item = there.get((channel, row.key))
    if item is None or item.type != row.type or normal(channel, entry.value, region) != row.key:
        return None
    if rules.writes_markers:
        remark = read_remark(entry.note)
        if remark.komm_kz != row.komm_kz or not remark.value or normal(channel, remark.value, region) != row.key:
            return None
    return channel, row.key


def unsettle(settled: Settled, entries: Sequence[Entry], lines: list[Line], begun: Begun) -> None:
    """Give a line to what is settled, where another line has, had or was about to get the same value."""
    values = {value for line in lines for value in _values(line, begun) if value in settled}
    rows = {row.entry_id: row for row in map(settled.pop, values)}
    for entry in entries if rows else ():
        row = rows.get(entry.id)
        if row is not None:
            lines.append(Line(row.komm_kz, row, entry, read_remark(entry.note), key=row.key))


def _values(line: Line, begun: Begun) -> Iterable[Value]:
    if line.key:
        yield line.value
    if line.base is not None:
        yield line.channel, line.base.key
        about = begun.of.get(line.base.entry_id)
        if about is not None:
            yield line.channel, about.key
