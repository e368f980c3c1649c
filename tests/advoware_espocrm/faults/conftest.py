from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
import time_machine
from django.conf import settings

from tests.faults.database import OwnDatabase
from tests.faults.driver import Driver
from tests.vendors.advoware.saying import as_started as advoware_as_started
from tests.vendors.espocrm.saying import as_started as espocrm_as_started

from .world import World


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory, own_database: OwnDatabase) -> Iterator[World]:
    advoware, espocrm = advoware_as_started(), espocrm_as_started()
    folder = tmp_path_factory.mktemp("faults")
    with (
        time_machine.travel(datetime.now(UTC), tick=True) as clock,
        own_database(folder) as url,
    ):
        environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        environment["PYTHONPATH"] = os.pathsep.join([str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")])
        with closing(Driver(environment, module="tests.advoware_espocrm.faults.portal")) as portal:
            portal.do("build", advoware=advoware.url, espocrm=espocrm.url)
            yield World(advoware, espocrm, portal, clock)
