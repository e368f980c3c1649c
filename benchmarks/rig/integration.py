"""Jobs that do nothing, or say when they began; everything around them is the portal's own."""

from __future__ import annotations

import os
import time
from pathlib import Path

from integrations.core.jobs import Claim
from integrations.core.registry import IntegrationKind, register

FOLDER = "BENCHMARK_FOLDER"  # names the folder of the signs that jobs leave
HOLD_SECONDS = 90


def nothing(claim: Claim, number: int) -> str:
    return ""


def sign(claim: Claim, number: int) -> str:
    """Say when and in which process it began."""
    with (Path(os.environ[FOLDER]) / f"began-{number}").open("a") as signs:
        signs.write(f"{time.monotonic()} {os.getpid()}\n")
    return ""


def hold(claim: Claim, number: int) -> str:
    """The same, and at the first attempt stay busy until killed."""
    sign(claim, number)
    if claim.attempt == 1:
        time.sleep(HOLD_SECONDS)
    return ""


JOBS = {"nothing": nothing, "sign": sign, "hold": hold}
register(IntegrationKind(slug="benchmark", label="Benchmark", roles=(), jobs=JOBS))
