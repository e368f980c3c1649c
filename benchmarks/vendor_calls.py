"""M3: what a vendor call costs beyond `requests`, at a vendor that takes 20 ms to answer.

Ours is `open_connection` as a job uses it, reading one ticket per call: address check, origin check, deadline watch,
quota in the database (a slot per call, the hour's count in chunks), redaction, the API log in full, schema validation.
Theirs is a `requests.Session` that gets the same tickets from the same simulator and parses the JSON.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import requests

from benchmarks import Figure, machine
from benchmarks.judging import compared, in_turns
from integrations.core.models import ApiCall
from integrations.core.opening import open_connection
from tests.backup_tickets.scene import Scene, set_scene

LATENCY = 0.02  # seconds
CALLS, ROUNDS = 60, 9
Cost = tuple[float, float]  # milliseconds per call: wall, CPU of this process


def measure(scale: float, database: str) -> Iterator[Figure]:
    calls = max(3, int(CALLS * scale))
    rounds = ROUNDS if scale == 1 else 3
    with simulated_autotask() as url:
        scene = set_scene(url)
        ticket = _some_ticket(scene)
        requests.post(f"{url}/_simulator/faults", json={"name": "slow", "times": 10**9, "value": LATENCY}, timeout=5)
        ours, bare = in_turns(rounds, _ours(scene, ticket, calls), _bare(url, ticket, calls))
    logged = ApiCall.objects.count()
    assert logged >= rounds * calls, f"the API log has {logged} rows"
    what = "a vendor call at 20 ms, with quota and API log"
    than = "a bare requests.Session's"
    for index, name, most in ((0, "wall time", 1.15), (1, "CPU", 2)):
        seen, theirs = ([one[index] for one in side] for side in (ours, bare))
        yield compared("M3", f"{what}, {name}, {database}", seen, theirs, most=most, unit="ms", than=than)


@contextmanager
def simulated_autotask() -> Iterator[str]:
    """The address of the vendor's simulator in a process of its own."""
    with machine.program("manage.py", "simulate", "autotask", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        yield said.partition(" at ")[2].partition(";")[0]


def _some_ticket(scene: Scene) -> int:
    """A ticket made through the connection, which also looks the zone up once."""
    from integrations.backup_tickets.tickets import create_ticket

    link = create_ticket(scene.run, user=scene.operator)
    assert link.ticket is not None, link.cause
    return int(link.ticket.ticket_id)


def _ours(scene: Scene, ticket: int, calls: int) -> Callable[[], Cost]:
    def read_tickets() -> None:
        scene.connection.refresh_from_db()
        with open_connection(scene.connection, source="benchmark") as api:
            for _ in range(calls):
                assert api.get_ticket(ticket).id == ticket

    return lambda: _cost(read_tickets, calls)


def _bare(url: str, ticket: int, calls: int) -> Callable[[], Cost]:
    from integrations.vendors.autotask.simulator import INTEGRATION_CODE, SECRET, USERNAME

    headers = {"UserName": USERNAME, "Secret": SECRET, "ApiIntegrationCode": INTEGRATION_CODE}
    zone = requests.get(f"{url}/atservicesrest/v1.0/zoneInformation", params={"user": USERNAME}, timeout=5).json()[
        "url"
    ]

    def read_tickets() -> None:
        with requests.Session() as session:
            session.headers.update(headers)
            for _ in range(calls):
                answer = session.get(f"{zone.rstrip('/')}/v1.0/Tickets/{ticket}", timeout=60)
                answer.raise_for_status()
                assert answer.json()["item"]["id"] == ticket

    return lambda: _cost(read_tickets, calls)


def _cost(work: Callable[[], None], calls: int) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - wall) * 1000 / calls, (time.process_time() - cpu) * 1000 / calls
