"""The chapter of the rehearsal: a failed backup becomes one ticket, by the simulated Autotask's own books."""

from __future__ import annotations

import datetime as dt
import os
import re
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from integrations.core.config import apply_config
from integrations.core.models import Client, Connection, User
from integrations.demo.stage import Chapter, Stage, expect
from integrations.demo.visitor import Page
from integrations.vendors.autotask import simulator as simulated

from .companies import confirm_mapping
from .intake import take_runs
from .models import Customer, TicketLink
from .reference import refresh_reference
from .rehearsal_world import SITES, reports

SENT = {"queue": "queueID", "source": "source", "priority": "priority"}  # as kept with a link → as Autotask says it
RUN_CHECKS = "/admin/backup_tickets/run/"
CUSTOMER, COMPANY = "Acme", "Acme BV"


def build_world(stage: Stage) -> str:
    """A client with its Autotask connection, seven customers (five mapped), and two weeks of their runs."""
    autotask = stage.simulators["autotask"]
    text = Template(Path(__file__).with_name("rehearsal.toml").read_text(encoding="utf-8"))
    apply_config(
        text.substitute(
            autotask=autotask.url,
            portal=stage.portal_url,
            username=simulated.USERNAME,
            secret=simulated.SECRET,
            integration_code=simulated.INTEGRATION_CODE,
        )
    )
    client = Client.objects.get(slug="harbour-it")
    connection = Connection.objects.get(client=client, slug="autotask")
    remember_tickets(autotask.simulator, connection)
    refresh_reference(connection)
    taken = take_runs(client, reports(timezone.localdate()))
    admin = User.objects.get(username="admin")
    for site in SITES:
        customer = Customer.objects.get(client=client, name=site.customer)
        if site.company_id is not None and not hasattr(customer, "mapping"):
            confirm_mapping(customer, site.company_id, user=admin)
    return f"{taken.created} runs of {len(SITES)} customers have arrived, {taken.unchanged} were there"


def remember_tickets(autotask: simulated.AutotaskSimulator, connection: Connection) -> None:
    """A simulator forgets when it ends; what the portal knows from an earlier rehearsal is put back into its books."""
    links = TicketLink.objects.filter(connection=connection, ticket__isnull=False).select_related("ticket")
    with autotask.lock:
        for link in links:
            ticket = link.ticket
            assert ticket is not None
            autotask.data.last_id = max(autotask.data.last_id, ticket.ticket_id)
            autotask.data.tickets.setdefault(
                ticket.ticket_id,
                {
                    "id": ticket.ticket_id,
                    "ticketNumber": ticket.number,
                    "title": ticket.title,
                    "companyID": ticket.company_id,
                    "status": ticket.status_id,
                    "externalID": link.key,
                    "createDate": link.created_at.isoformat(),
                    **{field: link.content[name]["id"] for name, field in SENT.items() if name in link.content},
                },
            )


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


@chapter.step("The backup software reports runs, twice")
def report_runs(stage: Stage) -> str:
    runs = [report(1, "error"), report(2, "missed"), report(3, "warning"), report(4, "success")]
    first, second = post(stage, *runs), post(stage, *runs)
    expect(first["created"] == 4, f"4 runs were new, the portal says {first}")
    expect(second["unchanged"] == 4 and not second["created"], f"nothing was new, the portal says {second}")
    return "4 runs were taken, and the second time none was new"


@chapter.step("Run Checks shows what failed, and not what went well")
def list_shows_failures(stage: Stage) -> str:
    page = stage.visitor("operator").get(f"{RUN_CHECKS}?q=Rehearsal-&show=attention")
    shown = [number for number in (1, 2, 3, 4) if job(number) in page.text]
    expect(shown == [1, 2, 3], f"the list shows the jobs {shown}")
    return "3 runs want somebody"


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


@chapter.step("Autotask's own books: one ticket per run")
def books(stage: Stage) -> str:
    titles = sorted(ticket["title"] for ticket in created(stage))
    expect(len(titles) == len(set(titles)) == 3, f"Autotask has: {titles}")
    return "3 runs, 3 tickets"
