from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.core.sync.conftest import Pair, installed_pair  # noqa: F401 — a fixture
from tests.core.world import make_world


@pytest.fixture
def world(installed_pair: Pair) -> SimpleNamespace:  # noqa: F811
    """A person per role beside the installed pair of the client “Harbour IT”, and two other clients."""
    made = make_world()
    made.pair = installed_pair
    return made
