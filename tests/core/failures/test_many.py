"""A hundred thousand held records are a group like any other: exact statements, however many there are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.core.failures import acting, grouping
from integrations.core.failures.sources import all_sources
from integrations.core.jobs import ClaimLost
from integrations.core.models import AuditEntry, FailureAct, HeldItem, Integration, Job, Stream, User
from integrations.core.running import run_due_jobs
from integrations.core.streams import approve
from tests.core.world import browser

from .failing import PAGE, confirm, hold_many, propose, text

pytestmark = pytest.mark.django_db
BESIDE, PREVIEW = 10, 20  # statements of the page beside one per source; of the button and what it shows


@pytest.fixture
def stream(world: SimpleNamespace) -> Stream:
    approve(world.pair.to_right, user=world.admin)
    made: Stream = world.pair.to_left
    return made


def statements(do: Any) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        do()
    return len(captured)


@pytest.mark.parametrize("sentence", ["Ticket {} is refused.", "The title is too long."])
def test_the_page_and_the_preview_take_as_many_statements_for_many_as_for_few(
    world: SimpleNamespace, stream: Stream, sentence: str
) -> None:
    page = browser(world.admin)
    sources = len([source for source in all_sources() if not source.quiet])
    hold_many(stream, 10, sentence)
    text(page)  # what is asked once per process
    few = statements(lambda: page.get(PAGE))
    few_shown = statements(lambda: page.get(propose(page, "retry")))
    HeldItem.objects.all().delete()
    hold_many(stream, 10_000, sentence)
    assert statements(lambda: page.get(PAGE)) == few == BESIDE + sources
    preview = ""

    def look() -> None:
        nonlocal preview
        preview = propose(page, "retry")
        page.get(preview)

    assert statements(look) == few_shown == few + PREVIEW
    shown = text(page, preview)
    assert "Retry: 10,000 held records" in shown
    assert shown.count(" yes ") == 50
    assert "1–50 of 10,000" in shown


def test_a_thousand_rows_more_cost_seven_statements_more(world: SimpleNamespace, stream: Stream) -> None:
    Integration.objects.update(is_enabled=False)  # so that no run is asked for
    page = browser(world.admin)
    counted = {}
    for most in (1_000, 3_000):
        HeldItem.objects.all().delete()
        hold_many(stream, most)
        confirm(page, propose(page, "retry"))
        counted[most] = statements(run_due_jobs)
        assert not HeldItem.objects.filter(next_try=None).exists()
    assert counted[3_000] - counted[1_000] == 2 * 7


class Lost:
    """A claim that is lost before the third thousand."""

    def __init__(self) -> None:
        self.checks = 0

    def check(self) -> None:
        self.checks += 1
        if self.checks == 3:
            raise ClaimLost("Taken over.")


def test_a_job_that_was_lost_in_the_middle_goes_on_where_it_was(world: SimpleNamespace, stream: Stream) -> None:
    Integration.objects.update(is_enabled=False)
    hold_many(stream, 2_500)
    page = browser(world.admin)
    confirm(page, propose(page, "dismiss"), reason="They are old")
    act = FailureAct.objects.get()
    with pytest.raises(ClaimLost):
        acting.carry_out(Lost(), act.pk)  # type: ignore[arg-type]
    act.refresh_from_db()
    assert (act.state, act.done, HeldItem.objects.filter(state="held").count()) == ("running", 2_000, 500)
    run_due_jobs()
    act.refresh_from_db()
    assert (act.state, act.done, act.left) == ("done", 2_500, {})
    assert not HeldItem.objects.filter(state="held").exists()


def test_a_long_act_lets_others_work_in_between(
    world: SimpleNamespace, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "SLICE", 0.0)
    Integration.objects.update(is_enabled=False)
    hold_many(stream, 2_500)
    page = browser(world.admin)
    preview = propose(page, "retry")
    confirm(page, preview)
    run_due_jobs()
    assert Job.objects.get(kind=acting.CARRY_OUT).fence == 3, "claims"
    assert "All 2,500 done." in text(page, preview)
    assert AuditEntry.objects.get(action="failures.retry").detail.endswith("2,500 done, 0 left alone.")


def test_more_different_sentences_than_are_looked_at_are_said_to_be_there(
    world: SimpleNamespace, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "READ", 3)
    for word in ("one", "two", "three", "four"):
        HeldItem.objects.create(stream=stream, record_id=word, cause="bug", sentence=word, shape=f"It is {word}.")
    assert "There are more kinds of sentences" in text(browser(world.admin))


def test_the_sidebar_counts_in_one_statement_and_not_to_the_end(world: SimpleNamespace, stream: Stream) -> None:
    hold_many(stream, grouping.COUNTED + 50)
    admin = User.objects.get(pk=world.admin.pk)
    admin.get_all_permissions()
    with CaptureQueriesContext(connection) as captured:
        assert grouping.count_for(admin) == grouping.COUNTED + 1
    assert len(captured) == 1
