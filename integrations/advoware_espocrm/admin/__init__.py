"""The admin pages of contact data."""

from . import conflicts, pairs, reports, settings  # noqa: F401 — they register themselves
