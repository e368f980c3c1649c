"""A TOGaDesk in a SQLite file and one on a real MariaDB server, and a client of each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.vendors.togadesk.api import TogadeskApi
from integrations.vendors.togadesk.simulator import TogadeskSimulator
from tests.mariadb import fresh_database


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TogadeskSimulator]:
    if request.param == "sqlite":
        made = TogadeskSimulator.at(tmp_path)
        yield made
        made.database.close()
        return
    with fresh_database() as url:
        made = TogadeskSimulator.on(url, tmp_path / "uploads")
        yield made
        made.database.close()


def client_of(desk: TogadeskSimulator, *, url: str = "", **settings: object) -> TogadeskApi:
    return TogadeskApi(
        None,
        base_url="",
        credentials={"database_url": url or desk.url},
        settings={"uploads_dir": str(desk.uploads), "allow_private_address": True} | settings,
        facts={},
    )


@pytest.fixture
def api(desk: TogadeskSimulator) -> Iterator[TogadeskApi]:
    made = client_of(desk)
    yield made
    made.close()
