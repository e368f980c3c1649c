"""Both systems and the portal between them, and the oracle: a full compare of what is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import time_machine

from integrations.vendors.toga.simulator import TogaSimulator
from integrations.vendors.togadesk.simulator import TogadeskSimulator
from tests.faults.driver import Driver
from tests.toga_togadesk.oracle import differences, empty

ROUNDS = 12


@dataclass
class World:
    toga: TogaSimulator
    desk: TogadeskSimulator
    portal: Driver
    clock: time_machine.Traveller

    def begin(self) -> None:
        """An older pair that agrees, with something new on both sides of it, and a new ticket on each side."""
        empty(self.toga, self.desk)
        self.portal.do("forget")
        pair = self.toga.do("add_ticket", {"subject": "pair", "priority": "Low"})
        self.note(pair, "first")
        assert self.settled()["held"] == []
        (row,) = self.desk.table("tickets")
        self.toga.do("edit_ticket", {"uuid": pair, "status": "In work"})
        self.toga.do("add_file", {"note": self.note(pair, "from toga"), "name": "toga.txt", "content": "toga"})
        self.desk.edit_ticket(row["id"], priority="High")
        self.desk.add_file(self.desk.reply(row["id"], "from the desk"), "desk.txt", b"desk")
        new = self.toga.do("add_ticket", {"subject": "new in toga"})
        self.note(new, "external")
        self.note(new, "internal", external=False)
        made = self.desk.add_ticket("new at the desk")
        self.desk.add_file(self.desk.reply(made, "reply"), "new.txt", b"new")
        self.desk.comment(made, "comment")
        self.toga.calls.clear()
        self.passes(60)

    def note(self, ticket: str, text: str, *, external: bool = True) -> str:
        return str(self.toga.do("add_note", {"ticket": ticket, "text": text, "external": external}))

    def passes(self, seconds: float) -> None:
        """Time goes on for everybody."""
        self.clock.shift(seconds)
        self.portal.do("set_clock", now=datetime.now(UTC).isoformat())

    def settled(self) -> dict[str, Any]:
        """Both directions run, some minutes apart, until neither writes; what is held then."""
        quiet, said = 0, {"held": ["never quiet"]}
        for _ in range(ROUNDS):
            self.passes(600)
            said = self.portal.do("both")
            quiet = 0 if said["wrote"] else quiet + 1
            if quiet == 2:
                return said
        return said | {"held": [*said["held"], "never quiet"]}

    def differences(self) -> list[str]:
        """What is not the same on both sides, or there twice; empty when they agree."""
        return differences(self.toga, self.desk)
