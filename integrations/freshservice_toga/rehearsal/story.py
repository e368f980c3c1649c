"""What is in Freshservice comes to be in TOGA 2, by the books of both; its webhook may come once, thrice or never."""

from __future__ import annotations

from typing import Any

from integrations.core.models import SyncRun, WebhookDelivery
from integrations.demo import stream_page
from integrations.demo.stage import Chapter, Stage, expect
from integrations.demo.visitor import Page
from integrations.freshservice_toga.models import ValueWord

from .world import TICKETS, TOO_LARGE, build, integration

CATCH_UP = "catch_up"
SETTINGS = "/admin/freshservice_toga/freshserviceoptions/"


def build_world(stage: Stage) -> str:
    return build(stage.simulators["freshservice"], stage.simulators["toga"], stage.portal_url)


chapter = Chapter("freshservice_toga", "A client's Freshservice is found in TOGA 2", world=build_world)


# --- people at work ---------------------------------------------------------------------------------------------------


def page_of(stage: Stage) -> Page:
    return stream_page.page_of(stage, integration(), CATCH_UP)


def press(stage: Stage, button: str) -> SyncRun:
    return stream_page.press(stage, integration(), CATCH_UP, button)


def do(stage: Stage, act: str, **values: Any) -> Any:
    """What somebody does in Freshservice."""
    return fresh(stage).do(act, values)


# --- the books of both ------------------------------------------------------------------------------------------------


def fresh(stage: Stage) -> Any:
    return stage.simulators["freshservice"].simulator


def toga(stage: Stage) -> Any:
    return stage.simulators["toga"].simulator.data


def in_toga(stage: Stage) -> dict[int, dict[str, Any]]:
    """The tickets of TOGA 2 that came from Freshservice, by its numbers. One that is there twice is an error."""
    rows = [row for row in list(toga(stage).records["tickets"].values()) if row.get("c_eliteTicketId")]
    numbers = [int(row["c_eliteTicketId"]) for row in rows]
    expect(len(numbers) == len(set(numbers)), f"TOGA 2 has tickets twice: {numbers}")
    return dict(zip(numbers, rows, strict=True))


def notes(stage: Stage, ticket: int) -> list[dict[str, Any]]:
    """What TOGA 2 shows below that ticket, in the order in which it was made."""
    row = in_toga(stage).get(ticket)
    found: list[dict[str, Any]] = toga(stage).under("ticket-notes", row["uuid"]) if row else []
    return found


def said_in_toga(stage: Stage, ticket: int) -> list[tuple[str, bool]]:
    """The texts, and whether customers see them; pictures in them have another address at each look."""
    return [(_words(note["note"]), note["isExternal"]) for note in notes(stage, ticket)]


def said_in_fresh(stage: Stage, ticket: int) -> list[tuple[str, bool]]:
    data = fresh(stage).data
    rows = [(row["body"], not row["private"]) for row in data.conversations_of(ticket)]
    return [(_words(html), is_seen) for html, is_seen in [(data.tickets[ticket]["description"], True), *rows]]


def _words(html: str) -> str:
    return html.partition("<img")[0]


def files(stage: Stage, ticket: int) -> list[bytes]:
    """The content of the files that hang on the notes of that ticket."""
    hung = [row for note in notes(stage, ticket) for row in toga(stage).under("ticket-note-files", note["uuid"])]
    return sorted(toga(stage).records["files"][row["file"]]["content"] for row in hung)


def wait_for_note(stage: Stage, ticket: int, text: str) -> None:
    """Until that is said in TOGA 2. Raises `StepError` when it does not come, or is there twice."""
    stage.wait_for(lambda: _times(stage, ticket, text), f"the arrival of “{text}”", seconds=60)
    expect(_times(stage, ticket, text) == 1, f"TOGA 2 says: {said_in_toga(stage, ticket)}")


def _times(stage: Stage, ticket: int, text: str) -> int:
    return [said for said, _ in said_in_toga(stage, ticket)].count(text)


def calls_about(stage: Stage, ticket: int, event: str) -> list[Any]:
    """The webhooks of that event, by the sender's ledger."""
    return [line for line in list(fresh(stage).sender.sent) if (line.ticket, line.event) == (ticket, event)]


# --- the story --------------------------------------------------------------------------------------------------------


