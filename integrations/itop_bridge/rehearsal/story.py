"""What happens in one iTop happens in the other, once, by the books of both; what waits for a person gets one."""

from __future__ import annotations

import json
from typing import Any

from integrations.core.models import Job, RecordLink, SyncRun, WebhookDelivery
from integrations.demo import stream_page
from integrations.demo.stage import Chapter, Stage, expect
from integrations.demo.visitor import Page

from .world import CONFLICT, HELD, MARKER_FIELD, PARKED, TICKETS, TOO_LARGE, TWINLESS, build, integration, pair_of

RECONCILE = "reconcile"
PAIRS = "/admin/itop_bridge/pair/"


def build_world(stage: Stage) -> str:
    return build(stage.simulators["itop"], stage.portal_url)


chapter = Chapter("itop_bridge", "A customer's ticket has a twin in the provider's iTop", world=build_world)


# --- people at work ---------------------------------------------------------------------------------------------------


def outside(stage: Stage) -> Any:
    """The customer's iTop."""
    return stage.simulators["itop"].simulator


def inside(stage: Stage) -> Any:
    """The provider's."""
    return stage.simulators["itop"].internal.simulator


def stream(stage: Stage, button: str) -> SyncRun:
    return stream_page.press(stage, integration(), RECONCILE, button)


def pair_page(stage: Stage, ticket: int) -> Page:
    return stage.visitor("admin").get(f"{PAIRS}{pair_of(ticket).pk}/change/")


def press(stage: Stage, ticket: int, button: str) -> Page:
    """A button of the pair's page; the page that follows."""
    return stage.visitor("admin").press(pair_page(stage, ticket), button)


def pairs_that_are(stage: Stage, needs: str) -> list[str]:
    """The pages of the pairs that the list shows under this filter."""
    return stage.visitor("admin").get(f"{PAIRS}?needs={needs}").links(rf"{PAIRS}\d+/change/")


# --- the books of both ------------------------------------------------------------------------------------------------


def named(stage: Stage, title: str) -> int:
    """The customer's ticket of that title."""
    return next(int(one["id"]) for one in outside(stage).data.all("Ticket") if one["title"] == title)


def ticket_of(itop: Any, number: int) -> dict[str, Any]:
    found: dict[str, Any] = itop.data.get("Ticket", number)
    return found


def twin(stage: Stage, ticket: int) -> dict[str, Any] | None:
    """The provider's ticket that carries the ref of this one. Raises `StepError` where several do."""
    ref = ticket_of(outside(stage), ticket)["ref"]
    found = [one for one in inside(stage).data.all("Ticket") if one[MARKER_FIELD] == ref]
    expect(len(found) < 2, f"{ref} has several twins: {[one['ref'] for one in found]}")
    return found[0] if found else None


def said(ticket: dict[str, Any]) -> list[str]:
    return [entry["message"].strip() for entry in ticket["private_log"]]


def files(itop: Any, ticket: dict[str, Any]) -> list[tuple[str, bytes]]:
    return sorted((one["contents"].name, one["contents"].content) for one in itop.data.attachments_of(ticket))


def writes(itop: Any, since: int = 0) -> list[Any]:
    """The calls that wrote something, from that line of the ledger on."""
    return [call for call in list(itop.calls)[since:] if call.committed]


def stimuli(itop: Any, ticket: int) -> list[str]:
    """The steps that the bridge had this ticket take, in their order."""
    orders = [json.loads(call.body)["json_data"] for call in writes(itop) if "core/apply_stimulus" in call.path]
    return [order["stimulus"] for order in orders if str(order["key"]) == str(ticket)]


def wait_for_twin(stage: Stage, ticket: int) -> dict[str, Any]:
    found: dict[str, Any] = stage.wait_for(lambda: twin(stage, ticket), f"the twin of {ticket}", seconds=60)
    return found


def wait_for_entry(stage: Stage, itop: Any, ticket: dict[str, Any], text: str) -> None:
    """Until the log says that. Raises `StepError` when it does not come, or is there twice."""
    stage.wait_for(lambda: text in said(ticket), f"the arrival of “{text}”", seconds=60)
    wait_for_rest(stage)
    expect(said(ticket).count(text) == 1, f"the log of {ticket['ref']} says: {said(ticket)}")


def wait_for_rest(stage: Stage) -> None:
    """Until every webhook was dealt with and nothing is at work any more."""
    coming = WebhookDelivery.objects.filter(connection__client__slug="elite", over_at=None)
    at_work = Job.objects.filter(state=Job.State.RUNNING)
    stage.wait_for(lambda: not coming.exists() and not at_work.exists(), "the end of what webhooks caused", seconds=90)


# --- the story --------------------------------------------------------------------------------------------------------


@chapter.step("An admin tests both connections")
def test_connections(stage: Stage) -> str:
    visitor = stage.visitor("admin")
    for role in ("external", "internal"):
        form = visitor.get(f"/admin/core/connection/{integration().connection(role).pk}/change/")
        page = visitor.press(form, "Test connection")
        expect("Everything works." in page.text, f"the page says: {page.text[:600]}")
    return "the sign-in, the profiles, the classes and the clock of both are as expected"


