"""P5, P6 and P17 for this pair: webhooks told one to five times, shuffled, in parallel, with kills; one effect each.

In the end each ticket of TOGA 2 is as Freshservice has it, nothing was made twice, the vendor's limits were kept, and
no call was made but those that are needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.database import OwnDatabase
from tests.seeds import SEED

from .oracle import differences
from .storm.judging import doubled, refused
from .storm.storm import Storm, storm

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def database(tmp_path: Path, own_database: OwnDatabase) -> Iterator[str]:
    with own_database(tmp_path) as url:
        yield url


def judge(told: Storm) -> None:
    assert told.taken == told.people.told, "each webhook was taken, if not at once"
    assert told.troubles == {"failed": [], "held": []}, "nobody has to look at anything"
    assert told.deliveries.keys() == {"done"}, "what was taken was worked off (P5)"
    assert told.deliveries["done"] >= told.taken, "and none of it was lost (P5)"
    assert differences(told.fresh, told.toga) == [], "each ticket is as Freshservice has it"
    assert doubled(told.toga) == [], "one effect each (P6)"
    assert len(refused(told.toga.calls)) <= told.cut, "no write was in vain but those cut off in their middle"
    assert [call for call in told.fresh.calls if call.status == 429] == [], "the limits of the plan were kept (P17)"
    assert told.looks - told.early <= told.most_late, told.report()
    made = told.calls
    over = [one for one in told.bounds() if not one.least <= made[one.system, one.call] <= one.most]
    assert over == [], told.table()
    assert made.keys() <= {(one.system, one.call) for one in told.bounds()}, "no call of another kind"


def test_events_told_up_to_five_times_shuffled_and_in_parallel_have_one_effect_each_despite_a_kill(
    tmp_path: Path, database: str
) -> None:
    judge(storm(tmp_path, database, tickets=20, webhooks=300, kills=1, plan="enterprise", seed="P6"))


@pytest.mark.proof
def test_a_storm_of_5000_webhooks_with_kills_loses_and_doubles_nothing_and_makes_no_needless_call(
    tmp_path: Path, database: str
) -> None:
    judge(storm(tmp_path, database, tickets=200, webhooks=5_000, kills=10, plan="pro", seed=f"P6 {SEED}"))


@pytest.mark.proof
def test_a_storm_far_beyond_the_plan_waits_for_its_minutes_and_loses_nothing(tmp_path: Path, database: str) -> None:
    judge(storm(tmp_path, database, tickets=80, webhooks=2_000, kills=3, plan="starter", seed=f"P17 {SEED}"))