@chapter.step("An admin tests both connections")
def test_connections(stage: Stage) -> str:
    visitor = stage.visitor("admin")
    for role in ("freshservice", "toga"):
        form = visitor.get(f"/admin/core/connection/{integration().connection(role).pk}/change/")
        page = visitor.press(form, "Test connection")
        expect("Everything works." in page.text, f"the page says: {page.text[:600]}")
    return "the key, the filter for changes, categories, hosts of files and the plan are as expected"


@chapter.step("Nothing is written before an admin has seen a dry run and approved it")
def dry_run(stage: Stage) -> str:
    expect(not page_of(stage).has_button("Approve the first run"), "it can be approved unseen")
    run = press(stage, "Dry run")
    expect(run.created == len(TICKETS), f"the dry run says: {run.outcome}")
    shown = stage.visitor("admin").get(f"/admin/core/syncrun/{run.pk}/change/")
    expect(TICKETS[0].ticket["subject"] in shown.text, f"the page says: {shown.text[:600]}")
    expect(not in_toga(stage), "something was written")
    stage.visitor("admin").press(page_of(stage), "Approve the first run")
    return str(run.outcome)


@chapter.step("The first run brings every ticket, what was said in it, and its files")
def first_run(stage: Stage) -> str:
    press(stage, "Run now")
    told = 0
    for ticket in fresh(stage).data.tickets:
        here, there = said_in_fresh(stage, ticket), said_in_toga(stage, ticket)
        expect(here == there, f"ticket {ticket}: {here} against {there}")
        told += len(here)
    sent = sorted(file.content for file in fresh(stage).data.files.values() if file.name != TOO_LARGE)
    arrived = sorted(content for ticket in in_toga(stage) for content in files(stage, ticket))
    expect(sent == arrived, f"{len(sent)} files against {len(arrived)}")
    return f"{len(in_toga(stage))} tickets, {told} notes and {len(arrived)} files, one of them a picture in a text"


@chapter.step("A file over the limit keeps nothing else back; it is held and named")
def too_large(stage: Stage) -> str:
    page = page_of(stage)
    expect(TOO_LARGE in page.text, f"the page says: {page.text[:600]}")
    return f"{TOO_LARGE} is listed, with the limit of the connection"


@chapter.step("A ticket is raised, and its webhook brings it to TOGA 2")
def raised(stage: Stage) -> str:
    subject = "The scanner asks for a password"
    ticket = stage.notes["ticket"] = do(stage, "new_ticket", subject=subject, description="<p>It never did before.</p>")
    wait_for_note(stage, ticket, "<p>It never did before.</p>")
    expect(in_toga(stage)[ticket]["subject"] == subject, f"TOGA 2 says: {in_toga(stage)[ticket]['subject']}")
    return f"ticket {ticket}, without anybody asking for it"


@chapter.step("The same webhook comes three times and has one effect")
def three_times(stage: Stage) -> str:
    ticket = stage.notes["ticket"]
    do(stage, "webhook", copies=3)
    do(stage, "reply", ticket=ticket, text="<p>The password is on its label.</p>")
    do(stage, "webhook", copies=1)

    def answers() -> list[int]:
        return [line.status for line in calls_about(stage, ticket, "reply_sent")]

    stage.wait_for(lambda: answers() == [202] * 3, "the answer 202 to each of them")
    waiting = WebhookDelivery.objects.filter(subject=f"ticket:{ticket}", over_at=None)
    stage.wait_for(lambda: not waiting.exists(), "the last look at the ticket")
    wait_for_note(stage, ticket, "<p>The password is on its label.</p>")
    return "three times 202, one note"


@chapter.step("What agents write for themselves stays internal, and what they correct is corrected")
def private_and_edited(stage: Stage) -> str:
    ticket = stage.notes["ticket"]
    note = do(stage, "note", ticket=ticket, text="<p>The label is under the lit.</p>")
    wait_for_note(stage, ticket, "<p>The label is under the lit.</p>")
    do(stage, "edit_note", conversation=note, text="<p>The label is under the lid.</p>")
    wait_for_note(stage, ticket, "<p>The label is under the lid.</p>")
    said = said_in_toga(stage, ticket)
    expect(said == said_in_fresh(stage, ticket), f"TOGA 2 says: {said}")
    expect(said[-1][1] is False, "customers see it")
    return "one internal note, as it was corrected"


