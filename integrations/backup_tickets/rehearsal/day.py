"""The second part of the chapter: many runs at once, companies to be found, and another tool that reads."""

from __future__ import annotations

import re
from typing import Any

from integrations.demo.stage import Stage, expect

from .story import CUSTOMER, RUN_CHECKS, chapter, created, job, post, report

FIRST, LAST = 20, 23


@chapter.step("Many runs are shown, confirmed, and become tickets one by one")
def bulk(stage: Stage) -> str:
    post(stage, *(report(number, "error") for number in range(FIRST, LAST + 1)))
    visitor = stage.visitor("operator")
    page = visitor.get(f"{RUN_CHECKS}?q={job(2)}&show=attention")  # Rehearsal-2 and Rehearsal-20 to -23
    runs = [link.split("/")[-3] for link in page.links(rf"{RUN_CHECKS}\d+/change/")]
    before = len(created(stage))
    shown = visitor.press(page, "Create tickets", {"run": runs})
    expect("nothing was sent yet" in shown.text and len(created(stage)) == before, f"the page says: {shown.text[:600]}")
    visitor.press(shown, "Create tickets:")
    stage.wait_for(lambda: "All 4 runs" in visitor.get(shown.url).text, "the end of the bulk action")
    titles = [ticket["title"] for ticket in created(stage)]
    expect(len(titles) == len(set(titles)) == before + 4, f"Autotask has: {titles}")
    return "4 tickets, each with its own result"


@chapter.step("The portal proposes a company for an unmapped customer, and a person confirms it")
def proposals(stage: Stage) -> str:
    visitor = stage.visitor("operator")
    page = visitor.get("/admin/backup_tickets/customer/suggestions/")
    visitor.press(page, "Look for companies")
    stage.wait_for(lambda: visitor.get(page.url).has_button("Yes, these are they"), "the proposals")
    page = visitor.get(page.url)
    found = re.search(r'value="(\d+)" aria-label="Select Copper Beech Hotel"', page.html)
    expect(found, f"the page says: {page.text[:600]}")
    said = visitor.press(page, "Yes, these are they", {"proposal": found[1] if found else ""})
    expect("Copper Beech Hotel is now" in said.text, f"the page says: {said.text[:600]}")
    return "Copper Beech Hotel is mapped, by a click"


@chapter.step("Another tool reads the state of the runs, with a token that can only read")
def reading(stage: Stage) -> str:
    admin = stage.visitor("admin")
    client = admin.get("/admin/core/client/").link(r"/core/client/\d+/change/").split("/")[-3]
    form = admin.get("/admin/core/apitoken/add/")
    made = admin.press(form, "Save", {"client": client, "name": "status board", "scope": "read"})
    found = re.search(r"\bip_\w+", made.text)
    expect(found, f"no token is shown: {made.text[:400]}")
    token = found[0] if found else ""
    rows: list[dict[str, Any]] = []
    status, answer = admin.get_json("/api/v1/runs?ticket=open&limit=2", token=token)
    while status == 200:
        rows += answer["runs"]
        if answer["next"] is None:
            break
        status, answer = admin.get_json(f"/api/v1/runs?ticket=open&limit=2&cursor={answer['next']}", token=token)
    numbers = {row["link"]["ticket"]["number"] for row in rows if row["customer"] == CUSTOMER}
    opened = {ticket["ticketNumber"] for ticket in created(stage) if ticket["status"] != 5}
    expect(status == 200 and numbers == opened, f"answered {status}: {numbers}, Autotask has {opened}")
    refused, _ = admin.post_json("/api/v1/runs", {"runs": [report(30, "error")]}, token=token)
    expect(refused == 403, f"a report with that token was answered {refused}")
    return f"{len(numbers)} open tickets were read, page by page; sending with it is refused"
