"""A run that meets a spent quota, or a slow vendor, goes on later from where it was; nothing is held for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from integrations.core.jobs import Again
from integrations.core.models import Client, HeldItem, Integration, Stream, SyncRun
from integrations.core.streams import Work
from integrations.core.sync import engine
from integrations.core.sync.flow import Side
from integrations.transport.errors import QuotaSpent
from tests.core.sync.test_engine import OVERLAP
from tests.core.sync.toy import Held, System, flow, raising

pytestmark = pytest.mark.django_db
SPENT = QuotaSpent("Its 80 calls of this minute are used.", retry_after=40)


class Slices:
    """A run of the toy pair, slice after slice; pages of ten."""

    def __init__(self, *, ordered: bool) -> None:
        self.left = System("L", ordered=ordered, page_size=10)
        self.right = System("R", ordered=ordered)
        client = Client.objects.create(slug="elite", name="Elite")
        self.integration = Integration.objects.create(client=client, slug="pair", kind="toy")
        self.stream = Stream.objects.create(integration=self.integration, slug="to_right", interval_minutes=5)
        self.begin(is_dry=False)

    def begin(self, *, is_dry: bool) -> None:
        """Another run, from the beginning."""
        self.run = SyncRun.objects.create(stream=self.stream, started_at=timezone.now(), is_dry=is_dry)

    def go_on(self) -> None:
        """Raises what ends the slice; the run keeps what it said, as the job does."""
        self.run.refresh_from_db()
        what = flow(self.left, self.right, Side.LEFT, overlap=OVERLAP)
        try:
            engine.run(Work(self.integration, self.run, Held()), what)  # type: ignore[arg-type]
        except (QuotaSpent, Again) as put_off:
            SyncRun.objects.filter(pk=self.run.pk).update(outcome=str(put_off))
            raise

    def fail_at(self, write: int, fault: Callable[[], None]) -> None:
        """The write of that number, counted from 0, meets this."""
        self.right.faults.extend([lambda: None] * write + [fault])


@pytest.mark.parametrize("ordered", [True, False])
def test_a_spent_quota_in_the_middle_of_a_page_holds_nothing_and_counts_nothing_twice(ordered: bool) -> None:
    slices = Slices(ordered=ordered)
    for number in range(25):
        slices.left.insert(f"T{number}")
    for _ in range(3):
        slices.fail_at(8, raising(SPENT))
        with pytest.raises(QuotaSpent):
            slices.go_on()
        slices.right.faults.clear()
        assert not HeldItem.objects.exists()
    slices.go_on()
    slices.run.refresh_from_db()
    assert (slices.run.created, slices.run.read, slices.run.held) == (25, 25, 0)
    assert len(slices.right.things) == 25
    assert Stream.objects.get().watermark is not None


def test_a_dry_run_goes_on_in_the_middle_of_a_page() -> None:
    slices = Slices(ordered=False)
    things = [slices.left.insert(f"T{number}") for number in range(25)]
    slices.go_on()
    for thing in things:
        slices.left.edit(thing.id, state="closed")
    slices.begin(is_dry=True)
    for _ in range(3):
        slices.fail_at(8, raising(SPENT))
        with pytest.raises(QuotaSpent):
            slices.go_on()
        slices.right.faults.clear()
    slices.go_on()
    slices.run.refresh_from_db()
    assert (slices.run.updated, slices.run.read, slices.run.entries.count()) == (25, 25, 25)


def test_a_held_record_that_a_later_slice_tries_again_is_counted_once() -> None:
    slices = Slices(ordered=False)
    slices.right.poisoned = {"T22"}
    for number in range(25):
        slices.left.insert(f"T{number}")
    slices.fail_at(14, raising(SPENT))
    with pytest.raises(QuotaSpent):
        slices.go_on()
    slices.right.faults.clear()
    with time_machine.travel(timezone.now() + timedelta(minutes=10), tick=True):
        slices.go_on()
    slices.run.refresh_from_db()
    assert HeldItem.objects.get().tries == 2
    assert (slices.run.created, slices.run.held) == (24, 1)
