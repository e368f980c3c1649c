from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import time_machine
from django.conf import settings

from integrations.vendors.simulation_server import Server
from integrations.vendors.toga.simulator import TogaSimulator
from tests.faults.database import OwnDatabase
from tests.faults.driver import Driver
from tests.vendors.freshservice.saying import SayingFreshservice, as_started

from .world import World


@contextmanager
def portals(url: str, fresh: SayingFreshservice, toga: str, *, count: int = 1, **more: str) -> Iterator[list[Driver]]:
    """So many processes of one portal, on the database of that URL."""
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    environment["PYTHONPATH"] = os.pathsep.join([str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")])
    made = [Driver(environment, module="tests.freshservice_toga.faults.portal") for _ in range(count)]
    made[0].do("build", fresh=fresh.url, files=fresh.files.place, toga=toga, **more)
    yield made
    for portal in made:
        portal.close()


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory, own_database: OwnDatabase) -> Iterator[World]:
    fresh = as_started()
    with (
        time_machine.travel(datetime.now(UTC), tick=True) as clock,
        Server(TogaSimulator()) as server,
        own_database(tmp_path_factory.mktemp("faults")) as url,
        portals(url, fresh, server.url) as (portal,),
    ):
        assert isinstance(server.simulator, TogaSimulator)
        yield World(fresh, server.simulator, portal, clock)
