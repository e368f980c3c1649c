"""Fixtures of the ticket tests; each folder's conftest imports what it needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.backup_tickets.autotask import Autotask, running
from tests.backup_tickets.scene import Scene, set_scene


@pytest.fixture(scope="session")
def autotask_server() -> Iterator[Autotask]:
    with running() as simulated:
        yield simulated


@pytest.fixture
def autotask(autotask_server: Autotask) -> Autotask:
    autotask_server.reset()
    return autotask_server


@pytest.fixture
def scene(transactional_db: None, autotask: Autotask) -> Scene:
    return set_scene(autotask.url)


class Held:
    """A claim that never gets lost."""

    def check(self) -> None:
        """Nothing took it."""


@pytest.fixture
def claim() -> Held:
    return Held()
