from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.conf import settings

from integrations.vendors.simulation_server import Server
from integrations.vendors.toga.simulator import TogaSimulator
from integrations.vendors.togadesk.simulator import TogadeskSimulator
from tests.faults.database import OwnDatabase
from tests.faults.driver import Driver
from tests.mariadb import fresh_database

from .world import World


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TogadeskSimulator]:
    folder = tmp_path_factory.mktemp("desk")
    if request.param == "sqlite":
        yield TogadeskSimulator.at(folder)
        return
    with fresh_database() as url:
        yield TogadeskSimulator.on(url, folder / "uploads")


@pytest.fixture(scope="module")
def world(
    desk: TogadeskSimulator, tmp_path_factory: pytest.TempPathFactory, own_database: OwnDatabase
) -> Iterator[World]:
    with (
        time_machine.travel(datetime.now(UTC), tick=True) as clock,
        own_database(tmp_path_factory.mktemp("faults")) as url,
        Server(TogaSimulator()) as server,
    ):
        environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        environment["PYTHONPATH"] = os.pathsep.join([str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")])
        portal = Driver(environment, module="tests.toga_togadesk.faults.portal")
        portal.do("build", toga=server.url, desk=desk.url, uploads=str(desk.uploads))
        assert isinstance(server.simulator, TogaSimulator)
        yield World(server.simulator, desk, portal, clock)
        portal.close()
