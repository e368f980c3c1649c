"""What a test committed is gone for the next one, and everything else is there (`tests/pristine.py`)."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.core.management import call_command

from integrations.core.models import Client


def stored() -> dict[str, int]:
    """How many rows each table has."""
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


def allowed() -> dict[str, set[str]]:
    """What each role may do."""
    return {group.name: set(group.permissions.values_list("codename", flat=True)) for group in Group.objects.all()}


@pytest.mark.parametrize("time", ["the first", "the second", "the third"])
@pytest.mark.django_db(transaction=True)
def test_every_test_finds_the_database_as_a_flush_leaves_it(time: str) -> None:
    found = stored(), allowed()
    call_command("flush", verbosity=0, interactive=False)
    assert found == (stored(), allowed())
    Client.objects.create(slug="elite", name="Elite")