@chapter.step("The list shows what wants a person: held, parked, without a twin")
def lists(stage: Stage) -> str:
    counts = {needs: len(pairs_that_are(stage, needs)) for needs in ("held", "parked", "missing")}
    expect(min(counts.values()) > 0, f"the list shows: {counts}")
    page = stream_page.page_of(stage, integration(), RECONCILE)
    conflict = ticket_of(outside(stage), named(stage, CONFLICT.title))["ref"]
    expect(f"Several internal tickets carry the ref {conflict}" in page.text, f"the page says: {page.text[:600]}")
    return ", ".join(f"{count} {needs}" for needs, count in counts.items()) + "; one conflict is on the stream's page"


@chapter.step("A ticket is raised outside; its webhook makes the twin inside, by one call")
def raised(stage: Stage) -> str:
    before = len(inside(stage).calls)
    title = "The scanner asks for a password"
    ticket = stage.notes["ticket"] = outside(stage).do("new_ticket", {"title": title})
    made = stage.notes["twin"] = wait_for_twin(stage, ticket)
    wait_for_rest(stage)
    sent = [(line.event, line.status) for line in outside(stage).sender.sent if line.ticket == ticket]
    expect(("create-ticket", 202) in sent, f"the webhooks were answered: {sent}")
    made_by = [call for call in writes(inside(stage), before) if "core/create" in call.path]
    expect(len(made_by) == 1, f"the ledger says: {[call.path for call in made_by]}")
    expect(made["title"] == title, f"the twin is called {made['title']}")
    return f"{ticket_of(outside(stage), ticket)['ref']} = {made['ref']}"


@chapter.step("An entry of the log goes each way, once, with its author")
def entries(stage: Stage) -> str:
    here, there = ticket_of(outside(stage), stage.notes["ticket"]), stage.notes["twin"]
    outside(stage).do("add_log", {"ticket": here["id"], "text": "It never did before.", "by": "otto"})
    wait_for_entry(stage, inside(stage), there, "It never did before.")
    inside(stage).do("add_log", {"ticket": there["id"], "text": "The password is on its label."})
    wait_for_entry(stage, outside(stage), here, "The password is on its label.")
    expect(said(here) == said(there), f"{said(here)} against {said(there)}")
    authors = [entry["user_login"] for entry in (*here["private_log"], *there["private_log"])]
    expect("Otto Lang (external)" in authors and "Agnes Weber (internal)" in authors, f"the authors are {authors}")
    return "two entries on both sides: no echo"


@chapter.step("A file that is hung on the ticket is the same, byte for byte, on its twin")
def attached(stage: Stage) -> str:
    here, there = ticket_of(outside(stage), stage.notes["ticket"]), stage.notes["twin"]
    outside(stage).do("attach", {"ticket": here["id"], "name": "scan.bin", "size": 200_000})
    stage.wait_for(lambda: files(inside(stage), there), "the arrival of the file", seconds=60)
    wait_for_rest(stage)
    expect(files(outside(stage), here) == files(inside(stage), there), "the files differ")
    return f"{len(files(inside(stage), there))} file of 200,000 bytes"


@chapter.step("A state goes outside by steps that iTop allows, never by writing it")
def stated(stage: Stage) -> str:
    ticket, there = stage.notes["ticket"], stage.notes["twin"]
    inside(stage).do("webhook", {"drop_rate": 1.0})
    inside(stage).do("stimulate", {"ticket": there["id"], "stimulus": "ev_assign"})
    inside(stage).do("webhook", {"drop_rate": 0.0})
    inside(stage).do("stimulate", {"ticket": there["id"], "stimulus": "ev_resolve", "solution": "It was on the label."})
    here = ticket_of(outside(stage), ticket)
    stage.wait_for(lambda: here["status"] == "resolved", "the state outside", seconds=60)
    wait_for_rest(stage)
    steps = stimuli(outside(stage), ticket)
    expect(steps == ["ev_assign", "ev_resolve"], f"the ledger says: {steps}")
    expect(here["solution"] == "It was on the label.", f"the solution is {here['solution']}")
    return f"new → assigned → resolved, by {' and '.join(steps)}"


@chapter.step("iTop makes a twin, but its answer is lost; there is one all the same")
def twin_answer_lost(stage: Stage) -> str:
    inside(stage).fault("answer_lost", path="core/create UserRequest")
    ticket = stage.notes["other"] = outside(stage).do("new_ticket", {"title": "The projector flickers"})
    made = wait_for_twin(stage, ticket)
    lost = [call for call in inside(stage).calls if call.fault == "answer_lost"]
    expect(len(lost) == 1, f"{len(lost)} answers were lost")
    stage.wait_for(lambda: pair_of(ticket).link.right_id == str(made["id"]), "the link to the twin", seconds=90)
    wait_for_rest(stage)
    expect(twin(stage, ticket), "the twin is gone")
    return f"{made['ref']} was found by the ref that it carries"


