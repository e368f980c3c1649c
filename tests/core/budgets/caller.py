"""A process that calls a server within the budget of a connection: `python -m tests.core.budgets.caller '{…}'`.

The argument is a JSON object: connection, url, limits (of `Limits`), interactive, deadline (seconds a call may take
with its waits), pause (seconds between calls), ends (seconds until this ends by itself). The server says what comes
next: each answer names the bucket of the next call. A refused bucket is left for the other one; when that is refused
too, this ends. Each line of the output is `bucket time retry_after` of a refusal, by the clock all processes share.
"""

from __future__ import annotations

import json
import sys
import time

import django

if __name__ == "__main__":
    django.setup()
    from integrations.core.budgets import ConnectionBudget
    from integrations.transport.errors import TemporaryError
    from integrations.transport.session import Session
    from integrations.vendors import Limits

    told = json.loads(sys.argv[1])
    session = Session(
        vendor="Parrot",
        base_url=told["url"],
        allow_private=True,
        budget=ConnectionBudget(told["connection"], "bird", Limits(**told["limits"])),
        endpoint_of=lambda method, path: path.strip("/"),
        interactive=told["interactive"],
        deadline=told["deadline"],
    )
    refused: set[str] = set()
    bucket, ends = "view", time.monotonic() + told["ends"]
    with session:
        while time.monotonic() < ends and len(refused) < 2:
            try:
                said = session.call("GET", bucket).body.decode()
                bucket = said if said not in refused else bucket
            except TemporaryError as error:
                print(bucket, time.time(), error.retry_after, flush=True)  # noqa: T201 — what the test reads
                refused.add(bucket)
                bucket = "list" if bucket == "view" else "view"
            time.sleep(told["pause"])
