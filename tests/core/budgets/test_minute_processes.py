"""P17 with real processes and a real clock, at a vendor that counts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection as database

from integrations.core.models import Connection

from .counting import Counter, Reply, counting

Refusals = list[tuple[str, float, float]]  # bucket, time, seconds to wait


@pytest.fixture
def shared(tmp_path: Path, transactional_db: None) -> tuple[int, str]:
    """The key of a connection, and the address of a database with it that processes can share."""
    pk = Connection.objects.create(slug="bird", vendor="parrot").pk
    if database.vendor == "postgresql":
        return pk, f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{database.settings_dict['NAME']}"
    copy = tmp_path / "shared.sqlite3"  # the test's own database is in this process's memory
    with database.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(copy)])
    return pk, f"sqlite:///{copy}"


def call_all(shared: tuple[int, str], counter: Counter, callers: list[dict[str, Any]], **told: Any) -> list[Refusals]:
    """Let these processes call until they end; what each was refused."""
    pk, url = shared
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": url}
    common = {"connection": pk, "url": counter.url, **told}
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.core.budgets.caller", json.dumps(common | caller)],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for caller in callers
    ]
    try:
        said = [process.communicate(timeout=told["ends"] + 120)[0] for process in running]
        assert [process.returncode for process in running] == [0] * len(running)
    finally:
        for process in running:
            process.kill()
            process.wait()
    lines = [[line.split() for line in text.splitlines()] for text in said]
    return [[(bucket, float(at), float(rest)) for bucket, at, rest in of] for of in lines]


@pytest.mark.processes
def test_processes_together_keep_to_the_minute_and_wait_for_the_vendor_to_the_second(
    shared: tuple[int, str],
) -> None:
    def reply(number: int, bucket: str) -> Reply:
        if number == 15:
            return 429, {"Retry-After": "1"}, "view"
        return 200, {}, "list" if number > 20 else "view"

    limits = {"in_flight_per_endpoint": 1, "calls_per_minute": {"all": 40, "list": 10, "view": 35}}
    bulk, click = {"interactive": False}, {"interactive": True}
    with counting(reply) as counter:
        refused = call_all(shared, counter, [bulk, click], limits=limits, deadline=10, pause=0.01, ends=30)
    stopped, next_one = counter.times()[14:16]
    assert 1 <= next_one - stopped < 2.5, "nobody before the second that was named, and somebody right after"
    assert len(counter.times("list")) == 10, "bulk work took eight, and people the rest"
    assert len(counter.times()) == 40, "the minute was spent, and no call more"
    began = counter.times()[0]
    for bucket, at, rest in (refusal for of in refused for refusal in of):
        first = counter.times(bucket)[0]
        assert rest == int(rest)
        assert began + 60 < at + rest <= max(at, first) + 64


@pytest.mark.proof
@pytest.mark.processes
def test_two_minutes_of_bursts_keep_to_the_limits_and_clicks_never_wait(
    shared: tuple[int, str],
) -> None:
    """Bulk work waits for each second of room, so that it bursts whenever a minute's share comes free."""

    def reply(number: int, bucket: str) -> Reply:
        return 200, {}, "list" if number % 3 == 0 else "view"

    limits = {"calls_per_minute": {"all": 60, "list": 20}}
    bulk = {"interactive": False, "deadline": 140, "pause": 0}
    click = {"interactive": True, "deadline": 6, "pause": 8}
    with counting(reply) as counter:
        refused = call_all(shared, counter, [bulk, bulk, bulk, click], limits=limits, ends=140)
    for bucket, allowed in (("all", 60), ("list", 20)):
        assert counter.most_in_sixty_seconds(bucket) <= allowed
        for begins in range(60):
            assert counter.most_in_a_fixed_minute(bucket, begins=begins) <= allowed
    assert refused[-1] == [], "bulk work left room for clicks"
    assert len(counter.times()) > 2 * 0.8 * 60 + 10
