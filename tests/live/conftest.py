"""Each test runs twice: against the simulators, and marked `live` against the iTops that the environment names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.vendors.itop.simulator import EXTERNAL, INTERNAL

from .bridge import Bridge, a_bridge
from .instances import WHERE, Instance, opened


@pytest.fixture(params=WHERE)
def where(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[EXTERNAL, INTERNAL])
def instance(request: pytest.FixtureRequest, where: str) -> Iterator[Instance]:
    with opened(str(request.param), where) as found:
        yield found


@pytest.fixture
def bridge(where: str, transactional_db: None) -> Iterator[Bridge]:
    with a_bridge(where) as made:
        yield made


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A live run in which everything was skipped has shown nothing, so it does not end as if it had."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    is_live = bool(session.items) and all(item.get_closest_marker("live") for item in session.items)
    if is_live and reporter is not None and set(reporter.stats) <= {"", "skipped", "deselected"}:
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
