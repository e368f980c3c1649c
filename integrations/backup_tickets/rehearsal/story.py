"""The chapter of the rehearsal: a failed backup becomes one ticket, by the simulated Autotask's own books."""

from __future__ import annotations

import datetime as dt
import os
import re
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from integrations.demo.stage import Chapter, Stage, expect
from integrations.demo.visitor import File, Page

from .world import build

RUN_CHECKS = "/admin/backup_tickets/run/"
CUSTOMER, COMPANY = "Acme", "Acme BV"


def build_world(stage: Stage) -> str:
    return build(stage.simulators["autotask"], stage.portal_url)


chapter = Chapter("backup_tickets", "A failed backup becomes one ticket", world=build_world)


def job(number: int) -> str:
    return f"Rehearsal-{number}"


def report(number: int, status: str, *, hours_ago: float = 8) -> dict[str, Any]:
    return {
        "external_id": f"{job(number)}/{hours_ago}",
        "customer": CUSTOMER,
        "job": job(number),
        "backup_type": "Veeam",
        "status": status,
        "started_at": (timezone.now() - dt.timedelta(hours=hours_ago)).replace(microsecond=0).isoformat(),
        "objects": [{"name": "PWV-SQL01", "status": status, "message": "There is not enough space on the disk."}],
    }


def post(stage: Stage, *runs: dict[str, Any]) -> dict[str, Any]:
    """Report runs as backup software does; the answer. Raises `StepError` unless all were taken."""
    body = {"runs": list(runs)}
    status, answer = stage.visitor("operator").post_json("/api/v1/runs", body, token=os.environ["DEMO_RUNS_TOKEN"])
    expect(status == 200 and not answer["errors"], f"the portal answered {status}: {answer}")
    found: dict[str, Any] = answer
    return found


def run_page(stage: Stage, number: int, role: str = "operator") -> Page:
    """The page of that job's newest run, found as a person finds it: in Run Checks."""
    visitor = stage.visitor(role)
    return visitor.get(visitor.get(f"{RUN_CHECKS}?q={job(number)}").link(rf"{RUN_CHECKS}\d+/change/"))


def preview(stage: Stage, number: int) -> Page:
    """The page that shows what would be sent for that run."""
    return stage.visitor("operator").get(run_page(stage, number).link("/ticket/"))


def confirm(stage: Stage, number: int) -> Page:
    return stage.visitor("operator").press(preview(stage, number), "Create ticket")


def number_on(page: Page) -> str:
    """The ticket number a page shows; empty when it shows none."""
    found = re.search(r"\bT\d{8}\.\d{4}\b", page.text)
    return found[0] if found else ""


def created(stage: Stage) -> list[dict[str, Any]]:
    """The tickets of this rehearsal, by the simulated Autotask's own books."""
    tickets: list[dict[str, Any]] = stage.simulators["autotask"].simulator.world()["tickets"]
    return [ticket for ticket in tickets if "Rehearsal-" in ticket["title"]]


def fault(stage: Stage, name: str, **more: Any) -> None:
    """The next create call meets this."""
    stage.simulators["autotask"].simulator.fault(name, method="POST", path=r"/tickets$", **more)


@chapter.step("An admin tests the connection to Autotask")
def test_connection(stage: Stage) -> str:
    visitor = stage.visitor("admin")
    form = visitor.get(visitor.get("/admin/core/connection/?q=autotask").link(r"/core/connection/\d+/change/"))
    page = visitor.press(form, "Test connection")
    expect("Everything works." in page.text, f"the page says: {page.text[:600]}")
    return "each step works"


@chapter.step("An admin reads Autotask's queues, sources, statuses and priorities anew")
def refresh_lists(stage: Stage) -> str:
    visitor = stage.visitor("admin")
    page = visitor.press(visitor.get("/admin/backup_tickets/ticketoptions/"), "Refresh")
    said = re.search(r"Read \d+ queues, [^.]*", page.text)
    expect(said, f"the page says: {page.text[:600]}")
    return said[0] if said else ""


@chapter.step("The backup software reports runs, twice")
def report_runs(stage: Stage) -> str:
    runs = [report(1, "error"), report(2, "missed"), report(3, "warning"), report(4, "success")]
    first, second = post(stage, *runs), post(stage, *runs)
    expect(first["created"] == 4, f"4 runs were new, the portal says {first}")
    expect(second["unchanged"] == 4 and not second["created"], f"nothing was new, the portal says {second}")
    return "4 runs were taken, and the second time none was new"


