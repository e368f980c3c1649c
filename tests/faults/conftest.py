from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.conf import settings

from tests.backup_tickets.autotask import Autotask, running
from tests.faults.database import OwnDatabase
from tests.faults.driver import Driver


@pytest.fixture(scope="module")
def autotask() -> Iterator[Autotask]:
    with running() as simulated:
        yield simulated


@pytest.fixture(scope="module")
def portal(autotask: Autotask, tmp_path_factory: pytest.TempPathFactory, own_database: OwnDatabase) -> Iterator[Driver]:
    """A portal process on a database of its own: PostgreSQL where DATABASE_URL points to one, else a SQLite file."""
    with own_database(tmp_path_factory.mktemp("faults")) as url:
        environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        environment["PYTHONPATH"] = os.pathsep.join([str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")])
        driver = Driver(environment)
        driver.do("build", base_url=autotask.url)
        yield driver
        driver.close()
