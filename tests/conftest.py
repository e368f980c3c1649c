"""What all tests share: the mark of those that touch the database, so that the lane of a server runs them alone
(`-m "… and database"`), their order, and the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from django.db import connection
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from tests import pristine
from tests.faults.database import OwnDatabase, migrated_database_url

FIXTURES = {"db", "transactional_db", "live_server"}
OWN_PROCESSES = {"faults", "supervision"}  # folders whose tests start processes on the database that DATABASE_URL names


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    long = {item.path for item in items if item.get_closest_marker("processes")}
    for item in items:
        uses = FIXTURES & set(getattr(item, "fixturenames", ())) or item.get_closest_marker("django_db")
        if OWN_PROCESSES & set(item.path.parts):
            long.add(item.path)
            uses = True
        if "own_database" in getattr(item, "fixturenames", ()) and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db(transaction=True))  # else pytest makes none that could be copied
            uses = True
        if uses:
            item.add_marker("database")
    items.sort(key=lambda item: item.path not in long)  # so that no core waits for the last of them in the end


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """The last that pytest-django asks for before it makes the test database."""
    if connection.vendor != "sqlite":
        yield
        return
    cache = getattr(pytestconfig, "cache", None)
    folder = cache.mkdir("migrated") if cache else tmp_path_factory.mktemp("migrated")
    held = pristine.begin_migrated(folder)
    TransactionTestCase._fixture_teardown = pristine.put_back
    yield
    TransactionTestCase._fixture_teardown = pristine.flush
    held.close()


@pytest.fixture(scope="session")
def own_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> OwnDatabase:
    """`with own_database(folder) as url`: a database with all tables, for processes that are not pytest's."""

    @contextmanager
    def made(folder: Path) -> Iterator[str]:
        with ExitStack() as stack:
            with django_db_blocker.unblock():
                url = stack.enter_context(migrated_database_url(folder))
            yield url

    return made
