from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from integrations.backup_tickets.intake import take_runs
from integrations.core import roles
from integrations.core.models import Client
from tests.backup_tickets.intake.conftest import report
from tests.backup_tickets.people import person


@pytest.fixture
def desk(db: Any) -> SimpleNamespace:
    """Two clients; Elite has an error, a warning and a success, Other an error."""
    elite = Client.objects.create(slug="elite", name="Elite", time_zone="Europe/Amsterdam")
    other = Client.objects.create(slug="other", name="Other")
    take_runs(
        elite,
        [
            report("e1"),
            report("e2", customer="Butcher", job="Weekly", status="warning", remark="=cmd|' /C calc'!A0"),
            report("e3", customer="Dairy", job="Monthly", status="success"),
        ],
    )
    take_runs(other, [report("o1", customer="Secret", job="Hidden")])
    return SimpleNamespace(
        elite=elite,
        other=other,
        operator=person("otto", roles.OPERATOR),
        reporter=person("rita", roles.REPORTER),
        limited=person("lisa", roles.OPERATOR, clients=[elite]),
    )
