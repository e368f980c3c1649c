"""Marks what touches the database, so that the lane of a database server runs that alone (`-m "… and database"`)."""

from __future__ import annotations

import pytest

FIXTURES = {"db", "transactional_db", "live_server"}
OWN_PROCESSES = {"faults", "supervision"}  # folders whose tests start processes on the database that DATABASE_URL names


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        uses = FIXTURES & set(getattr(item, "fixturenames", ())) or item.get_closest_marker("django_db")
        if uses or OWN_PROCESSES & set(item.path.parts):
            item.add_marker("database")
