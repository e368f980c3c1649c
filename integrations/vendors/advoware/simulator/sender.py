"""What sends hints at the firm: a made-up script beside the database. It sends a party's number and never again.

It does not know who wrote: unless told otherwise it sends for what came over the API too.
"""

from __future__ import annotations

import json
import threading
from datetime import timedelta

from integrations.vendors import simulation_sender
from integrations.vendors.simulation_sender import Waiting

from .clock import Clock

EVENT = "party"


class Settings(simulation_sender.Settings):
    """How the script is set up, beside what all senders have."""

    leaves_out_own: bool = False  # nothing is sent for what came over the API
    as_text: bool = False  # the number in quotes


class Sender(Settings, simulation_sender.Sender):
    settings = Settings

    def __init__(self, clock: Clock, stopping: threading.Event) -> None:
        super().__init__(clock.now, stopping)

    def changed(self, betnr: int, *, own: bool) -> None:
        """Something happened to a party."""
        if self.url and not (own and self.leaves_out_own):
            self.queue(EVENT, betnr, json.dumps({"betnr": str(betnr) if self.as_text else betnr}))

    def headers_of(self, one: Waiting) -> dict[str, str]:
        return {"Content-Type": "application/json", "X-Webhook-Secret": self.secret}

    def pause_after(self, attempt: int) -> timedelta | None:
        return None
