"""P17 with real processes and a real clock: three workers bring tickets, and keep to the minute of the plan."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from integrations.vendors.simulation_server import Server
from integrations.vendors.toga.simulator import TogaSimulator
from tests.faults.database import OwnDatabase
from tests.freshservice_toga.oracle import empty
from tests.freshservice_toga.test_budget import OURS, most_in_a_minute
from tests.vendors.freshservice.saying import as_started

from .conftest import portals

SECONDS = 150
WORKERS = 3


@pytest.mark.proof
@pytest.mark.processes
def test_workers_together_keep_to_the_minute_of_the_plan_while_tickets_arrive(
    tmp_path: Path, own_database: OwnDatabase
) -> None:
    fresh = as_started()
    with Server(TogaSimulator()) as server, ThreadPoolExecutor(WORKERS) as threads:
        assert isinstance(server.simulator, TogaSimulator)
        empty(fresh, server.simulator)
        fresh.limited = True  # the smallest plan
        with (
            own_database(tmp_path) as url,
            portals(url, fresh, server.url, count=WORKERS, plan="starter") as workers,
        ):
            tickets = [fresh.do("new_ticket", {"subject": f"Ticket {number}"}) for number in range(200)]
            workers[0].do("deliver", tickets=tickets)
            list(threads.map(lambda worker: worker.do("work_for", seconds=SECONDS), workers))
    assert {call.status for call in fresh.calls} == {200}, "Freshservice never had to refuse a call"
    seen = most_in_a_minute(fresh.calls)
    assert all(count <= OURS[bucket] for bucket, count in seen.items()), seen
    assert len(fresh.calls) > 2 * 0.8 * OURS["view ticket"], "and the minutes were used"
