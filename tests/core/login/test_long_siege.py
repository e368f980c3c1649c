"""P24, long: random attempts from random places; whoever gets in had the right password and was not locked out."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from types import SimpleNamespace

import pytest
import time_machine
from django.test import Client as Browser
from django.utils import timezone

from tests.core.world import PASSWORD
from tests.seeds import SEED

from .test_sign_in import sign_in

NAMES = ("anna", "otto", "nobody-of-that-name")
PLACES = ("192.0.2.1", "2001:db8::1")
LIMIT, COOL_OFF = 5, dt.timedelta(minutes=15)


@pytest.mark.proof
@pytest.mark.parametrize("case", range(3))
def test_a_siege_lets_nobody_in_who_should_not_be(world: SimpleNamespace, case: int) -> None:
    chance = random.Random(f"P24 {SEED} {case}")
    failures: dict[tuple[str, str], int] = defaultdict(int)
    last: dict[tuple[str, str], dt.datetime] = {}
    admitted = refused = 0
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for step in range(400):
            clock.shift(chance.choice((1, 5, 10, 10, 30, 30, 60, 901)))
            who = (chance.choice(NAMES), chance.choice(PLACES))
            if who in last and timezone.now() - last[who] > COOL_OFF:
                failures[who] = 0
            is_right = chance.random() < 0.2 and who[0] != NAMES[-1]
            is_open = failures[who] < LIMIT
            answer = sign_in(Browser(), who[0], PASSWORD if is_right else f"wrong {step}", REMOTE_ADDR=who[1])
            assert (answer.status_code == 302) == (is_right and is_open), (
                f"seed {SEED}, case {case}, step {step}: {who}"
            )
            if is_right and is_open:
                failures[who], admitted = 0, admitted + 1
            elif is_open:
                failures[who], last[who] = failures[who] + 1, timezone.now()
            else:
                refused += 1
    assert admitted > 10
    assert refused > 5
