"""The Workflow Automator's webhooks: sent once or more, late, again after a failure, in another order, or lost.

Nothing is promised by the vendor; what can be set here is what receivers have seen (fact sheet, section 10). Times go
by the simulated clock.
"""

from __future__ import annotations

import base64
import threading
from datetime import timedelta
from typing import Any

from integrations.vendors import simulation_sender
from integrations.vendors.simulation_sender import Waiting

from .clock import Clock
from .world import PORTAL_AGENT


class Settings(simulation_sender.Settings):
    """How the automator is set up, beside what all senders have; of its timeout 5 to 15 seconds were seen."""

    auth: str = "header"  # or "basic", "bearer", "none"
    wrapped: bool = False
    ids: str = "numeric"  # or "number", "display" (INC-…), "hash" (#…)
    with_subject: bool = False  # the subject stands in the body as it is: a quote in it breaks the JSON
    leaves_out_own: bool = True  # what the portal's agent does fires nothing
    workspaces: tuple[int, ...] = ()  # those with an automator; empty for all
    silent: tuple[str, ...] = ()  # events without an automator
    retry_minutes: tuple[float, ...] = (3, 5, 9, 17)
    calls_per_hour: int = 0  # 0 for any number


class Sender(Settings, simulation_sender.Sender):
    """`changed` queues a call for each automator that a change fires."""

    settings = Settings

    def __init__(self, clock: Clock, stopping: threading.Event) -> None:
        super().__init__(clock.now, stopping)

    def changed(self, event: str, ticket: dict[str, Any], *, by: int) -> None:
        """Something happened to a ticket."""
        fits = not self.workspaces or ticket["workspace_id"] in self.workspaces
        if not self.url or not fits or event in self.silent or (self.leaves_out_own and by == PORTAL_AGENT):
            return
        self.queue(event, ticket["id"], self._body(event, ticket))

    def _body(self, event: str, ticket: dict[str, Any]) -> str:
        number = ticket["id"]
        prefix = "SR" if ticket["type"] == "Service Request" else "INC"
        shown = {"numeric": f'"{number}"', "number": f"{number}", "display": f'"{prefix}-{number}"'}
        subject = f',"subject":"{ticket["subject"]}"' if self.with_subject else ""
        bare = f'{{"ticket_id":{shown.get(self.ids, f"{chr(34)}#{number}{chr(34)}")},"event":"{event}"{subject}}}'
        return f'{{"freshservice_webhook":{bare}}}' if self.wrapped else bare

    def headers_of(self, one: Waiting) -> dict[str, str]:
        basic = base64.b64encode(f"freshservice:{self.secret}".encode()).decode()
        proofs = {
            "header": {"X-Webhook-Secret": self.secret},
            "basic": {"Authorization": f"Basic {basic}"},
            "bearer": {"Authorization": f"Bearer {self.secret}"},
        }
        return {"Content-Type": "application/json", "User-Agent": "Freshservice", **proofs.get(self.auth, {})}

    def pause_after(self, attempt: int) -> timedelta | None:
        if attempt > len(self.retry_minutes):
            return None
        return timedelta(minutes=self.retry_minutes[attempt - 1])

    def may_send(self, one: Waiting) -> bool:
        hour = self._now().strftime("%Y-%m-%dT%H")
        used = sum(1 for line in self.sent if line.at.startswith(hour) and not line.dropped)
        return not self.calls_per_hour or used < self.calls_per_hour
