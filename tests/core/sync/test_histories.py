"""P9–P12 by generated histories of the toy pair."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.core.sync.machine import SyncMachine
from tests.seeds import SEED

pytestmark = pytest.mark.django_db
FAST = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def test_generated_histories_lose_nothing_double_nothing_and_come_to_rest() -> None:
    run_state_machine_as_test(SyncMachine, settings=FAST)


@pytest.mark.proof
@pytest.mark.parametrize("part", range(4))
def test_more_generated_histories(part: int) -> None:
    machine = type(f"Part{part}", (SyncMachine,), {})
    seed(SEED * 100 + part)(machine)
    long = settings(FAST, max_examples=500, stateful_step_count=40, derandomize=False)
    run_state_machine_as_test(machine, settings=long)
