from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from integrations.backup_tickets import attention, review
from integrations.backup_tickets.intake import take_runs
from integrations.backup_tickets.models import BackupJob, Customer, Run, RunObject, TicketLink, TicketOptions
from integrations.core.models import Client, Connection, Integration, User

from .conftest import report


def at(hour: int) -> str:
    return f"2025-01-10T{hour:02}:00:00Z"


def attention_of(client: Client) -> dict[str, bool]:
    return dict(Run.objects.filter(client=client).values_list("external_id", "needs_attention"))


def test_a_new_run_brings_its_customer_job_and_objects(elite: Client) -> None:
    result = take_runs(elite, [report()])
    assert (result.created, result.updated, result.unchanged, result.errors) == (1, 0, 0, [])
    run = Run.objects.get(pk=result.run_ids[0])
    assert (run.job.name, run.job.backup_type, run.job.customer.name) == ("Nightly", "Veeam", "Bakery")
    assert [(o.name, o.message) for o in run.objects_reported.all()] == [("HV01", "no space")]
    assert run.needs_attention
    assert Customer.history.count() == 1


def test_the_same_report_again_changes_nothing(elite: Client) -> None:
    take_runs(elite, [report()])
    again = take_runs(elite, [report()])
    assert (again.created, again.updated, again.unchanged) == (0, 0, 1)
    assert (Run.objects.count(), RunObject.objects.count()) == (1, 1)


def test_a_changed_report_replaces_the_objects_and_keeps_the_run(elite: Client) -> None:
    first = take_runs(elite, [report()]).run_ids
    again = take_runs(
        elite, [report(objects=[{"name": "HV02", "status": "warning"}, {"name": "B", "status": "error"}])]
    )
    assert (again.updated, again.run_ids) == (1, first)
    assert list(RunObject.objects.values_list("name", flat=True)) == ["HV02", "B"]


def test_an_update_keeps_the_review(elite: Client) -> None:
    user = User.objects.create_user("otto")
    ids = take_runs(elite, [report()]).run_ids
    review.review(ids, user, "known")
    take_runs(elite, [report(remark="other words")])
    run = Run.objects.get()
    assert (run.remark, run.reviewed_by, run.review_reason, run.needs_attention) == (
        "other words",
        user,
        "known",
        False,
    )


def test_duplicates_in_one_delivery_count_as_if_they_came_one_by_one(elite: Client) -> None:
    result = take_runs(elite, [report(), report(), report(remark="last word")])
    assert (result.created, result.updated, result.unchanged) == (1, 1, 1)
    assert Run.objects.get().remark == "last word"


def test_the_same_id_of_another_client_is_another_run(elite: Client) -> None:
    other = Client.objects.create(slug="other", name="Other")
    assert take_runs(elite, [report()]).created == take_runs(other, [report()]).created == 1


def test_good_items_are_kept_when_others_are_refused(elite: Client) -> None:
    result = take_runs(elite, [report("a"), report("b", status="kaputt"), 17, report("c")])
    assert (result.created, result.failed) == (2, 2)
    assert [(e.index, e.field) for e in result.errors] == [(1, "status"), (2, "")]
    assert result.errors[0].message == "Item 2: status must be one of success, warning, error, missed."


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"external_id": ""}, "external_id must not be empty."),
        ({"external_id": "x" * 201}, "external_id is too long; at most 200 characters fit."),
        ({"customer": "a\x00b"}, "customer must not contain a NUL character; remove it."),
        ({"remark": "\ud800"}, "remark holds characters that are not valid Unicode; send UTF-8."),
        ({"started_at": 1767225600}, "started_at must be a time in text, such as 2026-01-31T22:00:00+01:00."),
        ({"started_at": "2025-02-30T10:00:00Z"}, "started_at must be a time that exists, such as"),
        ({"started_at": "0001-01-01T00:00:00+14:00"}, "started_at must be between the year 2000 and tomorrow"),
        ({"finished_at": "2025-01-09T22:00:00Z"}, "finished_at must not be before started_at."),
        ({"finished_at": "2099-01-09T22:00:00Z"}, "finished_at must be between the year 2000 and tomorrow"),
        ({"colour": "red"}, "colour is not a field of a run; remove it or correct its spelling."),
        ({"objects": "HV01"}, "objects must be a list of objects with name, status and message"),
        ({"objects": [{"name": "HV01"}]}, "objects.0.status is missing; give it."),
        ({"job": None}, "job must be text."),
    ],
)
def test_a_refusal_says_field_fault_and_cure(elite: Client, change: dict[str, Any], words: str) -> None:
    result = take_runs(elite, [report(**change)])
    assert (result.taken, result.failed) == (0, 1)
    assert result.errors[0].message.startswith(f"Item 1: {words}")


def test_a_time_without_an_offset_is_the_clients(elite: Client) -> None:
    take_runs(elite, [report(started_at="2025-07-01 22:00", finished_at="")])
    run = Run.objects.get()
    assert run.started_at == dt.datetime(2025, 7, 1, 20, 0, tzinfo=dt.UTC)
    assert run.finished_at is None