@chapter.step("iTop takes an entry, but its answer is lost; it is written once")
def entry_answer_lost(stage: Stage) -> str:
    ticket = stage.notes["other"]
    inside(stage).fault("answer_lost", path="core/update UserRequest")
    outside(stage).do("add_log", {"ticket": ticket, "text": "Only with the long cable."})
    wait_for_entry(stage, inside(stage), wait_for_twin(stage, ticket), "Only with the long cable.")
    return "one entry, recognised in the log"


@chapter.step("A file over the limit is held with a sentence; what else the ticket has is there")
def too_large(stage: Stage) -> str:
    ticket = next(int(one["id"]) for one in outside(stage).data.all("Ticket") if one["title"].startswith("Our last"))
    names = [name for name, _ in files(inside(stage), wait_for_twin(stage, ticket))]
    expect(TOO_LARGE not in names and "minutes.txt" in names, f"the twin has {names}")
    page = pair_page(stage, ticket)
    expect(f"“{TOO_LARGE}” is larger than the connection allows (5 MB)" in page.text, f"it says: {page.text[:900]}")
    return f"the pair's page names {TOO_LARGE} and the limit"


@chapter.step("A webhook is lost on its way; the dry run tells of it, and the reconcile brings it")
def lost(stage: Stage) -> str:
    outside(stage).do("webhook", {"drop_rate": 1.0})
    ticket = outside(stage).do("new_ticket", {"title": "The clock in the hall is late"})
    outside(stage).do("webhook", {"drop_rate": 0.0})
    dry = stream(stage, "Dry run")
    expect(dry.created == 1 and twin(stage, ticket) is None, f"the dry run says: {dry.outcome}")
    stream(stage, "Run now")
    wait_for_twin(stage, ticket)
    return dry.outcome


@chapter.step("A parked pair is left alone until a person resumes it")
def parked(stage: Stage) -> str:
    ticket = named(stage, PARKED.title)
    there = wait_for_twin(stage, ticket)
    outside(stage).do("add_log", {"ticket": ticket, "text": "It should say Mina Sol."})
    wait_for_rest(stage)
    expect(not said(there), f"the twin says: {said(there)}")
    press(stage, ticket, "Resume")
    press(stage, ticket, "Sync now")
    wait_for_entry(stage, inside(stage), there, "It should say Mina Sol.")
    return "resumed, and what was said meanwhile is there"


@chapter.step("A deleted twin is made anew by a click, and by nothing else")
def anew(stage: Stage) -> str:
    ticket = named(stage, TWINLESS.title)
    stream(stage, "Run now")
    expect(twin(stage, ticket) is None, "it was made without a click")
    press(stage, ticket, "Make a new twin")
    made = wait_for_twin(stage, ticket)
    wait_for_entry(stage, inside(stage), made, "She is called Mina Sol.")
    return f"{made['ref']}, with all that was said"


@chapter.step("Two tickets carry one ref: nobody guesses; once one is left, it is the twin")
def conflict(stage: Stage) -> str:
    ticket = named(stage, CONFLICT.title)
    ref = ticket_of(outside(stage), ticket)["ref"]
    first, second = sorted(one["id"] for one in inside(stage).data.all("Ticket") if one[MARKER_FIELD] == ref)
    inside(stage).do("edit_ticket", {"ticket": second, MARKER_FIELD: ""})
    outside(stage).do("add_log", {"ticket": ticket, "text": "It got worse."})
    wait_for_entry(stage, inside(stage), ticket_of(inside(stage), first), "It got worse.")
    expect(pair_of(ticket).link.state == RecordLink.State.ACTIVE, "they are no pair")
    return f"{pair_of(ticket)}"


@chapter.step("A second reconcile writes nothing")
def nothing_left(stage: Stage) -> str:
    wait_for_rest(stage)
    stream(stage, "Run now")
    begun = [(itop, len(itop.calls)) for itop in (outside(stage), inside(stage))]
    run = stream(stage, "Run now")
    wrote = [call.path for itop, since in begun for call in writes(itop, since)]
    expect(not wrote and not run.created and not run.updated, f"{run.outcome} {wrote}")
    asked = [len(itop.calls) - since for itop, since in begun]
    return f"{asked[0]} and {asked[1]} calls, all of them questions"


@chapter.step("The books of both: every ticket once, with all that was said and hung on it")
def books(stage: Stage) -> str:
    numbers = sorted(int(one["id"]) for one in outside(stage).data.all("Ticket"))
    for ticket in numbers:
        here, there = ticket_of(outside(stage), ticket), wait_for_twin(stage, ticket)
        expect(said(here) == said(there), f"{here['ref']}: {said(here)} against {said(there)}")
        hung = [one for one in files(outside(stage), here) if one[0] != TOO_LARGE]
        expect(hung == files(inside(stage), there), f"{here['ref']}: the files differ")
        if here["title"] != HELD.title:
            expect(here["status"] == there["status"], f"{here['ref']}: {here['status']} against {there['status']}")
    expect(len(numbers) == len(TICKETS) + 3, f"there are {len(numbers)} tickets")
    return f"{len(numbers)} pairs, {sum(len(said(ticket_of(outside(stage), one))) for one in numbers)} entries"
