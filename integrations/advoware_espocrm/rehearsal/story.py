"""Contact data of a law firm is the same in both programs, by the books of both, whoever changes it, whatever fails."""

from __future__ import annotations

from typing import Any

from integrations.advoware_espocrm.mapping import Channel, normal, read_remark
from integrations.advoware_espocrm.models import Conflict, HeldValue, Slot
from integrations.core.models import SyncRun, WebhookDelivery
from integrations.demo import stream_page
from integrations.demo.stage import Chapter, Stage, expect
from integrations.vendors.espocrm.simulator import PARTY

from .world import COURT, HARBOUR, LAWYER, NEIGHBOUR, PARTIES, ROSA, SAFE_ID, build, integration

RECONCILE = "reconcile"
REGION = "DE"


def build_world(stage: Stage) -> str:
    return build(stage.simulators["advoware"], stage.simulators["espocrm"], stage.portal_url)


chapter = Chapter(
    "advoware_espocrm", "A law firm's contact data is the same in Advoware and EspoCRM", world=build_world
)


# --- people at work ---------------------------------------------------------------------------------------------------


def press(stage: Stage, button: str) -> SyncRun:
    return stream_page.press(stage, integration(), RECONCILE, button)


def in_advoware(stage: Stage, act: str, **values: Any) -> Any:
    return firm(stage).do(act, values)


def in_espocrm(stage: Stage, act: str, **values: Any) -> Any:
    return crm(stage).do(act, values)


# --- the books of both ------------------------------------------------------------------------------------------------


def firm(stage: Stage) -> Any:
    return stage.simulators["advoware"].simulator


def crm(stage: Stage) -> Any:
    return stage.simulators["espocrm"].simulator


def entries(stage: Stage, betnr: int) -> list[dict[str, Any]]:
    """What Advoware's own program shows of the party, empty slots too."""
    return list(firm(stage).data.entries_of(betnr))


def entry_of(stage: Stage, betnr: int, value: str) -> int:
    """The id of the entry with that value. Raises `StepError` unless there is exactly one."""
    found = [int(row["id"]) for row in entries(stage, betnr) if row["tlf"] == value]
    expect(len(found) == 1, f"Advoware has {value} {len(found)} times: {[row['tlf'] for row in entries(stage, betnr)]}")
    return found[0]


def record(stage: Stage, betnr: int) -> dict[str, Any]:
    """EspoCRM's record of that party number."""
    world = crm(stage).data
    row = next(row for row in world.records[PARTY].values() if row["betnr"] == betnr)
    found: dict[str, Any] = world.whole(row, versions=False)
    return found


def in_both(stage: Stage, betnr: int) -> tuple[list[str], list[str]]:
    """The values of the party in Advoware and in EspoCRM, in one way of writing, those that are there twice twice."""
    held = [row["tlf"] for row in entries(stage, betnr) if row["tlf"] and row["tlf"] != SAFE_ID]
    row = record(stage, betnr)
    listed = [one["emailAddress"] for one in row["emailAddressData"]]
    listed += [one["phoneNumber"] for one in row["phoneNumberData"]]
    return sorted(map(_plain, held)), sorted(map(_plain, listed))


def _plain(value: str) -> str:
    return normal(Channel.EMAIL if "@" in value else Channel.PHONE, value, REGION)


def wait_for_value(stage: Stage, betnr: int, value: str) -> None:
    """Until both have it. Raises `StepError` when it does not come."""

    def there() -> bool:
        here, over_there = in_both(stage, betnr)
        return _plain(value) in here and here == over_there

    stage.wait_for(there, f"the arrival of {value}", seconds=60)


def wait_for_rest(stage: Stage) -> None:
    """Until nothing is under way: what was told has been worked off, and what that led to as well."""
    connections = [integration().connection(role) for role in ("advoware", "espocrm")]
    waiting = WebhookDelivery.objects.filter(connection__in=connections, over_at=None)

    def rests() -> bool:
        return not firm(stage).sender.waiting and not crm(stage).sender.waiting and not waiting.exists()

    stage.wait_for(rests, "the end of what is under way", seconds=60)


def writes(stage: Stage) -> list[str]:
    """All writes of contact data, by both ledgers."""
    said = [f"{call.method} {call.path}" for call in list(firm(stage).calls) if "/advonet/" in call.path]
    said += [f"{call.method} {call.path}" for call in list(crm(stage).calls)]
    return [one for one in said if not one.startswith("GET")]


# --- the story --------------------------------------------------------------------------------------------------------


@chapter.step("An admin tests both connections")
def test_connections(stage: Stage) -> str:
    visitor = stage.visitor("admin")
    for role in ("advoware", "espocrm"):
        form = visitor.get(f"/admin/core/connection/{integration().connection(role).pk}/change/")
        page = visitor.press(form, "Test connection")
        expect("Everything works." in page.text, f"the page says: {page.text[:600]}")
    return "the configurator, the login and a party; the rules, parties, numbers and webhooks of EspoCRM"


