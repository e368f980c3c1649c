"""The admin pages of core."""

from . import clients, installed, jobs, records, users  # noqa: F401 — they register themselves
