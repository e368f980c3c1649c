"""The chapter of the rehearsal, found by the demo: its world, the story of a ticket, an operator's day."""

from . import day, story  # noqa: F401 — their steps register themselves, the story's first
