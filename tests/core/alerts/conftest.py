"""A made-up rule that finds what a test puts there, a clock that a test sets, and somebody who receives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import time_machine

from integrations.core import registry
from integrations.core.alerts import evaluating
from integrations.core.alerts.delivery import SECRET as SECRET_NAME
from integrations.core.alerts.notices import SEND
from integrations.core.crypto import Sealed
from integrations.core.models import AlertChannel, Client, Job
from integrations.core.registry import Finding, IntegrationKind, Rule
from integrations.core.running import work_off

from . import receiver

START = dt.datetime(2026, 11, 26, 3, 0, tzinfo=dt.UTC)


@dataclass
class Minutes:
    """Each call of `passes` evaluates once a minute for so long, and sends what has to be sent."""

    now: dt.datetime = START

    def passes(self, minutes: int = 1) -> None:
        for _ in range(minutes):
            with time_machine.travel(self.now, tick=False):
                evaluating.evaluate(self.now)
                for job in Job.objects.filter(kind=SEND, state="queued", not_before__lte=self.now):
                    work_off(job)
            self.now += dt.timedelta(minutes=1)


@dataclass
class Fire:
    """What burns, by client; the rule `house.fire` finds it. `meanwhile` happens while it looks."""

    burning: dict[str, int | None] = field(default_factory=dict)
    meanwhile: list[Callable[[], object]] = field(default_factory=list)

    def find(self, threshold: int, now: dt.datetime) -> Iterator[Finding]:
        while self.meanwhile:
            self.meanwhile.pop()()
        for place, client in self.burning.items():
            yield Finding(f"room:{place}", f"{place} burns", f"There is fire in {place}.", "/admin/", now, client)


@pytest.fixture
def fire() -> Iterator[Fire]:
    made = Fire()
    rule = Rule("fire", "Something burns", "Take water.", made.find, severity=20)
    registry.register(IntegrationKind(slug="house", label="House", roles=(), alert_rules=(rule,)))
    yield made
    registry._kinds.pop("house")


@pytest.fixture
def minute(fire: Fire, transactional_db: None) -> Minutes:
    return Minutes()


@pytest.fixture
def mail(transactional_db: None) -> AlertChannel:
    made: AlertChannel = AlertChannel.objects.create(name="night watch", emails="night@example.com\nday@example.com")
    return made


@pytest.fixture
def listener() -> Iterator[receiver.Receiver]:
    with receiver.listening() as running:
        yield running


@pytest.fixture
def hook(listener: receiver.Receiver, transactional_db: None) -> AlertChannel:
    made: AlertChannel = AlertChannel.objects.create(
        name="pager",
        url=listener.url,
        secret=Sealed.of({SECRET_NAME: receiver.SECRET}),
        allow_private_address=True,
    )
    return made


@pytest.fixture
def elite(transactional_db: None) -> Client:
    made: Client = Client.objects.create(slug="elite", name="Elite")
    return made
