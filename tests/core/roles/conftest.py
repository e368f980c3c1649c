from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.core.world import make_world


@pytest.fixture
def world(db: Any) -> SimpleNamespace:
    """Two clients with a connection each, one of the house, and a person per role."""
    return make_world()
