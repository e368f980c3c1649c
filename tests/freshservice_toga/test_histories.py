"""P6, P8–P12 and P14 for this flow, by generated histories judged by a full compare."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.seeds import SEED

from .machine import FreshserviceMachine
from .scene import Scene

FAST = settings(
    max_examples=12,
    stateful_step_count=14,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def test_generated_histories_end_with_both_systems_equal(scene: Scene) -> None:
    run_state_machine_as_test(type("Machine", (FreshserviceMachine,), {"scene": scene}), settings=FAST)


@pytest.mark.proof
@pytest.mark.parametrize("part", range(4))
def test_more_generated_histories(scene: Scene, part: int) -> None:
    machine = type(f"Machine{part}", (FreshserviceMachine,), {"scene": scene})
    seed(SEED * 100 + part)(machine)
    long = settings(FAST, max_examples=120, stateful_step_count=30, derandomize=False)
    run_state_machine_as_test(machine, settings=long)
