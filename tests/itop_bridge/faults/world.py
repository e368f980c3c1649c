"""Both iTops and the portal between them, and a scene in which every kind of write is due."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import time_machine

from tests.faults.driver import Driver
from tests.itop_bridge.oracle import differences
from tests.vendors.itop.saying import SayingItop, both

from .portal import BACK_REFERENCE

ROUNDS = 12
PIXEL = base64.b64encode(b"GIF89a made up").decode()
Hint = tuple[str, str, str]  # role, event, body


@dataclass
class World:
    external: SayingItop
    internal: SayingItop
    portal: Driver
    clock: time_machine.Traveller

    def begin(self) -> list[Hint]:
        """A pair that agreed, and then changes in every way on both sides; and a new ticket. The webhooks about it."""
        both()
        self.portal.do("forget")
        outside, inside = self.external.do, self.internal.do
        outside("custom_field", {"name": BACK_REFERENCE})
        files = [{"name": f"{name}.txt", "text": name} for name in ("deleted", "replaced", "kept")]
        old = outside("new_ticket", {"title": "pair", "files": files})
        assert self.settled(rounds=1)["held"] == []
        twin = self.twin_of(old)
        gone, other, _ = (one["id"] for one in self.external.data.attachments_of(self.ticket(self.external, old)))
        outside("edit_ticket", {"ticket": old, "title": "pair, changed", "urgency": "1"})
        outside("add_log", {"ticket": old, "text": "said outside", "picture": "shot.png"})
        outside("attach", {"ticket": old, "name": "outside.txt", "text": "from outside"})
        outside("delete_attachment", {"attachment": gone})
        outside("replace_attachment", {"attachment": other, "text": "another content", "name": "renamed.txt"})
        inside("add_log", {"ticket": twin, "text": "said inside", "by": "otto"})
        inside("attach", {"ticket": twin, "name": "inside.txt", "text": "from inside"})
        inside("stimulate", {"ticket": twin, "stimulus": "ev_assign"})
        inside("stimulate", {"ticket": twin, "stimulus": "ev_pending"})
        text = f'<p>Look <img src="data:image/gif;base64,{PIXEL}"></p>'
        new = outside("new_ticket", {"title": "new", "description": text, "private_log": "said before"})
        outside("attach", {"ticket": new, "name": "new.bin", "size": 150_001})
        self.external.calls.clear()
        self.internal.calls.clear()
        self.passes(60)
        ticket, attachment = '{"id": "%s"}', '{"attachment_id": "%s", "item_class": "UserRequest", "item_id": "%s"}'
        return [
            ("external", "update-attachment", attachment % (other, old)),
            ("external", "update-attachment", attachment % (gone, old)),
            ("internal", "ticket-state-change", ticket % twin),
            ("external", "create-ticket", ticket % new),
        ]

    def ticket(self, itop: SayingItop, number: int) -> dict[str, Any]:
        found = itop.data.get("Ticket", number)
        assert found is not None
        return found

    def twin_of(self, ticket: int) -> int:
        """By what the bridge wrote on the external ticket."""
        ref = self.ticket(self.external, ticket)[BACK_REFERENCE]
        return next(int(one["id"]) for one in self.internal.data.all("Ticket") if one["ref"] == ref)

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
        """What is not the same on both sides, or there twice, or written twice; empty when they agree."""
        refs = [one[BACK_REFERENCE] for one in self.external.data.all("Ticket")]
        twins = [one["ref"] for one in self.internal.data.all("Ticket")]
        found = differences(self.external, self.internal)
        return found if refs == twins else [*found, f"the refs outside are {refs} instead of {twins}"]
