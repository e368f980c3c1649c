"""The door behind which the vendor's quota is shared out; core knows how (across processes), transport only asks."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Budget(Protocol):
    """Lets one call of one endpoint pass at a time it is allowed to."""

    def take(self, endpoint: str, *, interactive: bool, wait: float, hold: float) -> AbstractContextManager[None]:
        """Hold one slot while the call runs.

        Waits at most `wait` seconds for one and raises TemporaryError(retry_after=…) when none came free; `hold` is
        the longest the slot can be in use, in seconds. `interactive` calls (a person waits) overtake the others.
        """
        ...
