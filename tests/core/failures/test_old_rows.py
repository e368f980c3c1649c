"""What was held before shapes were kept is grouped like everything else after the migration."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from integrations.core.models import HeldItem
from integrations.core.streams import approve
from tests.core.world import browser

from .failing import held, text

pytestmark = pytest.mark.django_db


def test_old_rows_get_their_shape(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    approve(world.pair.to_right, user=world.admin)
    for number in range(5):
        held(world.pair.to_left, f"T{number}", f"Ticket {number} is gone.")
    HeldItem.objects.update(shape="")
    migration = import_module("integrations.core.migrations.0010_failures")
    monkeypatch.setattr(migration, "AT_ONCE", 2)
    migration.shape_what_is_held(apps, SimpleNamespace(connection=connection))
    assert set(HeldItem.objects.values_list("shape", flat=True)) == {"Ticket … is gone."}
    assert "refused 5 held records Right to left Ticket … is gone." in text(browser(world.admin))
