"""The chapter of the rehearsal, found by the demo."""

from . import story  # noqa: F401 — its steps register themselves