@chapter.step("One bad run among good ones is named, and the good ones are kept")
def bad_run(stage: Stage) -> str:
    good, bad = report(5, "warning"), report(6, "error") | {"status": "exploded"}
    body = {"runs": [bad, good]}
    status, answer = stage.visitor("operator").post_json("/api/v1/runs", body, token=os.environ["DEMO_RUNS_TOKEN"])
    expect(status == 200 and answer["created"] == 1, f"the portal answered {status}: {answer}")
    errors = answer["errors"]
    expect([(error["index"], error["field"]) for error in errors] == [(0, "status")], f"it names: {errors}")
    return str(errors[0]["message"])


@chapter.step("Run Checks shows what failed, and not what went well")
def list_shows_failures(stage: Stage) -> str:
    page = stage.visitor("operator").get(f"{RUN_CHECKS}?q=Rehearsal-&show=attention")
    shown = [number for number in range(1, 7) if job(number) in page.text]
    expect(shown == [1, 2, 3, 5], f"the list shows the jobs {shown}")
    return "4 runs want somebody"


@chapter.step("A customer without a company gets no ticket")
def unmapped_is_refused(stage: Stage) -> str:
    page = run_page(stage, 1)
    expect("cannot be created yet" in page.text, f"the page says: {page.text[:400]}")
    return "the run's page says what is missing"


@chapter.step("An operator says which Autotask company the customer is")
def map_customer(stage: Stage) -> str:
    visitor = stage.visitor("operator")
    customer = visitor.get(run_page(stage, 1).link(r"/customer/\d+/change/"))
    search = visitor.get(customer.link("/companies/").partition("?")[0] + "?" + urlencode({"q": COMPANY}))
    page = visitor.press(search, "This one")
    expect(f"{CUSTOMER} is now" in page.text, f"the page says: {page.text[:400]}")
    return f"{CUSTOMER} is mapped"


@chapter.step("The preview shows what will be sent, and sends nothing")
def preview_shows(stage: Stage) -> str:
    page = preview(stage, 1)
    title = f"[Backupchecks] {CUSTOMER} - {job(1)} - Error"
    expect(title in page.text, f"the title is not there: {page.text[:400]}")
    expect(not created(stage), "a ticket was created already")
    stage.notes["shown"] = page
    return title


@chapter.step("One click makes the ticket")
def click_creates(stage: Stage) -> str:
    page = stage.visitor("operator").press(stage.notes["shown"], "Create ticket")
    number = number_on(page)
    expect(number, f"no number: {page.text[:600]}")
    expect(len(created(stage)) == 1, f"Autotask has {len(created(stage))} tickets")
    stage.notes["number"] = number
    return f"{number} is shown"


@chapter.step("A second click shows the same ticket")
def second_click(stage: Stage) -> str:
    page = stage.visitor("operator").press(stage.notes["shown"], "Create ticket")
    expect(stage.notes["number"] in page.text, f"another page came: {page.text[:400]}")
    expect(len(created(stage)) == 1, f"Autotask has {len(created(stage))} tickets")
    return "still one ticket"


@chapter.step("Autotask creates a ticket, but its answer is lost")
def answer_lost(stage: Stage) -> str:
    fault(stage, "answer_lost")
    page = confirm(stage, 2)
    expect("Checking" in page.text, f"the page does not say that it is being checked: {page.text[:600]}")
    return "the portal is checking, and offers no second creation"


@chapter.step("The portal finds that ticket and adopts it")
def adopted(stage: Stage) -> str:
    number = stage.wait_for(lambda: number_on(run_page(stage, 2)), "the adoption", seconds=60)
    expect(len(created(stage)) == 2, f"Autotask has {len(created(stage))} tickets")
    return f"{number} is shown"


@chapter.step("Autotask refuses; its sentence is shown, and a person may try again")
def refused(stage: Stage) -> str:
    fault(stage, "500_errors", value="The queue is closed for the day.")
    page = confirm(stage, 3)
    expect("The queue is closed for the day." in page.text, f"its sentence is not shown: {page.text[:600]}")
    number = number_on(confirm(stage, 3))
    expect(number, "the second attempt gave no number")
    return f"the second attempt made {number}"


@chapter.step("A reporter sees the number, and may not create")
def reporter_reads(stage: Stage) -> str:
    page = run_page(stage, 1, "reporter")
    expect(stage.notes["number"] in page.text, "the reporter does not see the number")
    expect("Create Autotask ticket" not in page.text, "the reporter is offered to create")
    answer = stage.visitor("reporter").get(page.url.replace("/change/", "/ticket/"))
    expect(answer.status == 403, f"the door behind the button answered {answer.status}")
    return "the door behind the button answers 403"


