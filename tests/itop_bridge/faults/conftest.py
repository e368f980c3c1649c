from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.conf import settings

from tests.faults.database import OwnDatabase
from tests.faults.driver import Driver
from tests.itop_bridge.scene import place_of
from tests.vendors.itop.saying import both

from .world import World


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory, own_database: OwnDatabase) -> Iterator[World]:
    """Both iTops, and a portal in a process and on a database of its own."""
    folder = tmp_path_factory.mktemp("faults")
    external, internal = both()
    with (
        time_machine.travel(datetime.now(UTC), tick=True) as clock,
        own_database(folder) as url,
    ):
        environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        environment["PYTHONPATH"] = os.pathsep.join([str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")])
        portal = Driver(environment, module="tests.itop_bridge.faults.portal")
        portal.do("build", external=place_of(external), internal=place_of(internal))
        yield World(external, internal, portal, clock)
        portal.close()
