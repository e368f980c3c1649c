from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.vendors.togadesk.simulator import TogadeskSimulator
from tests.mariadb import fresh_database

from .scene import Scene, a_scene


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def scene(request: pytest.FixtureRequest, tmp_path: Path, transactional_db: None) -> Iterator[Scene]:
    """The scene, with TOGaDesk in a file and on a real MariaDB server."""
    if request.param == "sqlite":
        with a_scene(tmp_path) as made:
            yield made
        return
    with fresh_database() as url, a_scene(tmp_path, desk=TogadeskSimulator.on(url, tmp_path / "uploads")) as made:
        yield made
