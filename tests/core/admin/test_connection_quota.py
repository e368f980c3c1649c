"""A connection's page says how much of its quota is used."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from integrations.core.models import CallCount, CallSecond, CallStop, Connection
from integrations.vendors import Limits
from tests.core import vendor
from tests.core.world import browser


@pytest.fixture
def parrot(world: SimpleNamespace) -> Connection:
    made: Connection = Connection.objects.create(client=world.elite, slug="bird", vendor="parrot")
    return made


def page(world: SimpleNamespace, connection: Connection, person: str = "admin") -> str:
    answer = browser(getattr(world, person)).get(f"/admin/core/connection/{connection.pk}/change/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_each_limit_is_shown_with_what_is_used_of_it(world: SimpleNamespace, parrot: Connection) -> None:
    now = timezone.now().replace(microsecond=0)
    CallCount.objects.create(connection=parrot, minute=now, calls=7)
    for bucket, calls in (("all", 4), ("list tickets", 3)):
        CallSecond.objects.create(connection=parrot, second=now, bucket=bucket, calls=calls)
    limits = Limits(2, 100, {"all": 80, "list tickets": 32})
    with vendor.installed(vendor.aviary_with(limits=limits)):
        for person in ("admin", "operator"):
            seen = page(world, parrot, person)
            assert "<dt>Calls under way</dt><dd>0 (at most 2 per kind of record)</dd>" in seen
            assert "<dt>Calls of the last hour</dt><dd>7 of 100</dd>" in seen
            assert "<dt>All calls of the last minute</dt><dd>7 of 80</dd>" in seen
            assert "<dt>List tickets of the last minute</dt><dd>3 of 32</dd>" in seen
            assert "asked to wait" not in seen


def test_limits_that_a_vendor_does_not_have_are_not_shown(world: SimpleNamespace, parrot: Connection) -> None:
    with vendor.installed(vendor.aviary_with(limits=Limits())):
        seen = page(world, parrot)
    assert "of the last" not in seen
    assert "under way" not in seen


def test_a_stop_the_vendor_asked_for_is_shown_while_it_lasts(world: SimpleNamespace, parrot: Connection) -> None:
    until = timezone.now() + timedelta(seconds=50)
    CallStop.objects.create(connection=parrot, until=until)
    with vendor.installed():
        assert f"asked to wait until {timezone.localtime(until):%H:%M:%S}" in page(world, parrot)
        CallStop.objects.update(until=timezone.now())
        assert "asked to wait" not in page(world, parrot)


def test_the_page_of_a_connection_whose_vendor_is_not_installed_opens(
    world: SimpleNamespace, parrot: Connection
) -> None:
    assert "bird" in page(world, parrot)
