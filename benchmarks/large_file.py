"""M13: the memory that a large file takes on its way through base64 JSON, sent and received over HTTP."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks import Figure, machine
from benchmarks.judging import bounded
from integrations.transport.session import Session
from integrations.vendors.toga.api import TogaApi
from integrations.vendors.toga.simulator import API_KEY, API_SECRET, CLIENT_UUID

SIZE = 40_000_000  # bytes


def measure(scale: float, database: str) -> Iterator[Figure]:
    del database
    pipe = subprocess.PIPE
    arguments = ("-m", "benchmarks.large_toga", "1", "1")
    with machine.program(*arguments, env=dict(os.environ), stdin=pipe, stdout=pipe) as toga:
        assert toga.stdout is not None
        root = f"{toga.stdout.readline().strip()}/v2"
        known = {"client_uuid": CLIENT_UUID, "api_key": API_KEY, "api_secret": API_SECRET}
        with Session(vendor="TOGA 2", base_url=root, allow_private=True) as session:
            api = TogaApi(session, base_url=root, credentials=known, settings={}, facts={})
            _there_and_back(api, 1_000_000)  # everything is warm
            for size in (int(SIZE * scale), int(SIZE * scale * 2)):
                for what, grown in zip(("sent", "received"), _there_and_back(api, size), strict=True):
                    yield bounded("M13", f"a file of {size / 1e6:g} MB {what}: memory", grown, most=8, unit="MB")


def _there_and_back(api: TogaApi, size: int) -> tuple[float, float]:
    """The megabytes by which this process grows while it sends such a file, and while it receives it."""
    folder = Path(os.environ["BENCHMARK_FOLDER"])
    with tempfile.TemporaryFile(dir=folder) as content, tempfile.TemporaryFile(dir=folder) as answer:
        content.truncate(size)
        made: list[str] = []
        sent = _growth(
            lambda: made.append(api.create_file(content, name="f", size=size, media_type="application/octet-stream"))
        )
        with tempfile.TemporaryFile(dir=folder) as target:
            received = _growth(lambda: api.download_file(made[0], target, answer))
            assert target.tell() == size
    return sent, received


def _growth(act: Callable[[], Any]) -> float:
    process = psutil.Process()
    before = peak = process.memory_info().rss
    over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.005):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        act()
    finally:
        over.set()
        watcher.join()
    return (peak - before) / 1e6
