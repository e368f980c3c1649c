"""Who heeds pigeons in a portal in processes of its own: each look that came to its end is a line of the ledger.

A line is `subject began`, by the clock that all processes of a machine share.
"""

from __future__ import annotations

import os
import time

from integrations.core.registry import IntegrationKind, Role, StreamKind, register
from integrations.core.streams import Work
from tests.core.webhooks.pigeons import PIGEON

LOOK_SECONDS = 0.03  # long enough for other calls about the same bird to come meanwhile


def look(work: Work, subject: str) -> str:
    began = time.monotonic()
    work.claim.check()
    time.sleep(LOOK_SECONDS)
    ledger = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(ledger, f"{subject} {began}\n".encode())
    os.close(ledger)
    return "Looked."


register(
    IntegrationKind(
        slug="loft",
        label="Loft",
        roles=(Role("sender", "Sender", PIGEON),),
        streams=(StreamKind("birds", "Birds", lambda work: None, 60, hinted_by="sender", run_hint=look),),
    )
)
