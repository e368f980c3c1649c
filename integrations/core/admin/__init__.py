"""The admin pages of core."""

from . import (  # noqa: F401 — they register themselves
    clients,
    connections,
    inbox,
    installed,
    integrations,
    jobs,
    record_links,
    records,
    replays,
    restores,
    streams,
    users,
)
