"""Addresses and numbers: one row per value for the whole CRM, linked to records (fact sheet, sections 4 and 5).

Flags, the type of a number and the letter case of an address are the row's, so that a write of one record shows on all
that have the value. Only whether it is the primary one belongs to the link.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DEFAULT_TYPE = "Mobile"
TYPES = ("Mobile", "Office", "Home", "Fax", "Other")
Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """Addresses, or numbers: the scalar field, which also names the kind, and how an item of the array looks."""

    field: str

    @property
    def array(self) -> str:
        return f"{self.field}Data"

    def key(self, text: str) -> str:
        """What two spellings of one value share."""
        return text.lower() if self is EMAIL else text

    def flag(self, name: str) -> str:
        return f"{self.field}Is{name}"


EMAIL, PHONE = Kind("emailAddress"), Kind("phoneNumber")
KINDS = (EMAIL, PHONE)


@dataclass(slots=True)
class Row:
    """One value. `text` is how it was written last."""

    text: str
    type: str = DEFAULT_TYPE
    opt_out: bool = False
    invalid: bool = False


@dataclass(slots=True)
class Values:
    """All rows by kind and key, and the links of each record: its keys in the order of their linking, and which is
    primary."""

    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    links: dict[tuple[str, str], dict[str, bool]] = field(default_factory=dict)

    def linked(self, kind: Kind, record: str) -> dict[str, bool]:
        return self.links.setdefault((kind.field, record), {})

    def primary(self, kind: Kind, record: str) -> Row | None:
        key = next((key for key, is_primary in self.linked(kind, record).items() if is_primary), None)
        return None if key is None else self.rows[kind.field, key]

    def holders(self, kind: Kind, key: str) -> list[str]:
        """The records that have it."""
        return [record for (field_name, record), keys in self.links.items() if field_name == kind.field and key in keys]

    def items(self, kind: Kind, record: str) -> list[Item]:
        """As a read shows them: the primary first, then in the order of their linking."""
        links = self.linked(kind, record)
        return [self._item(kind, key, links[key]) for key in sorted(links, key=lambda key: not links[key])]

    def _item(self, kind: Kind, key: str, is_primary: bool) -> Item:
        row = self.rows[kind.field, key]
        flags = {"primary": is_primary, "optOut": row.opt_out, "invalid": row.invalid}
        if kind is EMAIL:
            return {"emailAddress": row.text, "lower": key, **flags}
        return {"phoneNumber": row.text, "type": row.type, **flags}

    # --- writing ------------------------------------------------------------------------------------------------

    def replace(self, kind: Kind, record: str, items: list[Item], before: set[str], protected: set[str]) -> None:
        """Set the array of a record, which was `before` when the write began.

        What another write has linked since stays: so parallel writes merge. Rows that a `protected` record has too keep
        their flags. Two items of one value collapse, the later one counts, and with it whether it is primary.
        """
        if items and not any(item.get("primary") for item in items):
            items = [{**items[0], "primary": True}, *items[1:]]
        wanted = {kind.key(str(item[kind.field])): item for item in items}
        links = self.linked(kind, record)
        for key in before - wanted.keys():
            links.pop(key, None)
        for key, item in wanted.items():
            self._store(kind, key, item, protected)
            links.setdefault(key, False)
        primary = [key for key, item in wanted.items() if item.get("primary")][-1:]
        for key in links:
            links[key] = key in primary

    def _store(self, kind: Kind, key: str, item: Item, protected: set[str]) -> None:
        known = (kind.field, key) in self.rows
        row = self.rows.setdefault((kind.field, key), Row(str(item[kind.field])))
        if known and protected & set(self.holders(kind, key)):
            return
        row.text, row.type = str(item[kind.field]), str(item.get("type") or DEFAULT_TYPE)
        row.opt_out, row.invalid = bool(item.get("optOut")), bool(item.get("invalid"))

    def set_primary(self, kind: Kind, record: str, text: str) -> None:
        """The scalar was written alone: the old primary goes, the others stay; nothing leaves them without one."""
        links = self.linked(kind, record)
        for key in [key for key, is_primary in links.items() if is_primary and key != kind.key(text)]:
            del links[key]
        if text:
            self.rows.setdefault((kind.field, kind.key(text)), Row(text))
            links[kind.key(text)] = True

    def forget(self, record: str) -> None:
        """A record is deleted; its values can be used at once."""
        for kind in KINDS:
            self.links.pop((kind.field, record), None)
