"""P13 by search: hypothesis looks for an order of edits, rules and deaths that breaks a promise."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.advoware_espocrm.machine import PairMachine

COMMON = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


def test_a_short_search_finds_nothing() -> None:
    run_state_machine_as_test(PairMachine, settings=settings(COMMON, max_examples=40, stateful_step_count=12))


@pytest.mark.proof
def test_a_long_search_finds_nothing() -> None:
    run_state_machine_as_test(PairMachine, settings=settings(COMMON, max_examples=1000, stateful_step_count=30))
