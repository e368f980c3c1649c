from __future__ import annotations

from typing import Any

import pytest

from integrations.core.models import Client


@pytest.fixture
def elite(db: Any) -> Client:
    made: Client = Client.objects.create(slug="elite", name="Elite", time_zone="Europe/Amsterdam")
    return made


def report(external_id: str = "r1", **changes: Any) -> dict[str, Any]:
    """A run as a backup product would report it."""
    return {
        "external_id": external_id,
        "customer": "Bakery",
        "job": "Nightly",
        "backup_type": "Veeam",
        "status": "error",
        "started_at": "2025-01-10T22:00:00+01:00",
        "finished_at": "2025-01-10T23:00:00+01:00",
        "remark": "Disk full",
        "objects": [{"name": "HV01", "status": "error", "message": "no space"}],
    } | changes
