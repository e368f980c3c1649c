from __future__ import annotations

from collections.abc import Iterator

import pytest

from .scene import Scene, a_scene


@pytest.fixture
def scene(transactional_db: None) -> Iterator[Scene]:
    with a_scene() as made:
        yield made
