"""The page about everything that waits: grouped by cause, explained, filtered, and acted on after a preview."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.core.models import AuditEntry, Client, Connection, FailureAct, HeldItem, Job, Stream, SyncRun
from integrations.core.running import run_due_jobs
from integrations.core.streams import approve, run_now
from integrations.transport.errors import UnknownOutcomeError
from tests.core.sync.toy import raising
from tests.core.world import browser, person

from .failing import PAGE, confirm, dead_job, delivery, groups, held, propose, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def calm(world: SimpleNamespace) -> SimpleNamespace:
    """Nothing waits."""
    approve(world.pair.to_right, user=world.admin)
    return world


@pytest.fixture
def stream(calm: SimpleNamespace) -> Stream:
    made: Stream = calm.pair.to_left
    return made


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_when_nothing_waits_a_friendly_sentence_says_so(calm: SimpleNamespace) -> None:
    assert "Nothing is held, nothing failed" in text(browser(calm.operator))


def test_records_that_differ_by_their_ids_are_one_group_with_examples_an_explanation_and_the_way_to_mend_it(
    calm: SimpleNamespace, stream: Stream
) -> None:
    for number in (101, 102, 103):
        held(stream, f"T{number}", f"Ticket {number} is gone.", error_class="NotFoundError")
    held(stream, "T104", "The title is too long.")
    shown = text(browser(calm.admin))
    assert "4 wait for somebody, in 2 groups" in shown
    assert "gone 3 held records Right to left Ticket … is gone." in shown
    assert "For example T101 , T103 …" in shown
    assert "A record that was known is not there any more" in shown
    assert "Open the stream" in shown
    assert "Harbour IT · pair" in shown
    assert "Retry these 3 …" in shown


def test_whatever_the_engine_holds_is_grouped_by_its_error(calm: SimpleNamespace, stream: Stream) -> None:
    for title in ("A", "B"):
        calm.pair.right.insert(title)
    calm.pair.left.poisoned = {"A", "B"}
    run_now(stream)
    assert set(HeldItem.objects.values_list("error_class", "shape")) == {
        ("RejectedError", "L refuses A."),
        ("RejectedError", "L refuses B."),
    }
    assert "refused 1 held record Right to left L refuses A." in text(browser(calm.admin))


def test_everything_core_knows_is_there_and_what_was_ignored_only_on_demand(world: SimpleNamespace) -> None:
    dead_job("A bug in the portal (KeyError); it was reported.")
    dead_job("Its delivery says more.", kind="core.work_delivery")
    delivery(world.elite_connection, "ticket:1", "Ticket 1 is locked.")
    delivery(world.elite_connection, "ticket:2", "Nobody uses it.", state="ignored")
    SyncRun.objects.create(stream=world.pair.to_left, state="failed", outcome="It was not readable.")
    AuditEntry.objects.create(action="toy.write", actor="x", outcome="unknown", record="thing:1", detail="No answer.")
    Connection.objects.filter(pk=world.house_connection.pk).update(health="attention", health_cause="401 for all.")
    Connection.objects.filter(pk=world.other_connection.pk).update(webhook_trouble="Switched off over there.")
    page = browser(world.admin)
    shown = text(page)
    for said in (
        "bug in the portal 1 dead job core.prune",
        "webhook failed 1 failed webhook psa Ticket 1 is locked.",
        "run failed 1 stream Right to left It was not readable.",
        "being checked 1 open outcome toy.write No answer.",
        "a setting is wrong 1 connection house-psa",
        "webhooks stopped 1 connection secret-psa Switched off over there.",
        "first run to approve 1 stream Left to right",
        "7 wait for somebody, in 7 groups",
    ):
        assert said in shown
    assert "Its delivery says more" not in shown
    assert "Nobody uses it" not in shown
    assert "ignored 1 ignored webhook psa Nobody uses it." in text(page, f"{PAGE}?ignored=1")
    assert "7 wait for somebody" in text(page, f"{PAGE}?ignored=1")


def test_a_run_that_failed_is_shown_until_its_stream_got_to_its_end_again(
    calm: SimpleNamespace, stream: Stream
) -> None:
    SyncRun.objects.create(stream=stream, state="failed", outcome="It was not readable.")
    assert "It was not readable." in text(browser(calm.admin))
    SyncRun.objects.create(stream=stream, state="running")
    SyncRun.objects.create(stream=stream, state="done", is_dry=True)
    SyncRun.objects.create(stream=stream, state="done", subject="ticket:1")
    assert "It was not readable." in text(browser(calm.admin))
    run_now(stream)
    assert "Nothing is held" in text(browser(calm.admin))


def test_filters_narrow_it_and_stand_in_the_address(calm: SimpleNamespace, stream: Stream) -> None:
    held(stream, "1", "The title is too long.")
    held(stream, "2", "No answer.", cause="temporary")
    delivery(calm.elite_connection, "ticket:1", "Ticket 1 is locked.")
    page, harbour = browser(calm.admin), Client.objects.get(slug="harbour")
    for query, found, missing in (
        ("cause=RejectedError", "too long", "No answer"),
        ("cause=TemporaryError", "No answer", "too long"),
        (f"client={harbour.pk}", "too long", "is locked"),
        (f"client={calm.elite.pk}", "is locked", "too long"),
        (f"integration={stream.integration_id}&cause=TemporaryError", "No answer", "too long"),
        ("kind=deliveries", "is locked", "too long"),
    ):
        shown = text(page, f"{PAGE}?{query}")
        assert found in shown, query
        assert missing not in shown, query
    assert "Nothing that matches" in text(page, f"{PAGE}?client=abc&cause=nonsense")
    assert all(group["back"] == "kind=deliveries" for group in groups(page, f"{PAGE}?kind=deliveries"))


def test_what_a_vendor_said_is_inert(calm: SimpleNamespace, stream: Stream) -> None:
    held(stream, "<i>1</i>", "<script>alert(1)</script> is refused.")
    page = browser(calm.admin)
    preview = propose(page, "retry")
    for url in (PAGE, preview):
        shown = page.get(url).content.decode()
        assert "<script>alert" not in shown
        assert "<i>" not in shown


def test_the_sidebar_counts_what_waits_and_costs_other_pages_no_statement(
    calm: SimpleNamespace, stream: Stream
) -> None:
    held(stream, "1", "The title is too long.")
    dead_job("Given up.")
    delivery(calm.elite_connection, "ticket:1", "Nobody uses it.", state="ignored")
    for who, count in ((calm.admin, "2"), (calm.limited, "")):
        page = browser(who)
        page.get(PAGE)  # where the figure is always new
        with CaptureQueriesContext(connection) as captured:
            shown = page.get("/admin/core/client/").content.decode()
        entry = shown.partition("<span>Failures</span>")[2].partition("</a>")[0]
        assert (f">{count}<" in entry) if count else ("<span" not in entry)
        assert not [entry for entry in captured if "core_helditem" in entry["sql"]]


# --- acts -------------------------------------------------------------------------------------------------------------


def test_a_group_is_retried_after_a_preview_with_a_result_per_row(calm: SimpleNamespace, stream: Stream) -> None:
    for title in ("A", "B"):
        calm.pair.right.insert(title)
    calm.pair.left.poisoned = {"A", "B"}
    run_now(stream)
    HeldItem.objects.update(sentence="L refuses 1.", shape="L refuses ….", tries=10, next_try=None)
    calm.pair.left.poisoned = set()
    page = browser(calm.admin)
    preview = propose(page, "retry")
    shown = text(page, preview)
    assert "nothing was done yet" in shown
    assert "Retry: 2 held records" in shown
    assert "R0001 yes L refuses 1. R0002 yes L refuses 1." in shown
    assert not calm.pair.left.ledger
    confirm(page, preview)
    run_due_jobs()
    assert len(calm.pair.left.ledger) == 2, "the stream was asked for, too"
    assert "All 2 done. " in text(page, preview)
    assert "R0001 done It is tried at the next run." in text(page, preview)
    entry = AuditEntry.objects.get(action="failures.retry")
    assert (entry.user, entry.outcome, entry.client) == (calm.admin, "done", stream.integration.client)
    assert entry.detail.endswith("L refuses …. 2 done, 0 left alone.")


def test_dismissing_wants_a_reason_and_keeps_it(calm: SimpleNamespace, stream: Stream) -> None:
    held(stream, "1", "Ticket 1 is refused.")
    page = browser(calm.admin)
    preview = propose(page, "dismiss")
    said = page.post(preview, {"confirm": "1", "reason": " "}, follow=True).content.decode()
    assert "say why, so that the next person knows" in said
    assert HeldItem.objects.get().state == "held"
    confirm(page, preview, reason="A test ticket")
    run_due_jobs()
    item = HeldItem.objects.get()
    assert (item.state, item.reason, item.dismissed_by) == ("dismissed", "A test ticket", calm.admin)
    assert "Because: A test ticket" in text(page, preview)
    assert "Because: A test ticket" in AuditEntry.objects.get(action="failures.dismiss").detail


def test_rows_are_fixed_at_the_preview_and_each_is_looked_at_again(calm: SimpleNamespace, stream: Stream) -> None:
    for number in (1, 2, 3):
        held(stream, f"T{number}", f"Ticket {number} is refused.")
    page = browser(calm.admin)
    preview = propose(page, "dismiss")
    held(stream, "T4", "Ticket 4 is refused.")  # came later, and was not shown
    HeldItem.objects.filter(record_id="T1").update(state="settled")
    HeldItem.objects.filter(record_id="T2").update(shape="The title is too long.")
    assert "T1 no It does not wait any more" not in text(page, preview)
    assert "no It does not wait any more" in text(page, preview)
    confirm(page, preview, reason="They are old")
    run_due_jobs()
    states = dict(HeldItem.objects.values_list("record_id", "state"))
    assert states == {"T1": "settled", "T2": "held", "T3": "dismissed", "T4": "held"}
    shown = text(page, preview)
    assert "1 done, 2 left alone; each says why." in shown
    assert "T1 left alone It does not wait any more" in shown
    assert "T2 left alone It waits for another reason by now" in shown
    assert "T3 done It is dismissed." in shown
    assert "T3" not in text(page, f"{preview}?show=left")


def test_a_second_click_does_nothing_and_a_stop_leaves_the_rest(calm: SimpleNamespace, stream: Stream) -> None:
    held(stream, "T1", "Ticket 1 is refused.")
    page = browser(calm.admin)
    preview = propose(page, "dismiss")
    confirm(page, preview, reason="Once")
    assert (
        "It was begun already"
        in page.post(preview, {"confirm": "1"} | {"reason": "Twice"}, follow=True).content.decode()
    )
    assert "T1 waiting" in text(page, preview)
    page.post(preview, {"stop": "1"})
    assert "T1 not tried" in text(page, preview)
    run_due_jobs()
    assert HeldItem.objects.get().state == "held"
    assert "Stopped. 0 of 1 were worked on" in text(page, preview)
    assert AuditEntry.objects.get(action="failures.dismiss").detail.endswith("0 done, 0 left alone. 1 not tried.")


def test_dead_jobs_are_queued_again_or_dismissed_and_what_they_died_of_stays(calm: SimpleNamespace) -> None:
    first, second = dead_job("Batch 17 was lost."), dead_job("Batch 18 was lost.")
    Job.objects.create(kind="core.prune", key=second.key, not_before=timezone.now() + timezone.timedelta(days=1))
    page = browser(calm.admin)
    preview = propose(page, "retry")
    confirm(page, preview)
    run_due_jobs()
    shown = text(page, preview)
    assert "1 done, 1 left alone" in shown
    assert "Another job of its key waits already" in shown
    first.refresh_from_db()
    assert (first.state, first.requested_by) == ("done", calm.admin)
    confirm(page, propose(page, "dismiss"), reason="The batch is old")
    run_due_jobs()
    second.refresh_from_db()
    assert second.state == "done"
    assert second.outcome == "Dismissed by anna: The batch is old It had ended so: Batch 18 was lost."


def test_failed_webhooks_are_looked_at_again_but_not_those_nobody_understood(calm: SimpleNamespace) -> None:
    for subject in ("ticket:1", "not understood"):
        delivery(calm.elite_connection, subject, "It could not be read.")
    page = browser(calm.admin)
    preview = propose(page, "retry")
    assert "not understood no Its body could not be understood" in text(page, preview)
    confirm(page, preview)
    run_due_jobs()
    assert "1 done, 1 left alone" in text(page, preview)
    job = Job.objects.get(kind="core.work_delivery")
    assert job.trigger == "replay"


def test_a_failed_run_is_asked_for_again_unless_its_stream_cannot_run(calm: SimpleNamespace, stream: Stream) -> None:
    SyncRun.objects.create(stream=stream, state="failed", outcome="It was not readable.")
    page = browser(calm.admin)
    Client.objects.filter(slug="harbour").update(is_active=False)
    assert "no Harbour IT is not active." in text(page, propose(page, "retry"))
    Client.objects.filter(slug="harbour").update(is_active=True)
    confirm(page, propose(page, "retry"))
    run_due_jobs()
    assert SyncRun.objects.latest("pk").state == "done"


def test_an_unknown_outcome_offers_no_act_and_none_can_be_posted(calm: SimpleNamespace) -> None:
    AuditEntry.objects.create(action="toy.write", actor="x", outcome="unknown", record="thing:1", detail="No answer.")
    page = browser(calm.admin)
    assert groups(page) == []
    forged = {
        "source": "unknown",
        "act": "retry",
        "what": "toy.write",
        "cause": "UnknownOutcomeError",
        "shape": "No answer.",
    }
    assert "that cannot be done here" in page.post(f"{PAGE}preview/", forged, follow=True).content.decode()
    assert not FailureAct.objects.exists()


def test_a_held_write_of_unknown_outcome_is_checked_and_never_retried_or_dismissed(
    calm: SimpleNamespace, stream: Stream
) -> None:
    calm.pair.right.insert("A")
    calm.pair.left.faults.append(raising(UnknownOutcomeError("No answer came."), after_commit=True))
    held(stream, "R0001", "No answer came.", cause="temporary", error_class="UnknownOutcomeError")
    dead_job("No answer came.", error_class="UnknownOutcomeError")
    page = browser(calm.admin)
    (group,) = groups(page)
    shown = text(page)
    assert "Check now …" in shown
    assert "Retry" not in shown
    assert "Dismiss" not in shown
    for act in ("retry", "dismiss"):
        page.post(f"{PAGE}preview/", {**group, "act": act})
    assert not FailureAct.objects.exists()
    confirm(page, propose(page, "check"))
    run_due_jobs()
    HeldItem.objects.update(next_try=timezone.now())
    run_now(stream)
    assert [what for what, _ in calm.pair.left.ledger] == ["create"], "once, though its answer was lost"
    assert HeldItem.objects.get().state == "settled"


# --- who may ----------------------------------------------------------------------------------------------------------


def test_operators_look_and_only_admins_act(calm: SimpleNamespace, stream: Stream) -> None:
    held(stream, "T1", "Ticket 1 is refused.")
    (group,) = groups(browser(calm.admin))
    operator = browser(calm.operator)
    assert "Ticket 1 is refused." in text(operator)
    assert groups(operator) == []
    operator.post(f"{PAGE}preview/", {**group, "act": "dismiss"})
    assert not FailureAct.objects.exists()
    assert browser(calm.reporter).get(PAGE).status_code == 403


def test_somebody_elses_act_cannot_be_seen_or_confirmed(calm: SimpleNamespace, stream: Stream) -> None:
    held(stream, "T1", "Ticket 1 is refused.")
    preview = propose(browser(calm.admin), "dismiss")
    other = browser(person("adam", "Admin"))
    assert other.get(preview).status_code == 404
    assert other.post(preview, {"confirm": "1", "reason": "x"}).status_code == 404
    assert FailureAct.objects.get().state == "shown"


def test_people_limited_to_a_client_see_and_touch_only_theirs(calm: SimpleNamespace, stream: Stream) -> None:
    held(stream, "T1", "Ticket 1 is refused.")
    dead_job("Batch 17 was lost.")
    delivery(calm.other_connection, "ticket:9", "Foreign ticket 9 is locked.")
    delivery(calm.elite_connection, "ticket:1", "Own ticket 1 is locked.")
    (everything, *_) = ({group["source"]: group for group in groups(browser(calm.admin))},)
    lena = browser(person("lena", "Admin", clients=[calm.elite]))
    shown = lena.get(PAGE).content.decode()
    assert "Own ticket 1 is locked." in shown
    for foreign in ("Harbour", "is refused", "Northwind", "Foreign", "Batch"):
        assert foreign not in shown
    preview = propose(lena, "dismiss", group=everything["held"])
    assert "Nothing of this group waits" in text(lena, preview)
    assert FailureAct.objects.get().ids == []
    lena.post(preview, {"confirm": "1", "reason": "Mine now"})
    run_due_jobs()
    assert HeldItem.objects.get().state == "held"


def test_a_client_that_was_taken_from_a_person_after_the_preview_is_left_alone(
    calm: SimpleNamespace, stream: Stream
) -> None:
    held(stream, "T1", "Ticket 1 is refused.")
    user = person("lena", "Admin", clients=[stream.integration.client])
    page = browser(user)
    preview = propose(page, "dismiss")
    user.clients.set([calm.elite])
    confirm(page, preview, reason="Mine")
    run_due_jobs()
    assert HeldItem.objects.get().state == "held"
    assert "0 done, 1 left alone" in text(page, preview)
    assert "T1" not in text(page, preview)
