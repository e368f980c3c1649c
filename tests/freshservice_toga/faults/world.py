"""Both systems and the portal between them, and a scene that has something of everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import time_machine

from integrations.vendors.freshservice.simulator.world import GROUP, OTHER_GROUP, OTHER_REQUESTER
from integrations.vendors.toga.simulator import TogaSimulator
from tests.faults.driver import Driver
from tests.freshservice_toga.oracle import differences, empty
from tests.vendors.freshservice.saying import SayingFreshservice

ROUNDS = 12


@dataclass
class World:
    fresh: SayingFreshservice
    toga: TogaSimulator
    portal: Driver
    clock: time_machine.Traveller

    def begin(self) -> list[int]:
        """A ticket that agrees, and then changes in every way; a new one of somebody else. Their numbers."""
        empty(self.fresh, self.toga)
        self.portal.do("forget")
        do = self.fresh.do
        old = do("new_ticket", {"subject": "pair", "description": "<p>first</p>"})
        edited = do("note", {"ticket": old, "text": "<p>Frist</p>"})
        gone = do("note", {"ticket": old, "text": "<p>Never mind</p>"})
        do("attach", {"ticket": old, "name": "old.txt", "text": "old"})
        assert self.settled(rounds=1)["held"] == []
        do("edit_ticket", {"ticket": old, "subject": "pair, changed", "status": 4, "group_id": GROUP})
        do("edit_note", {"conversation": edited, "text": "<p>First</p>"})
        do("delete_conversation", {"conversation": gone})
        do("attach", {"conversation": edited, "name": "late.txt", "text": "late"})
        values = {"requester_id": OTHER_REQUESTER, "group_id": OTHER_GROUP, "category": "Hardware"}
        new = do("new_ticket", {"subject": "new", "description": "<p>dead</p>", "sub_category": "Laptop", **values})
        said = do("reply", {"ticket": new, "text": "<p>coming</p>"})
        do("attach", {"ticket": new, "name": "log.bin", "size": 150_001})
        do("attach", {"conversation": said, "name": "log.bin", "size": 150_002})
        do("insert_image", {"ticket": new})
        self.fresh.calls.clear()
        self.toga.calls.clear()
        self.passes(60)
        return [old, new]

    def passes(self, seconds: float) -> None:
        """Time goes on for everybody."""
        self.clock.shift(seconds)
        self.portal.do("set_clock", now=datetime.now(UTC).isoformat())

    def settled(self, *, rounds: int = 2) -> dict[str, Any]:
        """Rounds, some minutes apart, until so many in a row wrote nothing; what is held then."""
        quiet, said = 0, {"held": ["never quiet"]}
        for _ in range(ROUNDS):
            self.passes(600)
            said = self.portal.do("round")
            quiet = 0 if said["wrote"] else quiet + 1
            if quiet == rounds:
                return said
        return said | {"held": [*said["held"], "never quiet"]}

    def differences(self) -> list[str]:
        """What is not in TOGA 2 as it is in Freshservice, or there twice; empty when they agree."""
        return differences(self.fresh, self.toga)