@chapter.step("Nothing is written before an admin has seen a dry run and approved it")
def dry_run(stage: Stage) -> str:
    before = len(writes(stage))  # a test of the connection tries a write that cannot be
    run = press(stage, "Dry run")
    shown = stage.visitor("admin").get(f"/admin/core/syncrun/{run.pk}/change/")
    expect("rosa@example.com" in shown.text, f"the page says: {shown.text[:600]}")
    expect(len(writes(stage)) == before, f"something was written: {writes(stage)[before:]}")
    stage.visitor("admin").press(stream_page.page_of(stage, integration(), RECONCILE), "Approve the first run")
    return str(run.outcome)


@chapter.step("The first run makes both lists the same, and marks in Advoware what is linked")
def first_run(stage: Stage) -> str:
    run = press(stage, "Run now")
    wait_for_rest(stage)
    values = 0
    for known in PARTIES:
        here, there = in_both(stage, known.betnr)
        expect(here == there, f"party {known.betnr}: {here} against {there}")
        values += len(here)
    unmarked = [row["tlf"] for known in PARTIES for row in entries(stage, known.betnr) if not _is_marked(row)]
    expect(unmarked == [SAFE_ID], f"without a marker: {unmarked}")
    evening = entry_of(stage, ROSA, "0170 5550123")
    expect(read_remark(firm(stage).data.entries[evening]["bemerkung"]).text == "nur abends", "a remark got lost")
    return f"{values} values of {len(PARTIES)} parties; {run.outcome}"


def _is_marked(row: dict[str, Any]) -> bool:
    return read_remark(row["bemerkung"] or "").is_marked


@chapter.step("A SAFE-ID, which EspoCRM takes for no address, is held alone with its reason")
def held(stage: Stage) -> str:
    row = HeldValue.objects.get(pair__integration=integration(), pair__betnr=LAWYER)
    expect(row.value == SAFE_ID, f"{row.value} is held")
    here, _ = in_both(stage, LAWYER)
    expect(len(here) == 2, f"the lawyer's other values are {here}")
    page = stage.visitor("admin").get("/admin/advoware_espocrm/heldvalue/")
    expect(row.why in page.text, f"the page says: {page.text[:600]}")
    return row.why


@chapter.step("A second run writes nothing on either side")
def second_run(stage: Stage) -> str:
    before = len(writes(stage))
    run = press(stage, "Run now")
    wait_for_rest(stage)
    expect(len(writes(stage)) == before, f"written: {writes(stage)[before:]}")
    return str(run.outcome)


@chapter.step("EspoCRM's signed webhook brings a change to Advoware")
def changed_in_espocrm(stage: Stage) -> str:
    row = entry_of(stage, ROSA, "rosa@example.com")
    party = record(stage, ROSA)["id"]
    in_espocrm(stage, "replace_value", party=party, value="rosa@example.com", by="rosa@lindqvist.example.com")
    wait_for_value(stage, ROSA, "rosa@lindqvist.example.com")
    expect(entry_of(stage, ROSA, "rosa@lindqvist.example.com") == row, "it is another entry")
    sent = [line for line in list(crm(stage).sender.sent) if line.event.endswith(".update") and line.arrived]
    expect(sent, "no webhook arrived")
    return f"in entry {row}, which was there before"


@chapter.step("Advoware's hint brings a change to EspoCRM, and it is not sent back")
def changed_in_advoware(stage: Stage) -> str:
    wait_for_rest(stage)
    row = entry_of(stage, ROSA, "0511/12345-60")
    before = len(firm(stage).sender.sent)
    in_advoware(stage, "edit_entry", entry=row, tlf="0511 12345-99")
    wait_for_value(stage, ROSA, "0511 12345-99")
    wait_for_rest(stage)
    expect(firm(stage).data.entries[row]["tlf"] == "0511 12345-99", "Advoware's way of writing was changed")
    return f"{len(firm(stage).sender.sent) - before} hints, one of a person; the way of writing stays as it was typed"


@chapter.step("A webhook with a wrong signature is refused, and nothing of it is kept")
def forged(stage: Stage) -> str:
    wait_for_rest(stage)
    kept = WebhookDelivery.objects.count()
    hook = next(one for one in crm(stage).data.webhooks.values() if one["event"].endswith(".update"))
    right, hook["secretKey"] = hook["secretKey"], "f" * 32
    party = record(stage, HARBOUR)["id"]
    in_espocrm(stage, "add_value", party=party, value="buchhaltung@example.com")
    stage.wait_for(lambda: [one for one in list(crm(stage).sender.sent) if one.status == 401], "the refusal")
    expect(WebhookDelivery.objects.count() == kept, "it is in the inbox")
    expect("buchhaltung@example.com" not in in_both(stage, HARBOUR)[0], "it had an effect")
    hook["secretKey"] = right
    in_espocrm(stage, "pass_minutes", minutes=11)
    wait_for_value(stage, HARBOUR, "buchhaltung@example.com")
    return "401; EspoCRM sends it again after ten minutes, and signed rightly it was taken"


