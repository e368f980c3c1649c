"""The oracle: a full compare of TOGA 2 and TOGaDesk, and a way to begin with both empty."""

from __future__ import annotations

from typing import Any

from integrations.vendors.toga.simulator import TogaSimulator
from integrations.vendors.togadesk.simulator import TogadeskSimulator

TABLES = ("files", "tickets_history", "comments", "tickets_replies", "tickets", "people", "groups")


def empty(toga: TogaSimulator, desk: TogadeskSimulator) -> None:
    """Neither has a ticket, nor the desk any reference data."""
    toga.reset()
    for table in TABLES:
        desk.database.run(f"DELETE FROM `{table}`")  # noqa: S608 — our own names
    for path in desk.uploads.iterdir():
        path.unlink()


def differences(toga: TogaSimulator, desk: TogadeskSimulator) -> list[str]:
    """What is not the same on both sides, or there twice; empty when they agree."""
    found = []
    ours, theirs = _toga(toga), _desk(desk)
    if ours != theirs:
        found.append(f"TOGA 2 has {ours}, TOGaDesk has {theirs}")
    for table in ("tickets", "tickets_replies", "comments"):
        found += [f"{table} {row['id']} has no other half" for row in desk.table(table) if not row["referenceid"]]
    named = {row["file"] for row in desk.table("files")}
    stored = {path.name for path in desk.uploads.iterdir()}
    if named != stored:
        found.append(f"rows name {sorted(named)}, the folder has {sorted(stored)}")
    return found


def _toga(toga: TogaSimulator) -> list[Any]:
    data, found = toga.data, []
    for ticket in data.records["tickets"].values():
        notes = []
        for note in data.under("ticket-notes", ticket["uuid"]):
            links = data.under("ticket-note-files", note["uuid"])
            files = [data.records["files"][link["file"]] for link in links]
            notes.append((note["note"], note["isExternal"], sorted((f["name"], f["content"]) for f in files)))
        found.append((ticket["subject"], ticket["status"], ticket["priority"], sorted(notes)))
    return sorted(found)


def _desk(desk: TogadeskSimulator) -> list[Any]:
    found = []
    files: dict[int, list[tuple[str, bytes]]] = {}
    for row in desk.table("files"):
        stored = desk.uploads / (row["file"] or "missing")
        content = stored.read_bytes() if stored.is_file() else b"(missing)"
        files.setdefault(row["ticketreplyid"], []).append((row["name"], content))
    for ticket in desk.table("tickets"):
        said = [
            (row["message"], True, sorted(files.get(row["id"], [])))
            for row in desk.table("tickets_replies")
            if row["ticketid"] == ticket["id"]
        ]
        said += [(row["comment"], False, []) for row in desk.table("comments") if row["ticketid"] == ticket["id"]]
        found.append((ticket["subject"], ticket["status"], ticket["priority"], sorted(said)))
    return sorted(found)
