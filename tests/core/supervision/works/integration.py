"""Jobs that write what they do into a file, a line each; the file stands for a vendor's ledger."""

from __future__ import annotations

import os
import signal
import time

from integrations.core.jobs import Claim
from integrations.core.registry import IntegrationKind, register

SLOW_SECONDS = 1.0


def _write(line: str) -> None:
    ledger = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(ledger, f"{line}\n".encode())
    os.close(ledger)


def quick(claim: Claim, order: int) -> None:
    claim.check()
    _write(f"made {order}")


def slow(claim: Claim, order: int) -> None:
    """Begins, takes its time, and ends with the one line that stands for a write to a vendor."""
    _write(f"began {order} {os.getpid()}")
    ends = time.monotonic() + SLOW_SECONDS
    while time.monotonic() < ends:
        time.sleep(0.05)
    claim.check()
    _write(f"made {order}")


def careful(claim: Claim, order: int) -> None:
    """Looks before it writes, as a job must that may have been killed between its write and its own end."""
    time.sleep(0.02)
    claim.check()
    with open(os.environ["LEDGER"], "a+") as ledger:
        ledger.seek(0)
        if f"made {order}\n" not in ledger.readlines():
            _write(f"made {order}")


def deadly(claim: Claim, order: int) -> None:
    _write(f"began {order} {os.getpid()}")
    os.kill(os.getpid(), signal.SIGKILL)


def endless(claim: Claim, order: int) -> None:
    _write(f"began {order} {os.getpid()}")
    time.sleep(100)


JOBS = {"quick": quick, "slow": slow, "careful": careful, "deadly": deadly, "endless": endless}
register(IntegrationKind(slug="works", label="Works", roles=(), jobs=JOBS))
