"""The door behind which the vendor's quota is shared out; core knows how (across processes), transport only asks."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from integrations.transport.answers import Answer

UNTOLD_REST = 60.0  # seconds until a quota that is used up is certainly new, when the vendor does not say
MOST = 100  # calls that one can be worth


class Budget(Protocol):
    """Lets one call of one endpoint pass at a time it is allowed to."""

    def take(self, endpoint: str, *, interactive: bool, wait: float, hold: float) -> AbstractContextManager[None]:
        """Hold one slot while the call runs.

        Waits at most `wait` seconds for one and raises QuotaSpent(retry_after=…) when none came free; `hold` is
        the longest the slot can be in use, in seconds. `interactive` calls (a person waits) overtake the others.
        """
        ...

    def told(self, endpoint: str, answer: Answer) -> None:
        """Heed what the vendor's answer says about its quota. Called while the call's slot is still held."""
        ...


def rest_asked_for(answer: Answer) -> float:
    """Seconds for which the vendor wants no further call; 0 when it does not say so.

    That is a 429 with Retry-After, or an answer that names the remaining calls, and there are none.
    """
    asked = answer.retry_after()
    if _header(answer, "X-RateLimit-Remaining") == "0":
        return UNTOLD_REST if asked is None else asked
    return asked or 0.0 if answer.status == 429 else 0.0


def cost_of(answer: Answer) -> int:
    """How many calls the vendor says this one was worth; 1 when it does not say."""
    said = _header(answer, "X-RateLimit-Used-CurrentRequest")
    return min(MOST, max(1, int(said))) if said.isascii() and said.isdigit() and len(said) < 10 else 1


def _header(answer: Answer, name: str) -> str:
    return answer.headers.get(name, answer.headers.get(name.lower(), "")).strip()