@chapter.step("An operator says that a run needs no ticket")
def no_ticket_needed(stage: Stage) -> str:
    visitor = stage.visitor("operator")
    page = visitor.get(f"{RUN_CHECKS}?q={job(5)}")
    run = page.link(rf"{RUN_CHECKS}\d+/change/").split("/")[-3]
    said = visitor.press(page, "No ticket needed", {"run": run, "reason": "known since yesterday"})
    expect("1 of 1 run changed." in said.text, f"the page says: {said.text[:600]}")
    left = visitor.get(f"{RUN_CHECKS}?q={job(5)}&show=attention")
    expect("No run matches" in left.text, "it is still listed")
    return "it left the list"


@chapter.step("An operator imports a file of runs, after a preview")
def import_file(stage: Stage) -> str:
    visitor = stage.visitor("operator")
    columns = ("external_id", "customer", "job", "backup_type", "status", "started_at")
    runs = [report(7, "error"), report(8, "success"), report(9, "error") | {"started_at": "yesterday"}]
    lines = [",".join(columns), *(",".join(run[name] for name in columns) for run in runs)]
    file = File("runs.csv", "\n".join(lines).encode())
    page = visitor.press(visitor.get(f"{RUN_CHECKS}import/"), "Preview", files={"file": file})

    def offers(button: str) -> bool:
        return visitor.get(page.url).has_button(button)

    stage.wait_for(lambda: offers("Import 2 runs"), "the check of the file")
    visitor.press(visitor.get(page.url), "Import 2 runs")
    stage.wait_for(lambda: "Imported." in visitor.get(page.url).text, "the import")
    shown = visitor.get(f"{RUN_CHECKS}?q={job(7)}").text
    expect(job(7) in shown, "the imported run is not listed")
    return "2 runs came in, and the third is refused with its reason"


@chapter.step("Autotask's own books: one ticket per run")
def books(stage: Stage) -> str:
    titles = sorted(ticket["title"] for ticket in created(stage))
    expect(len(titles) == len(set(titles)) == 3, f"Autotask has: {titles}")
    return "3 runs, 3 tickets"


def ticket_of(stage: Stage, number: int) -> dict[str, Any]:
    """That job's ticket, by Autotask's own books."""
    return next(ticket for ticket in created(stage) if f"{job(number)} " in ticket["title"])


def resolve(stage: Stage, number: int) -> str:
    """Press "Resolve ticket" on that run, and on the page that says what will happen; the text of the page after it."""
    visitor = stage.visitor("operator")
    return visitor.press(visitor.get(run_page(stage, number).link("/resolve/")), "Resolve ticket").text


@chapter.step("An operator resolves the ticket")
def resolves(stage: Stage) -> str:
    said = resolve(stage, 1)
    expect("is resolved." in said, f"the page says: {said[:600]}")
    notes = stage.simulators["autotask"].simulator.world()["notes"]
    expect([note["publish"] for note in notes] == [2], f"Autotask has the notes {notes}")
    expect(ticket_of(stage, 1)["status"] == 5, "the ticket is not closed")
    return "one internal note, then closed"


@chapter.step("A ticket on which time was booked stays open")
def stays_open(stage: Stage) -> str:
    stage.simulators["autotask"].simulator.do("add_time_entry", {"ticket": ticket_of(stage, 2)["id"]})
    said = resolve(stage, 2)
    expect("stays open" in said, f"the page says: {said[:600]}")
    expect(ticket_of(stage, 2)["status"] != 5, "the ticket was closed")
    return "its owner is told by an internal note"


@chapter.step("The job fails again: its run joins the open ticket")
def joins(stage: Stage) -> str:
    post(stage, report(2, "error", hours_ago=1))
    page = stage.visitor("operator").press(run_page(stage, 2), "Link to")
    expect("linked to ticket" in page.text, f"the page says: {page.text[:600]}")
    expect(len(created(stage)) == 3, f"Autotask has {len(created(stage))} tickets")
    return "still one ticket for that job"


@chapter.step("A ticket is deleted in Autotask; its number stays, and a new one is offered")
def deleted(stage: Stage) -> str:
    stage.simulators["autotask"].simulator.do("delete_ticket", {"id": ticket_of(stage, 3)["id"]})
    page = stage.visitor("operator").press(run_page(stage, 3), "Check now")
    expect("was deleted in Autotask" in page.text, f"the page says: {page.text[:600]}")
    expect("Create Autotask ticket" in page.text, "no new ticket is offered")
    return "nothing was created by itself"
