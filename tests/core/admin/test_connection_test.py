"""“Test connection” says what each step saw, and what to do about the one that failed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from integrations.core.crypto import Sealed
from integrations.core.models import ApiCall, Connection
from tests.core.world import browser, make_world
from tests.translation import bracketed

pytestmark = pytest.mark.django_db(transaction=True)  # vendors are never called inside a transaction


@pytest.fixture
def world() -> SimpleNamespace:
    return make_world()


def result(world: SimpleNamespace, **fields: object) -> str:
    secrets = Sealed.of({"secret": "canary-secret", "integration_code": "canary-code"})
    given = {"base_url": "http://127.0.0.1:9", "credentials": secrets, "identity": {"username": "api@elite.example"}}
    Connection.objects.filter(pk=world.elite_connection.pk).update(**given | fields)
    answer = browser(world.admin).post(f"/admin/core/connection/{world.elite_connection.pk}/test/")
    assert answer.status_code == 200
    page: str = answer.content.decode()
    assert "canary" not in page
    return page


def test_private_address_that_is_not_allowed_is_named(world: SimpleNamespace) -> None:
    page = result(world)
    assert "✗ failed" in page
    assert "127.0.0.1" in page


def test_nobody_listening_is_a_failed_step_not_an_error_page(world: SimpleNamespace) -> None:
    assert "✗ failed" in result(world, allow_private_address=True)


def test_paused_connection_is_not_called(world: SimpleNamespace) -> None:
    assert "paused" in result(world, is_paused=True)


def test_the_log_names_it_the_same_in_every_language(world: SimpleNamespace) -> None:
    with bracketed():
        result(world, allow_private_address=True)
    assert set(ApiCall.objects.values_list("source", flat=True)) == {"test connection"}


def test_simulated_vendor_passes_every_step(world: SimpleNamespace) -> None:
    simulator = pytest.importorskip("integrations.vendors.autotask.simulator")
    with simulator.serve() as server:
        credentials = {"secret": "secret", "integration_code": "code"}
        page = result(world, base_url=server.url, allow_private_address=True, credentials=Sealed.of(credentials))
    assert "Zone" in page or "zone" in page


def test_unreadable_secrets_say_which_key_is_missing(world: SimpleNamespace) -> None:
    page = result(world, credentials=Sealed("k7.gone"))
    assert "k7" in page
