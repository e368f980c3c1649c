"""A person who wants to be forgotten is found by their words in everything the portal keeps, and taken out of it."""

from __future__ import annotations

from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from integrations.advoware_espocrm.models import HeldValue, Pair
from integrations.core import erasing
from integrations.core.jobs import Stopped
from integrations.core.models import (
    ApiCall,
    AuditEntry,
    HeldItem,
    Integration,
    Job,
    RecordLink,
    Stream,
    SyncEntry,
    SyncRun,
    WebhookDelivery,
)
from tests.core.world import make_world

pytestmark = pytest.mark.django_db
ROSA, ESCAPED = "rosa.möller@example.com", r"rosa.m\u00f6ller@example.com"


@pytest.fixture
def world() -> SimpleNamespace:
    """A firm whose tables hold Rosa in every place, and Otto beside her."""
    made = make_world()
    integration = Integration.objects.create(client=made.elite, slug="contacts", kind="advoware_espocrm")
    stream = Stream.objects.create(integration=integration, slug="reconcile", interval_minutes=15)
    for person in (ROSA, "otto@example.com"):
        call(made, f'{{"emailAddress": "{person}"}}')
        delivery(made, person, is_over=True)
        link = RecordLink.objects.create(
            integration=integration, object_type="party", left_id=person[:4], base={"lines": [[4, person]]}
        )
        pair = Pair.objects.create(link=link, integration=integration, betnr=len(person))
        for number in (1, 2):
            HeldValue.objects.create(pair=pair, value=person, key=f"{number}:{person}", why=f"{person} was refused.")
        refused = f"EspoCRM refused {person}."
        HeldItem.objects.create(stream=stream, record_id=person[:4], cause="permanent", sentence=refused, shape=refused)
        Job.objects.create(kind="core.run_stream", key=person, state=Job.State.DEAD, outcome=refused)
        run = SyncRun.objects.create(stream=stream, state=SyncRun.State.FAILED, outcome=refused)
        SyncEntry.objects.create(run=run, record_id=person[:4], outcome="updated", writes=[f"address {person}"])
    call(made, f'{{"emailAddress": "{ESCAPED}"}}')
    delivery(made, ROSA, is_over=False)
    return made


def call(world: SimpleNamespace, body: str) -> None:
    ApiCall.objects.create(
        at=timezone.now(),
        transaction_id="t",
        connection=world.elite_connection,
        method="PUT",
        host="crm",
        route="/",
        request_body=body,
    )


def delivery(world: SimpleNamespace, person: str, *, is_over: bool) -> None:
    WebhookDelivery.objects.create(
        connection=world.elite_connection,
        event="update",
        subject="party:1",
        received_at=timezone.now(),
        over_at=timezone.now() if is_over else None,
        body=person.encode(),
    )


def erase(*words: str, **options: object) -> str:
    said = StringIO()
    call_command("erase", *words, stdout=said, **options)
    return said.getvalue()


def test_the_command_says_first_where_the_person_stands_and_changes_nothing(world: SimpleNamespace) -> None:
    said = erase(ROSA)
    assert "2 API calls: deleted" in said
    assert "1 record links: the words are replaced by [erased]" in said
    assert "Nothing was changed." in said
    assert ApiCall.objects.count() == 3
    assert not AuditEntry.objects.exists()


def test_the_person_is_gone_everywhere_and_others_stay(world: SimpleNamespace) -> None:
    erase(ROSA, confirm=True, reason="Request of 5 January.")
    assert list(ApiCall.objects.values_list("request_body", flat=True)) == ['{"emailAddress": "otto@example.com"}']
    assert SyncEntry.objects.get().writes == ["address otto@example.com"]
    bases = [link.base for link in RecordLink.objects.order_by("pk")]
    assert bases == [{"lines": [[4, "[erased]"]]}, {"lines": [[4, "otto@example.com"]]}]
    held = list(HeldItem.objects.order_by("pk").values_list("sentence", flat=True))
    assert held == ["EspoCRM refused [erased].", "EspoCRM refused otto@example.com."]
    for rows, name in ((HeldItem, "shape"), (Job, "outcome"), (SyncRun, "outcome")):
        said = set(rows.objects.values_list(name, flat=True))
        assert said == {"EspoCRM refused [erased].", "EspoCRM refused otto@example.com."}, rows.__name__
    assert {row.value for row in HeldValue.objects.all()} == {"[erased]", "otto@example.com"}
    assert "Nothing in the portal holds these words." in erase(ROSA)


def test_a_call_that_is_not_worked_off_yet_is_kept_until_it_is(world: SimpleNamespace) -> None:
    erase(ROSA, confirm=True, reason="Request of 5 January.")
    waiting = WebhookDelivery.objects.get(over_at__isnull=True)
    assert bytes(waiting.body).decode() == ROSA


def test_the_audit_says_why_and_not_whom(world: SimpleNamespace) -> None:
    erase(ROSA, confirm=True, reason="Request of 5 January.")
    entry = AuditEntry.objects.get(action="personal_data.erase")
    assert (entry.outcome, entry.detail.startswith("Request of 5 January.")) == (AuditEntry.Outcome.DONE, True)
    assert ROSA not in entry.detail


@pytest.mark.parametrize("word", ["a", "  x ", "@de"])
def test_a_word_that_is_in_everything_is_refused(world: SimpleNamespace, word: str) -> None:
    with pytest.raises(CommandError, match="too short"):
        erase(word, confirm=True, reason="Request.")
    assert ApiCall.objects.count() == 3


def test_without_a_reason_nothing_is_erased(world: SimpleNamespace) -> None:
    with pytest.raises(CommandError, match="--reason"):
        erase(ROSA, confirm=True)
    assert ApiCall.objects.count() == 3


def test_stopped_half_way_the_audit_says_so_and_begun_again_it_does_the_rest(world: SimpleNamespace) -> None:
    def stop(said: str) -> None:
        if said.endswith("done"):
            raise Stopped(said)

    with pytest.raises(Stopped):
        erasing.erase([ROSA], actor="anna", reason="Asked for by letter.", told=stop)
    assert not ApiCall.objects.filter(request_body__contains=ROSA).exists()
    assert SyncRun.objects.filter(outcome__contains=ROSA).exists()
    entry = AuditEntry.objects.get()
    assert entry.outcome == AuditEntry.Outcome.DONE
    assert entry.detail == "Asked for by letter. Stopped before its end. Rows it was taken out of by then: 2."
    erasing.erase([ROSA], actor="anna", reason="Asked for by letter.")
    assert not SyncRun.objects.filter(outcome__contains=ROSA).exists()


def test_it_says_through_which_table_it_looks(world: SimpleNamespace) -> None:
    said: list[str] = []
    erasing.find([ROSA], told=said.append)
    assert said[0] == "Looking through API calls"
    assert "Looking through held values" in said
