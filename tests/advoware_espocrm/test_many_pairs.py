"""P12, M2: what a run costs is what it looks at, however many pairs there are; its memory does not grow with them."""

from __future__ import annotations

import os
from collections import Counter

import psutil
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.advoware_espocrm import pairs
from integrations.advoware_espocrm.models import Pair
from integrations.advoware_espocrm.sides import PARTY as TYPE
from integrations.core.models import RecordLink
from integrations.vendors.advoware.schemas import Party

from .scene import PARTY, Scene
from .test_call_counts import calls_of

pytestmark = pytest.mark.django_db(transaction=True)
MOST_MEMORY = 40_000_000  # bytes that a process may grow by in a run
PER_RUN = 30


@pytest.mark.parametrize("number", [100, pytest.param(1_000, marks=pytest.mark.proof)])
def test_a_second_run_over_many_pairs_writes_nothing_and_looks_at_each_once(scene: Scene, number: int) -> None:
    scene.options(parties_per_run=number, write_markers=False)
    contacts = {}
    for betnr in range(PARTY, PARTY + number):
        value = f"{betnr}@example.com"
        scene.advoware.do("new_party", {"name": "Party", "betnr": betnr})
        scene.advoware.do("new_entry", {"betnr": betnr, "tlf": value, "komm_kz": 4})
        contacts[betnr] = scene.espocrm.do("new_party", {"last_name": "Party", "number": betnr, "emails": [value]})
    assert scene.reconcile().created == number
    assert scene.writes() == []
    scene.forget()
    run = scene.reconcile()
    assert (run.read, run.unchanged) == (number, number)
    assert calls_of(scene) == (number, 1)
    scene.forget()
    scene.options(parties_per_run=1)
    scene.in_espocrm("add_value", party=contacts[PARTY + 7], value="new@example.com")
    scene.reconcile()
    assert calls_of(scene) == (1 + 3, 1 + 2), "one in its turn, and the one that changed"


@pytest.mark.parametrize("number", [1_000, pytest.param(100_000, marks=pytest.mark.proof)])
def test_a_run_among_very_many_pairs_costs_the_calls_of_its_turns_alone(scene: Scene, number: int) -> None:
    """Each pair is looked at once before any is looked at again."""
    scene.options(parties_per_run=PER_RUN)
    very_many(scene, PER_RUN)
    scene.reconcile()
    scene.forget()
    few = statements_of_a_run(scene)
    very_many(scene, number, since=PER_RUN)
    Pair.objects.update(polled_at=None)
    scene.forget()
    process = psutil.Process(os.getpid())
    before = process.memory_info().rss
    assert statements_of_a_run(scene) <= 1.05 * few
    assert process.memory_info().rss - before < MOST_MEMORY
    assert calls_of(scene) == (PER_RUN, 1)
    for _ in range(2):
        scene.reconcile()
    looks = Counter(call.path for call in scene.advoware.calls if "/advonet/" in call.path)
    assert (len(looks), set(looks.values())) == (3 * PER_RUN, {1})
    assert scene.writes() == []


def very_many(scene: Scene, number: int, *, since: int = 0) -> None:
    """Pairs at rest, of parties without any entry."""
    numbers = range(PARTY + since, PARTY + number)
    for betnr in numbers:
        scene.advoware.data.add_party(betnr)
    seen = pairs.advoware_print(Party(betnr=0, row_id="", changed_at=None, mirrors={}, kommunikation=()))
    links = RecordLink.objects.bulk_create(
        [
            RecordLink(
                integration=scene.integration,
                object_type=TYPE,
                left_id=str(betnr),
                right_id=f"{betnr:017x}",
                state=RecordLink.State.ACTIVE,
            )
            for betnr in numbers
        ],
        batch_size=5_000,
    )
    Pair.objects.bulk_create(
        [
            Pair(
                link=link,
                integration=scene.integration,
                betnr=int(link.left_id),
                advoware_seen=seen,
                espocrm_seen="seen",
                polled_at=timezone.now(),
            )
            for link in links
        ],
        batch_size=5_000,
    )


def statements_of_a_run(scene: Scene) -> int:
    with CaptureQueriesContext(connection) as seen:
        scene.reconcile()
    return len(seen)
