"""A whole portal in real processes, as `manage.py portal` starts it (supervisor, web, queue), to be killed at will."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from integrations.core.processes import children, process_started
from tests.core.supervision.stage import PATIENCE, title, wait_until

WHO = ("web", "web worker", "queue", "sentinel", "pusher", "monitor", "worker", "supervisor", "everybody")


class Portal:
    """One `manage.py portal` on a free port. Raises `AssertionError` when it does not come up."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._environment, self._folder, self._starts = environment, folder, 0
        self.start()

    def start(self) -> None:
        """Start it, and wait until the web answers and the workers of the queue are ready."""
        self._starts += 1
        self._log = self._folder / f"portal-{self._starts}.log"
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "portal", "--port", str(self._port)],
                env=self._environment,
                cwd=settings.BASE_DIR,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            wait_until(self._is_ready, "a portal that is ready")
        except BaseException:
            self.close()
            raise

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self.says()
        return "workers are ready" in self._log.read_text() and self._answers()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def living(self) -> dict[str, list[int]]:
        """The pids of its living processes, by what they are."""
        found: dict[str, list[int]] = {who: [] for who in WHO}
        found["supervisor"] = [self.process.pid]
        for child in children(self.process.pid):
            if "gunicorn" in title(child):
                found["web"], found["web worker"] = [child], children(child)
                continue
            found["queue"], found["sentinel"] = [child], children(child)
            for pid in [pid for sentinel in found["sentinel"] for pid in children(sentinel)]:
                who = next((who for who in ("pusher", "monitor") if who in title(pid)), "worker")
                found[who].append(pid)
        found["everybody"] = [pid for pids in found.values() for pid in pids]
        return {who: [pid for pid in pids if process_started(pid) is not None] for who, pids in found.items()}

    def kill(self, who: str, chance: random.Random) -> None:
        """`kill -9` of one of these, or of all at once; a supervisor is started again once its children are gone.

        Nobody is killed when none of these lives just now.
        """
        living = self.living()
        for pid in living[who] if who == "everybody" else chance.sample(living[who], min(1, len(living[who]))):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if who in ("supervisor", "everybody"):
            self.process.wait()
            self._wait_for_the_end(living["everybody"])
            self.start()

    def _wait_for_the_end(self, pids: list[int]) -> None:
        def left() -> list[str]:
            return [f"{pid} {title(pid)}" for pid in pids if process_started(pid) is not None]

        try:
            wait_until(lambda: not left(), "the end of all")
        except AssertionError as late:
            raise AssertionError(f"{late}; still there: {left()}") from None

    def close(self) -> None:
        """End it in order; whatever is left then is killed."""
        everybody = {pid: process_started(pid) for pid in self.living()["everybody"]}
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        finally:
            for pid, started in everybody.items():
                if started is not None and process_started(pid) == started:
                    os.kill(pid, signal.SIGKILL)

    def says(self) -> str:
        """What all of its starts have said."""
        return "".join(log.read_text() for log in sorted(self._folder.glob("portal-*.log")))
