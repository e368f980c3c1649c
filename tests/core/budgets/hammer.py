"""A process that takes slots as fast as it can and notes when it held one: `python -m tests.core.budgets.hammer …`.

Each line of its output is `pid start end` of one held slot, by the clock all processes of a machine share.
"""

from __future__ import annotations

import os
import sys
import time

import django

if __name__ == "__main__":
    django.setup()
    from integrations.core.budgets import ConnectionBudget
    from integrations.transport.errors import TemporaryError
    from integrations.vendors import Limits

    connection_id, slots, hour = (int(argument) for argument in sys.argv[1:4])
    budget = ConnectionBudget(connection_id, "hammered", Limits(slots, hour))
    while True:
        try:
            with budget.take("birds", interactive=True, wait=5, hold=0.5):
                began = time.monotonic()
                print(f"{os.getpid()} begin {began}", flush=True)  # noqa: T201 — what the test reads
                time.sleep(0.01)  # the call that is made
                print(f"{os.getpid()} end {time.monotonic()}", flush=True)  # noqa: T201 — what the test reads
        except TemporaryError:
            break
