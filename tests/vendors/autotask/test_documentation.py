"""docs/autotask-simulator.md: its commands work, and it names everything that can be chosen and ordered."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.vendors.autotask.simulator.acts import ACTS
from integrations.vendors.autotask.simulator.sender import Settings
from integrations.vendors.autotask.simulator.switches import SWITCHES, Switches
from integrations.vendors.simulation import FAULTS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "autotask-simulator.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"<!-- simulator -->\n+```sh\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def by_hand() -> Iterator[str]:
    """The address of `manage.py simulate autotask`, run as a person runs it; it ends cleanly on Ctrl-C."""
    with subprocess.Popen(
        [sys.executable, "manage.py", "simulate", "autotask", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+:\d+", line)
        try:
            assert found, line + process.stdout.read()
            yield found[0]
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0


@pytest.mark.processes
@pytest.mark.skipif(shutil.which("curl") is None, reason="the page's commands need curl")
@pytest.mark.parametrize("commands", COMMANDS, ids=range(len(COMMANDS)))
def test_a_command_of_the_page_works_as_it_stands(by_hand: str, commands: str) -> None:
    text = commands.replace("http://127.0.0.1:9100", by_hand)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    decoder, rest = json.JSONDecoder(), done.stdout.strip()
    while rest:
        answer, end = decoder.raw_decode(rest)
        assert not {"errors", "error", "message"} & set(answer), answer
        rest = rest[end:].strip()


@pytest.mark.parametrize("name", [*FAULTS, *ACTS, "pump", *SWITCHES])
def test_the_page_names_every_fault_action_and_switch(name: str) -> None:
    assert f"| `{name}` |" in PAGE


@pytest.mark.parametrize("name", Settings.names())
def test_the_page_names_every_setting_of_webhooks(name: str) -> None:
    assert re.search(rf"^\|[^|]*`{name}`", PAGE, re.MULTILINE)


def test_every_switch_has_its_sentence_and_its_default_on_the_page() -> None:
    assert set(SWITCHES) == set(Switches.__annotations__)
    for name in SWITCHES:
        assert f"| `{name}` | `{json.dumps(getattr(Switches, name))}` |" in PAGE
