"""The admin pages of core."""

from . import (  # noqa: F401 — they register themselves
    alert_channels,
    alert_rules,
    alerts,
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
