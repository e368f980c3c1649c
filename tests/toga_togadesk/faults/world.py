"""Both systems and the portal between them, and the oracle: a full compare of what is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import time_machine

from integrations.vendors.toga.simulator import TogaSimulator
from integrations.vendors.togadesk.simulator import TogadeskSimulator
from tests.faults.driver import Driver

TABLES = ("files", "tickets_history", "comments", "tickets_replies", "tickets", "people", "groups")
ROUNDS = 12


@dataclass
class World:
    toga: TogaSimulator
    desk: TogadeskSimulator
    portal: Driver
    clock: time_machine.Traveller

    def begin(self) -> None:
        """An older pair that agrees, with something new on both sides of it, and a new ticket on each side."""
        self.toga.reset()
        for table in TABLES:
            self.desk.database.run(f"DELETE FROM `{table}`")  # noqa: S608 — our own names
        for path in self.desk.uploads.iterdir():
            path.unlink()
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
        found = []
        ours, theirs = self._toga(), self._desk()
        if ours != theirs:
            found.append(f"TOGA 2 has {ours}, TOGaDesk has {theirs}")
        for table in ("tickets", "tickets_replies", "comments"):
            found += [
                f"{table} {row['id']} has no other half" for row in self.desk.table(table) if not row["referenceid"]
            ]
        named = {row["file"] for row in self.desk.table("files")}
        stored = {path.name for path in self.desk.uploads.iterdir()}
        if named != stored:
            found.append(f"rows name {sorted(named)}, the folder has {sorted(stored)}")
        return found

    def _toga(self) -> list[Any]:
        data, found = self.toga.data, []
        for ticket in data.records["tickets"].values():
            notes = []
            for note in data.under("ticket-notes", ticket["uuid"]):
                links = data.under("ticket-note-files", note["uuid"])
                files = [data.records["files"][link["file"]] for link in links]
                notes.append((note["note"], note["isExternal"], sorted((f["name"], f["content"]) for f in files)))
            found.append((ticket["subject"], ticket["status"], ticket["priority"], sorted(notes)))
        return sorted(found)

    def _desk(self) -> list[Any]:
        found = []
        files: dict[int, list[tuple[str, bytes]]] = {}
        for row in self.desk.table("files"):
            stored = self.desk.uploads / (row["file"] or "missing")
            content = stored.read_bytes() if stored.is_file() else b"(missing)"
            files.setdefault(row["ticketreplyid"], []).append((row["name"], content))
        for ticket in self.desk.table("tickets"):
            said = [
                (row["message"], True, sorted(files.get(row["id"], [])))
                for row in self.desk.table("tickets_replies")
                if row["ticketid"] == ticket["id"]
            ]
            said += [
                (row["comment"], False, []) for row in self.desk.table("comments") if row["ticketid"] == ticket["id"]
            ]
            found.append((ticket["subject"], ticket["status"], ticket["priority"], sorted(said)))
        return sorted(found)
