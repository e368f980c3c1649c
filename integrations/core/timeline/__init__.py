"""Why did this change? Everything that happened to one record, from what announced it to what was answered.

told = timeline(of_link(link), request.user, before=moment)
"""

from .about import About, of_link, of_record
from .gathering import Shown, timeline
from .telling import Chain, Step

__all__ = ["About", "Chain", "Shown", "Step", "of_link", "of_record", "timeline"]
