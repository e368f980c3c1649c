from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

SLOTS, HOUR = 3, 150
SET_UP = "import django; django.setup(); from integrations.core.models import Connection; "
MAKE = SET_UP + "print(Connection.objects.create(slug='bird', vendor='parrot').pk)"
COUNT = SET_UP + "from integrations.core.models import CallCount; print(sum(r.calls for r in CallCount.objects.all()))"


def held(lines: list[str]) -> list[tuple[float, int]]:
    """Begin (+1) and end (-1) of every held slot; a killed process's last slot ends where it began."""
    events: list[tuple[float, int]] = []
    for begin, end in zip(lines[::2], lines[1::2], strict=False):
        events += [(float(begin.split()[2]), 1), (float(end.split()[2]), -1)]
    return events


@pytest.mark.processes
@pytest.mark.proof
def test_processes_together_never_exceed_slots_or_hour_even_when_some_are_killed(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'shared.sqlite3'}",
    }

    def python(*arguments: str) -> list[str]:
        return [sys.executable, *arguments]

    def run(*arguments: str) -> str:
        done = subprocess.run(
            python(*arguments), cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    run("manage.py", "migrate", "--verbosity", "0")
    pk = run("-c", MAKE)
    logs = [tmp_path / f"{number}.log" for number in range(4)]
    command = python("-m", "tests.core.budgets.hammer", pk, str(SLOTS), str(HOUR))
    running = []
    for log in logs:
        with log.open("w") as out:
            running.append(subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=out))
    try:
        deadline = time.monotonic() + 90
        busy: list[int] = []
        while not busy:  # whichever is well on its way first: the database's lock is not fair
            assert time.monotonic() < deadline, "the processes never began"
            time.sleep(0.02)
            busy = [number for number, log in enumerate(logs) if len(log.read_text().splitlines()) >= 10]
        running[busy[0]].kill()
        for process in running:
            process.wait(timeout=120)
    finally:
        for process in running:
            process.kill()
            process.wait()
    in_flight = 0
    for _, change in sorted(event for log in logs for event in held(log.read_text().splitlines())):
        in_flight += change
        assert in_flight <= SLOTS
    assert int(run("-c", COUNT)) == HOUR, "the hour was spent, and no call more"
