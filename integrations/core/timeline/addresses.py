"""Where the steps of a timeline lead: addresses for those who may open them, made without asking for each."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from integrations.core.addresses import address_of
from integrations.core.models import User
from integrations.core.roles import may_open_of

DELIVERY, RUN, CALL, JOB, AUDIT = (
    f"core.view_{name}" for name in ("webhookdelivery", "syncrun", "apicall", "job", "auditentry")
)


@dataclass(frozen=True, slots=True)
class Doors:
    """What this person may open; an address that they may not is empty."""

    may: frozenset[str]

    def delivery(self, pk: int) -> str:
        return self._page(DELIVERY, "webhookdelivery", pk)

    def run(self, pk: int) -> str:
        return self._page(RUN, "syncrun", pk)

    def call(self, pk: int) -> str:
        return self._page(CALL, "apicall", pk)

    def job(self, pk: int) -> str:
        return self._page(JOB, "job", pk)

    def audit(self, pk: int) -> str:
        return self._page(AUDIT, "auditentry", pk)

    def calls_of_run(self, run_id: int, in_hand: str) -> str:
        asked = {"run_id": run_id} | ({"in_hand": in_hand} if in_hand else {})
        return f"{address_of('admin:core_apicall_changelist')}?{urlencode(asked)}"

    def _page(self, permission: str, model: str, pk: int) -> str:
        if permission not in self.may:
            return ""
        return f"{address_of(f'admin:core_{model}_changelist')}{pk}/change/"


def doors_of(user: User) -> Doors:
    return Doors(frozenset(may_open_of(user, {DELIVERY, RUN, CALL, JOB, AUDIT})))