@pytest.mark.parametrize("text", ["2025-07-01T20:00:00.1234567Z", "2025-07-01t22:00:00.123456+0200"])
def test_a_time_is_understood_as_other_programs_write_it(elite: Client, text: str) -> None:
    take_runs(elite, [report(started_at=text, finished_at=None)])
    assert Run.objects.get().started_at == dt.datetime(2025, 7, 1, 20, 0, 0, 123456, tzinfo=dt.UTC)


def test_unknown_customers_and_jobs_are_refused_where_the_setting_says_so(elite: Client) -> None:
    integration = Integration.objects.create(client=elite, slug="tickets", kind="backup_tickets")
    take_runs(elite, [report()])
    TicketOptions.objects.create(integration=integration, create_unknown=False)
    result = take_runs(elite, [report("a", customer="Butcher"), report("b", job="Weekly"), report("c")])
    assert result.created == 1
    assert [error.field for error in result.errors] == ["customer", "job"]
    assert "The customer “Butcher” is not known; add it first" in result.errors[0].message
    assert (Customer.objects.count(), BackupJob.objects.count()) == (1, 1)


def test_a_preview_answers_alike_and_stores_nothing(elite: Client) -> None:
    result = take_runs(elite, [report("a"), report("b", status="?")], store=False)
    assert (result.created, result.failed, result.run_ids) == (1, 1, [])
    assert (Run.objects.count(), Customer.objects.count()) == (0, 0)


def test_a_later_success_supersedes_earlier_failures_only(elite: Client) -> None:
    take_runs(
        elite, [report("early", started_at=at(1), finished_at=None), report("late", started_at=at(5), finished_at=None)]
    )
    take_runs(elite, [report("good", status="success", started_at=at(3), finished_at=None)])
    assert attention_of(elite) == {"early": False, "late": True, "good": False}
    assert Run.objects.get(external_id="early").superseded_by == Run.objects.get(external_id="good")


def test_a_success_of_another_job_supersedes_nothing(elite: Client) -> None:
    take_runs(elite, [report("bad", started_at=at(1), finished_at=None)])
    take_runs(elite, [report("good", job="Weekly", status="success", started_at=at(3), finished_at=None)])
    assert attention_of(elite)["bad"]


def test_a_failure_that_arrives_after_its_success_is_superseded_at_once(elite: Client) -> None:
    take_runs(elite, [report("good", status="success", started_at=at(3), finished_at=None)])
    take_runs(elite, [report("bad", started_at=at(1), finished_at=None)])
    assert attention_of(elite) == {"good": False, "bad": False}


def test_a_corrected_success_frees_what_it_superseded(elite: Client) -> None:
    bad, good = report("bad", started_at=at(1), finished_at=None), report("good", started_at=at(3), finished_at=None)
    take_runs(elite, [bad, good | {"status": "success"}])
    take_runs(elite, [good | {"status": "warning"}])
    assert attention_of(elite) == {"bad": True, "good": True}


def test_a_success_moved_to_another_job_frees_what_it_superseded(elite: Client) -> None:
    bad, good = report("bad", started_at=at(1), finished_at=None), report("good", started_at=at(3), finished_at=None)
    take_runs(elite, [bad, good | {"status": "success"}])
    take_runs(elite, [good | {"status": "success", "job": "Weekly"}])
    assert attention_of(elite) == {"bad": True, "good": False}


def test_a_run_with_a_live_ticket_needs_no_attention_until_the_ticket_is_gone(elite: Client) -> None:
    run = Run.objects.get(pk=take_runs(elite, [report()]).run_ids[0])
    connection = Connection.objects.create(client=elite, slug="psa", vendor="autotask")
    link = TicketLink.objects.create(
        run=run, connection=connection, key="k1", state=TicketLink.State.ACTIVE, send_before=run.started_at
    )
    attention.refresh(run)
    assert attention_of(elite) == {"r1": False}
    link.state = TicketLink.State.DELETED
    link.save()
    attention.refresh([run.pk])
    assert attention_of(elite) == {"r1": True}


def test_a_run_with_a_manual_ticket_number_needs_no_attention(elite: Client) -> None:
    ids = take_runs(elite, [report()]).run_ids
    Run.objects.filter(pk__in=ids).update(manual_ticket_number="T1")
    attention.refresh(ids)
    assert attention_of(elite) == {"r1": False}


def test_statements_grow_with_batches_and_not_with_runs(elite: Client, django_assert_max_num_queries: Any) -> None:
    def items(count: int, start: int) -> list[dict[str, Any]]:
        return [report(f"r{start + n}", customer=f"C{n % 20}", job=f"J{n % 7}") for n in range(count)]

    take_runs(elite, items(200, 0))
    captured: CaptureQueriesContext
    with django_assert_max_num_queries(40) as captured:
        result = take_runs(elite, items(400, 1000))
    assert result.created == 400
    assert len(captured) < 40


def test_progress_is_told_and_items_may_be_a_stream(elite: Client) -> None:
    told: list[int] = []
    result = take_runs(elite, (report(f"r{n}") for n in range(1200)), progress=lambda sofar: told.append(sofar.done))
    assert (result.created, told) == (1200, [500, 1000, 1200])
