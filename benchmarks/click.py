"""M8: from an operator's click on “Create ticket” to the arrival of the create call at the vendor.

The click is a POST over HTTP to the portal's web process (gunicorn as `manage.py portal` starts it); the vendor is the
simulator in a process of its own, whose ledger has the moment of arrival. In between lie the session, the checks, the
preview, and the committed intent with its recovery job. Beside it the same on stock django-q2: a view that puts the
call into the queue, and a worker that makes it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import requests
from django.conf import settings
from django.test import Client as Browser

from benchmarks import Figure, machine, queues
from benchmarks.judging import bounded, compared
from benchmarks.vendor_calls import simulated_autotask
from integrations.backup_tickets.models import Run
from tests.backup_tickets.scene import Scene, set_scene

CLICKS, MOST = 60, 30  # milliseconds
BLINK = 0.15  # seconds between two clicks, so that nothing of the one before is still going on


def measure(scale: float, database: str) -> Iterator[Figure]:
    folder = Path(os.environ["BENCHMARK_FOLDER"])
    clicks = max(5, int(CLICKS * scale))
    with simulated_autotask() as vendor, machine.beside(database, folder) as url:
        scene = set_scene(vendor)
        peer = machine.environment(folder, url, settings="benchmarks.peer.settings")
        with _web() as address, queues.stock(peer), _stock_web(peer) as stock_address:
            own, theirs = _ours(scene, address, clicks + 3), _stock(stock_address, vendor)
            clicked: tuple[list[float], list[float]] = ([], [])
            for run in range(clicks + 3):
                clicked[0].append(own(run))
                time.sleep(BLINK)
                clicked[1].append(theirs(run))
                time.sleep(BLINK)
            time.sleep(1)  # the last one may still be in the stock queue
            calls = requests.get(f"{vendor}/_simulator/ledger", timeout=10).json()["calls"]
    ours = _delays(clicked[0], _arrivals(calls, "/Tickets"))[3:]  # the first ones also look the zone up
    stock = _delays(clicked[1], _arrivals(calls, "/stock"))[3:]
    yield bounded("M8", f"click to vendor call, p50, {database}", median(ours), most=MOST, unit="ms")
    what = f"click to vendor call, {database}"
    yield compared("M8", what, [median(ours)], [median(stock)], most=0.2, unit="ms", than="a stock django-q2 task's")


@contextmanager
def _web() -> Iterator[str]:
    address = settings.PORTAL_BASE_URL
    with machine.program("manage.py", "portal", "--only", "web", env=os.environ):
        machine.wait_for(lambda: _answers(f"{address}/healthz"), "the web", seconds=30, every=0.1)
        yield address


@contextmanager
def _stock_web(env: dict[str, str]) -> Iterator[str]:
    address = env["PORTAL_BASE_URL"]
    quiet = ("--no-control-socket", "--log-level", "warning")
    gunicorn = ("-m", "gunicorn", "benchmarks.peer.wsgi", "--bind", address.removeprefix("http://"))
    with machine.program(*gunicorn, "--worker-class", "gthread", "--workers", "2", "--threads", "8", *quiet, env=env):
        machine.wait_for(lambda: _answers(address), "the stock web", seconds=30, every=0.1)
        yield address


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code < 500
    except requests.ConnectionError:
        return False


def _ours(scene: Scene, address: str, clicks: int) -> Callable[[int], float]:
    """Clicks on the button of one run after the other, as a browser does; the moment of each."""
    runs: list[Run] = [scene.another_run(f"click-{n}") for n in range(clicks)]
    browser = requests.Session()
    signed_in = Browser()
    signed_in.force_login(scene.operator, backend="django.contrib.auth.backends.ModelBackend")
    browser.cookies.set(settings.SESSION_COOKIE_NAME, signed_in.cookies[settings.SESSION_COOKIE_NAME].value)

    def click(number: int) -> float:
        page = f"{address}/admin/backup_tickets/run/{runs[number].pk}/ticket/"
        shown = browser.get(page, timeout=20).text
        fields = {name: _field(shown, name) for name in ("csrfmiddlewaretoken", "seen")}
        at = time.time()
        answer = browser.post(page, fields, headers={"Referer": page}, allow_redirects=False, timeout=60)
        assert answer.status_code == 302, f"the click answered {answer.status_code}"
        return at

    return click


def _field(page: str, name: str) -> str:
    return page.split(f'name="{name}" value="')[1].split('"')[0]


def _stock(address: str, vendor: str) -> Callable[[int], float]:
    browser = requests.Session()

    def click(number: int) -> float:
        at = time.time()
        browser.get(f"{address}/click", params={"url": f"{vendor}/stock"}, timeout=20).raise_for_status()
        return at

    return click


def _arrivals(calls: list[dict[str, Any]], path: str) -> list[float]:
    arrived = [call["arrived"] for call in calls if call["method"] == "POST" and call["path"].endswith(path)]
    return [datetime.fromisoformat(at).timestamp() for at in arrived]


def _delays(clicked: list[float], arrived: list[float]) -> list[float]:
    """Milliseconds from each click to its call; every click has one, in order."""
    return [(late - early) * 1000 for early, late in zip(clicked, arrived, strict=True)]