@chapter.step("A value deleted in EspoCRM leaves an empty slot, since Advoware deletes nothing")
def deleted(stage: Stage) -> str:
    row = stage.notes["slot"] = entry_of(stage, NEIGHBOUR, "p.petersen@example.com")
    count = len(entries(stage, NEIGHBOUR))
    in_espocrm(stage, "remove_value", party=record(stage, NEIGHBOUR)["id"], value="p.petersen@example.com")
    stage.wait_for(lambda: not firm(stage).data.entries[row]["tlf"], "the empty slot", seconds=60)
    expect(read_remark(firm(stage).data.entries[row]["bemerkung"]).is_slot, "its remark does not say so")
    expect(len(entries(stage, NEIGHBOUR)) == count, "an entry came or went")
    slots = Slot.objects.filter(pair__integration=integration(), entry_id=row)
    stage.wait_for(slots.exists, "the slot in the portal")
    return f"entry {row} is empty and says so"


@chapter.step("A new value uses the empty slot again before anything new is made")
def reused(stage: Stage) -> str:
    wait_for_rest(stage)
    row, count = stage.notes["slot"], len(entries(stage, NEIGHBOUR))
    in_espocrm(stage, "add_value", party=record(stage, NEIGHBOUR)["id"], value="petersen@example.com")
    wait_for_value(stage, NEIGHBOUR, "petersen@example.com")
    expect(entry_of(stage, NEIGHBOUR, "petersen@example.com") == row, "another entry was used")
    expect(len(entries(stage, NEIGHBOUR)) == count, "an entry was made")
    return f"entry {row} again, and no new one"


@chapter.step("Both change one value differently: it waits with both, and everything else goes on")
def conflict(stage: Stage) -> str:
    wait_for_rest(stage)
    row = entry_of(stage, COURT, "poststelle@ag.example.com")
    party = record(stage, COURT)["id"]
    in_advoware(stage, "webhook", drop_rate=1.0)  # the hint is lost; EspoCRM's webhook comes after both changes
    in_advoware(stage, "edit_entry", entry=row, tlf="verwaltung@ag.example.com")
    in_advoware(stage, "webhook", drop_rate=0.0)
    in_espocrm(stage, "replace_value", party=party, value="poststelle@ag.example.com", by="eingang@ag.example.com")
    waiting = Conflict.objects.filter(pair__integration=integration(), choice="")
    stage.wait_for(waiting.exists, "the conflict", seconds=60)
    in_espocrm(stage, "add_value", party=party, value="+495115550101", type="Fax")
    stage.wait_for(lambda: _plain("+495115550101") in in_both(stage, COURT)[0], "the arrival of the fax number")
    expect(firm(stage).data.entries[row]["tlf"] == "verwaltung@ag.example.com", "Advoware's value was overwritten")
    expect("eingang@ag.example.com" in in_both(stage, COURT)[1], "EspoCRM's value was overwritten")
    stage.notes["conflict"] = waiting.get().pk
    return "both values are kept; a fax number that was added meanwhile arrived"


@chapter.step("An admin chooses, and the choice is carried out at once")
def decided(stage: Stage) -> str:
    visitor = stage.visitor("admin")
    page = visitor.get(f"/admin/advoware_espocrm/conflict/{stage.notes['conflict']}/change/")
    for value in ("poststelle@ag.example.com", "verwaltung@ag.example.com", "eingang@ag.example.com"):
        expect(value in page.text, f"the page says: {page.text[:600]}")
    visitor.press(page, "Advoware’s value")
    wait_for_value(stage, COURT, "verwaltung@ag.example.com")
    expect("eingang@ag.example.com" not in in_both(stage, COURT)[1], "EspoCRM has both")
    return "Advoware's value is in both"


@chapter.step("The answer to a new entry is lost: it is found, and not made twice")
def lost_answer(stage: Stage) -> str:
    wait_for_rest(stage)
    count = len(entries(stage, HARBOUR))
    firm(stage).fault("answer_lost", method="POST", path="/Kommunikationen$")
    in_espocrm(stage, "add_value", party=record(stage, HARBOUR)["id"], value="+49405550120", type="Office")
    wait_for_value(stage, HARBOUR, "+49405550120")
    wait_for_rest(stage)
    posts = [
        call for call in list(firm(stage).calls) if call.method == "POST" and call.path.endswith("/Kommunikationen")
    ]
    unanswered = [call for call in posts if call.status is None]
    expect(len(unanswered) == 1, f"{len(unanswered)} answers were lost")
    expect(len(entries(stage, HARBOUR)) == count + 1, f"Advoware has {entries(stage, HARBOUR)}")
    return "one call without an answer, one entry"


@chapter.step("The books of both: every value once on either side, and nothing left to write")
def books(stage: Stage) -> str:
    wait_for_rest(stage)
    press(stage, "Run now")
    wait_for_rest(stage)
    before = len(writes(stage))
    press(stage, "Run now")
    wait_for_rest(stage)
    expect(len(writes(stage)) == before, f"written: {writes(stage)[before:]}")
    values = 0
    for known in PARTIES:
        here, there = in_both(stage, known.betnr)
        expect(here == there, f"party {known.betnr}: {here} against {there}")
        expect(len(here) == len(set(here)), f"party {known.betnr} has values twice: {here}")
        values += len(here)
    return f"{values} values of {len(PARTIES)} parties, after {before} writes"
