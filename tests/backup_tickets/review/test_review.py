from __future__ import annotations

from types import SimpleNamespace

from integrations.backup_tickets import attention
from integrations.backup_tickets.models import Run, RunReview, TicketLink
from integrations.backup_tickets.review import review, undo
from integrations.core.models import Connection
from tests.backup_tickets.people import browser
from tests.backup_tickets.run_checks.conftest import desk

__all__ = ["desk"]

DOOR = "/admin/backup_tickets/run/review/"


def run(external_id: str) -> Run:
    found: Run = Run.objects.get(external_id=external_id)
    return found


def test_a_reviewed_run_leaves_the_list_with_who_when_and_why(desk: SimpleNamespace) -> None:
    (result,) = review([run("e1").pk], desk.operator, " known tape fault ")
    assert (result.done, result.sentence) == (True, "Bakery · Nightly, 10 Jan 2025 22:00: no ticket needed.")
    seen = run("e1")
    assert (seen.needs_attention, seen.reviewed_by, seen.review_reason) == (False, desk.operator, "known tape fault")


def test_an_undone_review_brings_the_run_back_and_both_steps_stay_on_record(desk: SimpleNamespace) -> None:
    pk = run("e1").pk
    review([pk], desk.operator, "why")
    assert undo([pk], desk.limited)[0].done
    assert run("e1").needs_attention
    steps = RunReview.objects.filter(run=pk).order_by("id").values_list("action", "by__username", "reason")
    assert list(steps) == [("reviewed", "otto", "why"), ("undone", "lisa", "")]
    assert not undo([pk], desk.operator)[0].done


def test_runs_that_cannot_be_reviewed_are_left_alone_with_a_reason(desk: SimpleNamespace) -> None:
    ticketed = run("e2")
    connection = Connection.objects.create(client=desk.elite, slug="psa", vendor="autotask")
    TicketLink.objects.create(
        run=ticketed, connection=connection, key="k", state="active", send_before=ticketed.started_at
    )
    attention.refresh(ticketed)
    results = review([run("e1").pk, ticketed.pk, run("e3").pk, 10**9], desk.operator)
    assert [result.done for result in results] == [True, False, False, False]
    assert "it has a ticket" in results[1].sentence
    assert "it succeeded" in results[2].sentence
    assert "does not exist" in results[3].sentence
    assert "already reviewed" in review([run("e1").pk], desk.operator)[0].sentence


def test_runs_of_another_client_are_out_of_reach(desk: SimpleNamespace) -> None:
    assert not review([run("o1").pk], desk.limited)[0].done
    assert run("o1").needs_attention


def test_the_page_answers_row_by_row_and_offers_to_undo(desk: SimpleNamespace) -> None:
    visitor = browser(desk.operator)
    ids = [run("e1").pk, run("e3").pk]
    answer = visitor.post(DOOR, {"run": ids, "action": "review", "reason": "ok", "back": "status=error"})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "1 of 2 runs changed." in text
    assert "it succeeded" in text
    assert "/admin/backup_tickets/run/?status=error" in text
    assert "1 of 1 run changed." in visitor.post(DOOR, {"run": ids[:1], "action": "undo"}).content.decode()
    assert run("e1").needs_attention


def test_the_door_opens_by_post_only_and_reads_numbers_only(desk: SimpleNamespace) -> None:
    visitor = browser(desk.operator)
    assert visitor.get(DOOR).status_code == 405
    assert visitor.post(DOOR, {"run": ["x", "-1", "9" * 30]}).status_code == 200
