"""P5 and P6 with real processes: a 2xx to a webhook means that it is on disk and will be worked, once.

Senders call a portal under load while its web, its workers and what holds them together are killed with -9. Judged on
the senders' ledger and on the looks that were taken.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from tests.core.supervision.stage import wait_until
from tests.faults.database import OwnDatabase
from tests.faults.driver import Driver
from tests.faults.processes import WHO, Portal
from tests.seeds import SEED

from .senders import Event, Senders, drawn_events

pytestmark = [pytest.mark.processes, pytest.mark.django_db]  # its database is what the portal's is copied from


@dataclass
class Loft:
    """A portal in real processes whose looks are lines of a ledger."""

    portal: Portal
    driver: Driver
    ledger: Path

    def looks(self) -> dict[str, list[float]]:
        """When each look that came to its end began, by subject."""
        found: dict[str, list[float]] = {}
        for line in self.ledger.read_text().splitlines() if self.ledger.exists() else ():
            subject, began = line.split()
            found.setdefault(subject, []).append(float(began))
        return found

    def clear(self) -> None:
        self.driver.do("clear")
        self.ledger.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def loft(tmp_path_factory: pytest.TempPathFactory, own_database: OwnDatabase) -> Iterator[Loft]:
    folder = tmp_path_factory.mktemp("loft")
    with own_database(folder) as url:
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "tests.core.webhooks.loft.settings",
            "PYTHONPATH": str(settings.BASE_DIR),
            "LEDGER": str(folder / "ledger"),
        }
        with closing(Driver(environment, module="tests.core.webhooks.loft.driver")) as driver:
            driver.do("build")
            with closing(Portal(environment, folder)) as portal:
                yield Loft(portal, driver, folder / "ledger")


def load_and_kill(loft: Loft, seed: str, *, count: int, victims: list[str]) -> list[Event]:
    """Tell so many events, kill each victim after a drawn number of answers, and wait until nothing is left to do."""
    loft.clear()
    chance = random.Random(seed)
    events = drawn_events(count, chance)
    moments = sorted(chance.sample(range(1, count), len(victims)))
    with Senders(loft.portal.url, events, chance) as senders:
        for victim, moment in zip(victims, moments, strict=True):
            wait_until(lambda: senders.answered >= moment or senders.is_over(), f"{moment} answers")  # noqa: B023
            loft.portal.kill(victim, chance)
    wait_until(lambda: loft.driver.do("is_at_rest")["rest"], f"the end of all work\n{loft.portal.says()}", seconds=120)
    return events


def judge(loft: Loft, events: list[Event], *, kills: int) -> None:
    looks, rows = loft.looks(), loft.driver.do("rows")["rows"]
    stored = Counter(number for number, _, _ in rows)
    taken = [event for event in events if event.is_taken]
    assert [event for event in taken if not stored[event.number]] == [], "on disk is what a 2xx was given to"
    assert {state for _, _, state in rows} == {"done"}
    late = [event for event in taken if max(looks.get(event.subject, [0.0])) < (event.happened or 0.0)]
    assert late == [], "a look began after each of them had happened"
    named = [event for event in events if event.kind == "named"]
    assert [event for event in named if not event.is_taken] == [], "who repeats a call gets it taken"
    assert [event for event in events if event.kind != "forged" and stored[event.number] > 1] == [], "one row each"
    known = {event.subject for event in events if event.kind != "forged"}
    assert {subject for _, subject, _ in rows} | looks.keys() <= known, "nothing that nobody sent"
    assert sum(map(len, looks.values())) <= len(rows) + 2 * kills, "no look without a call, but those cut off"


def test_whoever_is_killed_what_got_a_2xx_is_on_disk_and_is_looked_at(loft: Loft) -> None:
    victims = ["worker", "web worker", "queue", "web"]
    events = load_and_kill(loft, "P5", count=250, victims=victims)
    judge(loft, events, kills=len(victims))


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(5))
def test_many_kills_under_a_long_load_lose_nothing_that_got_a_2xx(loft: Loft, seed: int) -> None:
    victims = [*WHO, *random.Random(f"P5 who {SEED} {seed}").choices(WHO, k=6)]
    random.Random(f"P5 order {SEED} {seed}").shuffle(victims)
    events = load_and_kill(loft, f"P5 {SEED} {seed}", count=2_000, victims=victims)
    judge(loft, events, kills=len(victims))
