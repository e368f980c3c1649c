"""The vendor's quota, shared out across all processes: calls in flight per endpoint, per rolling hour and per minute.

All of it lives in the database, since workers are separate processes on any number of hosts. A slot is taken by one
compare-and-set and is free again at its `until`, whatever became of its holder. An hour is sixty-one rows of a minute,
and a minute is rows of a second, so that never more than the limit falls into any sixty minutes or sixty seconds,
wherever they begin. What the vendor itself asks for (a 429 with Retry-After) stops all processes until that second.

    slots    calls in flight            minutes  calls per minute, with sub-limits
    hours    calls per rolling hour     stops    the vendor asked to wait
    sharing  what they have in common   granting `ConnectionBudget`, which asks them all
"""

from .granting import ConnectionBudget
from .showing import Usage, usage, usages

__all__ = ["ConnectionBudget", "Usage", "usage", "usages"]
