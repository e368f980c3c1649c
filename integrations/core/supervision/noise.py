"""What django-q says at a critical level and the supervisor says better."""

from __future__ import annotations

import logging


class KnownEnds(logging.Filter):
    """Drops that a process was killed and replaced; what ended by its time limit, and everything else, passes."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        return not (said.startswith("reincarnated ") and said.endswith(" death"))
