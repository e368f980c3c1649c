"""A kind of integration whose jobs do what a test tells them, and write down that they did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from integrations.core import registry
from integrations.core.jobs import Claim
from integrations.core.registry import IntegrationKind


@dataclass
class Workshop:
    """`done` lists the ids that were worked on, in order; `orders` says what an id's job does besides."""

    done: list[int] = field(default_factory=list)
    orders: dict[int, Callable[[Claim], str | None]] = field(default_factory=dict)

    def work(self, claim: Claim, order: int = 0) -> str | None:
        self.done.append(order)
        return self.orders[order](claim) if order in self.orders else f"Made {order}."


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    shop = Workshop()
    registry.register(IntegrationKind(slug="workshop", label="Workshop", roles=(), jobs={"make": shop.work}))
    yield shop
    registry._kinds.pop("workshop")
