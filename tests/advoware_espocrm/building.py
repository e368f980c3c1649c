"""Short ways to write both lists, their base and the plan of a merge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from integrations.advoware_espocrm.mapping import KINDS, Channel, normal
from integrations.advoware_espocrm.merge import Agreed, Item, Plan, Put, Rules, merge
from integrations.advoware_espocrm.merge import Entry as Entry

MAIL, PHONE = Channel.EMAIL, Channel.PHONE


def mail(value: str, *, primary: bool = False, opt_out: bool = False, invalid: bool = False) -> Item:
    return Item(MAIL, value, "", primary, opt_out, invalid)


def phone(value: str, type_: str = "Office", *, primary: bool = False, opt_out: bool = False) -> Item:
    return Item(PHONE, value, type_, primary, opt_out)


def agreed(entry_id: int, komm_kz: int, value: str = "", type_: str | None = None) -> Agreed:
    """A row of the base; without a value it is a slot."""
    kind = KINDS[komm_kz]
    assert kind.channel is not None
    if not value:
        return Agreed(entry_id, komm_kz)
    key = normal(kind.channel, value, "DE")
    return Agreed(entry_id, komm_kz, key, value, kind.type if type_ is None else type_)


def planned(
    entries: Iterable[Entry] = (),
    items: Iterable[Item] = (),
    base: Iterable[Agreed] = (),
    *,
    fields: Mapping[int, str] | None = None,
    begun: Iterable[Agreed] = (),
    **rules: Any,
) -> Plan:
    return merge(list(entries), fields or {}, list(items), list(base), Rules(**rules), list(begun))


def put(plan: Plan, entry_id: int) -> Put:
    """The one write to an entry."""
    [write] = [one for one in plan.advoware if isinstance(one, Put) and one.entry_id == entry_id]
    return write


def values(items: Iterable[Item] | None) -> list[str]:
    assert items is not None, "EspoCRM is not written"
    return [item.value for item in items]
