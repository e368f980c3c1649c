"""The made-up law firm in the simulated Advoware: its account, two parties; more come with use."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .clock import Clock

Record = dict[str, Any]

KANZLEI, DATABASE, USER = "MUSTER", "ADVOWARE", "PRT"
PASSWORD = "made-up:password of the simulator"  # noqa: S105 — opens nothing but the simulator
APP_ID = "made-up-app"
API_KEY = "bWFkZS11cC1rZXktb2YtdGhlLXNpbXVsYXRvcg=="
CLIENT, OPPONENT = 104860, 104861  # parties

MIRRORS = {  # not verified but for `mobil`
    "telGesch": 1,
    "faxGesch": 2,
    "mobil": 3,
    "emailGesch": 4,
    "internet": 5,
    "telPrivat": 6,
    "faxPrivat": 7,
    "email": 8,
    "autotelefon": 9,
    "sonstige": 10,
    "ePost": 11,
    "bea": 12,
}
# What `kommArt` says of which kind is not known, only that it follows from the kind: here the sort of device.
_ARTS = {1: 0, 6: 0, 9: 0, 10: 0, 2: 1, 7: 1, 3: 2, 4: 3, 8: 3, 11: 3, 12: 3, 5: 4}


def row_id() -> str:
    """40 capital letters that nobody can guess, and that do not come again."""
    return "".join(secrets.choice(string.ascii_uppercase) for _ in range(40))


@dataclass(slots=True)
class World:
    clock: Clock = field(default_factory=Clock)
    parties: dict[int, Record] = field(default_factory=dict)  # master data alone
    entries: dict[int, Record] = field(default_factory=dict)  # Kommunikationen with their real kind, by id
    of_party: dict[int, list[int]] = field(default_factory=dict)  # ids of entries, in the order of the program
    tokens: dict[str, datetime] = field(default_factory=dict)  # and when each ends
    nonces: set[str] = field(default_factory=set)
    last_party: int = CLIENT - 1
    last_entry: int = 88000

    def add_party(self, number: int = 0, **values: Any) -> Record:
        number = number or self.last_party + 1
        self.last_party = max(number, self.last_party)
        row: Record = {
            "betNr": number,
            "rowId": row_id(),
            "geaendertAm": self.clock.stamp(),
            "name": "",
            "vorname": None,
            "anrede": None,
            "rechtsform": None,
            "geburtsdatum": None,
        } | values
        self.parties[number], self.of_party[number] = row, []
        return row

    def change_party(self, number: int, **values: Any) -> Record:
        """Master data: only this moves the party's own `rowId`."""
        row = self.parties[number]
        row |= values | {"rowId": row_id(), "geaendertAm": self.clock.stamp()}
        return row

    def remove_party(self, number: int) -> None:
        del self.parties[number]
        for entry in self.of_party.pop(number):
            del self.entries[entry]

    def add_entry(self, party: int, *, tlf: str, komm_kz: int, bemerkung: str | None, online: bool) -> Record:
        self.last_entry += 1
        row: Record = {
            "id": self.last_entry,
            "betNr": party,
            "rowId": row_id(),
            "kommKz": komm_kz,
            "tlf": tlf,
            "bemerkung": bemerkung,
            "online": online,
        }
        self.entries[row["id"]] = row
        self.of_party[party].append(row["id"])
        return row

    def change_entry(self, number: int, **values: Any) -> Record:
        """Every write gives a new `rowId`, also one that changes nothing."""
        row = self.entries[number]
        row |= values | {"rowId": row_id()}
        return row

    def remove_entry(self, number: int) -> Record:
        row = self.entries.pop(number)
        self.of_party[row["betNr"]].remove(number)
        return row

    def entries_of(self, party: int) -> list[Record]:
        return [self.entries[number] for number in self.of_party[party]]

    def shown(self, party: int, *, tells_kind: bool) -> Record:
        """A party as a GET shows it: master data, the fields that repeat the first value of each kind, and the list."""
        entries = self.entries_of(party)
        first: dict[int, str] = {}
        for row in entries:
            if row["tlf"]:
                first.setdefault(row["kommKz"], row["tlf"])
        repeated = {name: first.get(kind) for name, kind in MIRRORS.items()}
        listed = [shown_entry(row, tells_kind=tells_kind) for row in entries]
        return self.parties[party] | repeated | {"kommunikation": listed}


def shown_entry(row: Record, *, tells_kind: bool) -> Record:
    """`kommKz` reads 0: the bug that every source has."""
    return row | {"kommArt": _ARTS[row["kommKz"]], "kommKz": row["kommKz"] if tells_kind else 0}


def demo_world() -> World:
    world = World()
    client = world.add_party(name="Lindqvist", vorname="Rosa", anrede="Frau", geburtsdatum="1971-05-04T00:00:00")
    world.add_party(name="Hafenlogistik Muster GmbH", rechtsform="GmbH")
    for tlf, kind, remark in (
        ("0511/12345-60", 1, None),
        ("0170 5550123", 3, "nur abends"),
        ("rosa@lindqvist.example.com", 4, ""),
    ):
        world.add_entry(client["betNr"], tlf=tlf, komm_kz=kind, bemerkung=remark, online=False)
    return world
