"""Two helpdesks come to show the same conversation, by the books of both."""

from __future__ import annotations

from typing import Any

from integrations.core.models import HeldItem, SyncRun
from integrations.demo import stream_page
from integrations.demo.stage import Chapter, Stage, expect
from integrations.demo.visitor import Page

from .world import AT_THE_DESK, IN_TOGA, TICKETS, build, desk, integration

TO_DESK, TO_TOGA = TICKETS
TOLD = len(IN_TOGA) + len(AT_THE_DESK)


def build_world(stage: Stage) -> str:
    return build(stage.simulators["toga"])


chapter = Chapter("toga_togadesk", "Two helpdesks show the same conversation", world=build_world)


def page_of(stage: Stage, stream: str) -> Page:
    return stream_page.page_of(stage, integration(), stream)


def press(stage: Stage, stream: str, button: str) -> SyncRun:
    return stream_page.press(stage, integration(), stream, button)


def created(stream: str) -> int:
    """By all runs: an approved stream is also started by the clock, which may be faster than the button."""
    runs = SyncRun.objects.filter(stream__integration=integration(), stream__slug=stream, is_dry=False)
    return sum(run.created for run in runs)


def toga(stage: Stage) -> Any:
    return stage.simulators["toga"].simulator


def said_in_toga(stage: Stage) -> list[tuple[str, bool]]:
    notes = toga(stage).data.records["ticket-notes"].values()
    return sorted((note["note"], note["isExternal"]) for note in notes)


def said_at_the_desk() -> list[tuple[str, bool]]:
    made = desk()
    said = [(row["message"], True) for row in made.table("tickets_replies")]
    said += [(row["comment"], False) for row in made.table("comments")]
    made.database.close()
    return sorted(said)


@chapter.step("An admin tests both connections")
def test_connections(stage: Stage) -> str:
    visitor = stage.visitor("admin")
    for role in ("toga", "togadesk"):
        form = visitor.get(f"/admin/core/connection/{integration().connection(role).pk}/change/")
        page = visitor.press(form, "Test connection")
        expect("Everything works." in page.text, f"the page says: {page.text[:600]}")
    return "filters, sorting, tables and the folder are as expected"


@chapter.step("Nothing is written before an admin has seen a dry run and approved it")
def dry_run(stage: Stage) -> str:
    expect(not page_of(stage, TO_DESK).has_button("Approve the first run"), "it can be approved unseen")
    run = press(stage, TO_DESK, "Dry run")
    expect(run.created == len(IN_TOGA), f"the dry run says: {run.outcome}")
    shown = stage.visitor("admin").get(f"/admin/core/syncrun/{run.pk}/change/")
    expect(IN_TOGA[0][0] in shown.text, f"the page says: {shown.text[:600]}")
    expect(len(said_at_the_desk()) == 3, "something was written")
    for stream in TICKETS:
        if stream != TO_DESK:
            press(stage, stream, "Dry run")
        stage.visitor("admin").press(page_of(stage, stream), "Approve the first run")
    return str(run.outcome)


@chapter.step("The first runs bring every ticket to the other side")
def first_runs(stage: Stage) -> str:
    one, other = press(stage, TO_DESK, "Run now"), press(stage, TO_TOGA, "Run now")
    made = [created(stream) for stream in (TO_DESK, TO_TOGA)]
    expect(made == [len(IN_TOGA), len(AT_THE_DESK)], f"{made}; {one.outcome} {other.outcome}")
    expect(said_in_toga(stage) == said_at_the_desk(), f"{said_in_toga(stage)} against {said_at_the_desk()}")
    return f"{TOLD} tickets on both sides, with the same conversation"


@chapter.step("A second run writes nothing: there is no echo")
def no_echo(stage: Stage) -> str:
    press(stage, TO_DESK, "Run now")
    before = len(toga(stage).calls)
    one, other = press(stage, TO_DESK, "Run now"), press(stage, TO_TOGA, "Run now")
    expect(not (one.created or one.updated or other.created or other.updated), f"{one.outcome} {other.outcome}")
    calls = [call for call in toga(stage).calls[before:] if call.method != "GET"]
    expect(not calls, f"TOGA 2 was written to: {[call.path for call in calls]}")
    return f"{len(toga(stage).calls) - before} calls, all of them questions"


@chapter.step("TOGA 2 takes a reply, but its answer is lost; the reply is there once")
def answer_lost(stage: Stage) -> str:
    made = desk()
    row = made.table("tickets")[0]["id"]
    made.add_file(made.reply(row, "A new battery is ordered."), "order.txt", b"One battery, please.")
    made.database.close()
    toga(stage).fault("answer_lost", method="POST", path="/ticket-notes$")
    first = press(stage, TO_TOGA, "Run now")
    expect(first.held == 1, f"the run says: {first.outcome}")
    press(stage, TO_TOGA, "Retry it")
    said = [note for note, _ in said_in_toga(stage)].count("A new battery is ordered.")
    held = HeldItem.objects.filter(stream__integration=integration(), state=HeldItem.State.HELD).count()
    expect((said, held) == (1, 0), f"{said} notes, {held} held")
    content = [row["content"] for row in toga(stage).data.records["files"].values() if row["name"] == "order.txt"]
    expect(content == [b"One battery, please."], f"the file is {content}")
    return "one note with its file"


@chapter.step("Both sides edit one ticket; neither loses its change")
def both_edit(stage: Stage) -> str:
    made = desk()
    row = made.table("tickets")[0]
    made.edit_ticket(row["id"], status="In progress")
    toga(stage).do("edit_ticket", {"uuid": row["referenceid"], "priority": "Urgent"})
    press(stage, TO_DESK, "Run now")
    press(stage, TO_TOGA, "Run now")
    now, there = made.table("tickets")[0], toga(stage).data.records["tickets"][row["referenceid"]]
    made.database.close()
    seen = (now["status"], now["priority"], there["status"], there["priority"])
    expect(seen == ("In progress", "Urgent") * 2, f"the fields are {seen}")
    return "status from one side, priority from the other"