@chapter.step("The address of a file has expired; the next look has a new one, and the file is there once")
def expired_address(stage: Stage) -> str:
    ticket, content = stage.notes["ticket"], "Invoice 2041, scanned.\n"
    do(stage, "switch", name="url_lifetime", value=-10)
    do(stage, "attach", ticket=ticket, name="scan.txt", text=content)

    def refused() -> bool:
        return any(call.status == 403 for call in list(fresh(stage).files.calls) if "scan.txt" in call.path)

    stage.wait_for(refused, "the look that met the expired address")
    do(stage, "switch", name="url_lifetime", value=86_400)
    stage.wait_for(lambda: files(stage, ticket), "the arrival of the file", seconds=60)
    expect(files(stage, ticket) == [content.encode()], f"the files are {files(stage, ticket)}")
    return "refused once (403), then read anew by itself"


@chapter.step("A webhook with a wrong secret is refused, and nothing of it is kept")
def wrong_secret(stage: Stage) -> str:
    ticket, secret = stage.notes["ticket"], fresh(stage).sender.secret
    kept = WebhookDelivery.objects.count()
    do(stage, "webhook", secret="not-the-secret-of-the-portal")  # noqa: S106 — it opens nothing
    do(stage, "answer", ticket=ticket, text="<p>I found it.</p>")
    stage.wait_for(lambda: [line for line in fresh(stage).sender.sent if line.status == 401], "the refusal")
    expect(WebhookDelivery.objects.count() == kept, "it is in the inbox")
    expect(not _times(stage, ticket, "<p>I found it.</p>"), "it had an effect")
    do(stage, "webhook", secret=secret)
    do(stage, "pump", all=True)
    wait_for_note(stage, ticket, "<p>I found it.</p>")
    return "401; sent again with the right one, it was taken"


@chapter.step("A webhook is lost on its way; the catch-up finds what it was about")
def lost(stage: Stage) -> str:
    ticket = stage.notes["ticket"]
    do(stage, "webhook", drop_rate=1.0)
    do(stage, "reply", ticket=ticket, text="<p>Then it is solved.</p>")
    do(stage, "webhook", drop_rate=0.0)
    expect(calls_about(stage, ticket, "reply_sent")[-1].dropped, "it was sent")
    run = press(stage, "Run now")
    wait_for_note(stage, ticket, "<p>Then it is solved.</p>")
    return str(run.outcome)


@chapter.step("A status without a word is left alone and listed; once it has one, it is used")
def unmapped(stage: Stage) -> str:
    visitor = stage.visitor("admin")
    listed = visitor.get(SETTINGS)
    expect("status 6" in listed.text, f"the page says: {listed.text[:600]}")
    ticket = next(number for number, row in fresh(stage).data.tickets.items() if row["status"] == 6)
    expect("status" not in in_toga(stage)[ticket], f"TOGA 2 says: {in_toga(stage)[ticket]}")
    word = ValueWord.objects.get(options__integration=integration(), field="status", code=6)
    page = visitor.get(f"{SETTINGS}{integration().pk}/change/")
    rows = [name for name, value in page.form_with("Save")[0].fields if value == str(word.pk)]
    row = next(name for name in rows if name.startswith("words-") and name.endswith("-id"))
    visitor.press(page, "Save", {row.removesuffix("id") + "word": "Waiting for a part"})
    do(stage, "note", ticket=ticket, text="<p>The print head comes on Friday.</p>")
    wait_for_note(stage, ticket, "<p>The print head comes on Friday.</p>")
    stage.wait_for(lambda: in_toga(stage)[ticket].get("status") == "Waiting for a part", "the status in TOGA 2")
    return "status 6 is “Waiting for a part”"


@chapter.step("The books of both: every ticket once, with all that was said")
def books(stage: Stage) -> str:
    numbers = sorted(fresh(stage).data.tickets)
    expect(sorted(in_toga(stage)) == numbers, f"TOGA 2 has {sorted(in_toga(stage))}, Freshservice {numbers}")
    for ticket in numbers:
        here, there = said_in_fresh(stage, ticket), said_in_toga(stage, ticket)
        expect(here == there, f"ticket {ticket}: {here} against {there}")
    return f"{len(numbers)} tickets, {sum(len(notes(stage, ticket)) for ticket in numbers)} notes"
