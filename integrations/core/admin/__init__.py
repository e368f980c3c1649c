"""The admin pages of core."""

from . import clients, connections, installed, integrations, jobs, records, streams, users  # noqa: F401 — they register themselves
