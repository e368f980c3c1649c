"""Both programs and the portal between them, and a party to which everything happens that can."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import time_machine

from integrations.vendors.simulation import Call
from tests.advoware_espocrm.scene import ENTITY, PARTY
from tests.faults.driver import Driver
from tests.vendors.advoware.saying import SayingAdvoware
from tests.vendors.espocrm.saying import SayingEspocrm

ROUNDS = 8
# Kinds and values of the pair at rest, by what becomes of them.
AT_REST = {
    "stays": (4, "stays@example.com"),
    "changed in Advoware": (4, "changed@example.com"),
    "deleted in Advoware": (4, "deleted@example.com"),
    "emptied in Advoware": (4, "emptied@example.com"),
    "retyped in EspoCRM": (1, "030 2311101"),
    "deleted in EspoCRM": (3, "0172 2311102"),
    "changed in EspoCRM": (6, "030 2311103"),
}


@dataclass(frozen=True)
class End:
    """What both programs show, and the writes that were carried out on the way."""

    entries: list[tuple[Any, ...]]
    emails: list[tuple[Any, ...]]
    phones: list[tuple[Any, ...]]
    writes: Counter[str]


@dataclass(eq=False)
class World:
    advoware: SayingAdvoware
    espocrm: SayingEspocrm
    portal: Driver
    clock: time_machine.Traveller
    contact: str = ""

    def begin(self, *, markers: bool = True) -> None:
        """A pair that agrees, and then values that are new, changed, deleted and retyped on both sides of it."""
        self.advoware.reset()
        self.espocrm.reset()
        self.portal.do("forget", markers=markers)
        self.passes(60)
        self.advoware.do("new_party", {"name": "Party", "betnr": PARTY})
        ids = {
            what: self.advoware.do("new_entry", {"betnr": PARTY, "tlf": value, "komm_kz": kind, "bemerkung": "theirs"})
            for what, (kind, value) in AT_REST.items()
        }
        self.contact = self.espocrm.do("new_party", {"last_name": "Party", "number": PARTY})
        self.settle()
        self._change(ids)
        self.advoware.calls.clear()
        self.espocrm.calls.clear()
        self.passes(60)

    def _change(self, ids: dict[str, int]) -> None:
        left, right = self.advoware.do, self.espocrm.do
        left("edit_entry", {"entry": ids["changed in Advoware"], "tlf": "changed.there@example.com"})
        left("edit_entry", {"entry": ids["emptied in Advoware"], "tlf": ""})
        left("delete_entry", {"entry": ids["deleted in Advoware"]})
        left("new_entry", {"betnr": PARTY, "tlf": "030 2311104", "komm_kz": 2})
        here = {"party": self.contact}
        right("flag_value", {**here, "value": "+49302311101", "type": "Mobile"})
        right("remove_value", {**here, "value": "+491722311102"})
        right("replace_value", {**here, "value": "+49302311103", "by": "+49302311105"})
        for new in ("one@example.com", "two@example.com", "+491722311106"):
            right("add_value", {**here, "value": new})

    def edit_again(self) -> None:
        """What was new or changed in EspoCRM is changed once more."""
        for old, new in (("one@example.com", "newer@example.com"), ("+49302311105", "+49302311107")):
            self.espocrm.do("replace_value", {"party": self.contact, "value": old, "by": new})

    def passes(self, seconds: float) -> None:
        """Time goes on for everybody."""
        self.clock.shift(seconds)
        self.portal.do("set_clock", now=datetime.now(UTC).isoformat())

    def settle(self) -> None:
        """Rounds, some minutes apart, until one writes nothing and nothing is held."""
        said: dict[str, Any] = {}
        for _ in range(ROUNDS):
            before = sum(self._writes().values())
            self.passes(600)
            said = self.portal.do("round")
            if sum(self._writes().values()) == before and not said["held"]:
                return
        raise AssertionError(f"it never comes to rest: {said}")

    def end(self) -> End:
        rows = self.advoware.data.entries_of(PARTY)
        record = self.espocrm.data.whole(self.espocrm.data.records[ENTITY][self.contact], versions=False)
        return End(
            sorted((row["kommKz"], row["tlf"], row["bemerkung"], row["online"]) for row in rows),
            [tuple(one.values()) for one in record["emailAddressData"]],
            [tuple(one.values()) for one in record["phoneNumberData"]],
            self._writes(),
        )

    def _writes(self) -> Counter[str]:
        """How often each was carried out: `POST` of an entry with its value, `PUT` of an entry, `PUT` of the record."""
        found = Counter(_entry(call) for call in self.advoware.calls if call.committed and "/advonet/" in call.path)
        return found + Counter("EspoCRM" for call in self.espocrm.calls if call.committed)


def _entry(call: Call) -> str:
    if call.method == "POST":
        return f"POST {json.loads(call.body)['tlf']}"
    return f"{call.method} {call.path.rpartition('/')[2]}"
