"""A connection's health is what its own last call said: neither the other vendor's trouble nor a spent minute."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from integrations.core.crypto import Sealed
from integrations.core.models import Connection
from integrations.core.opening import open_connection
from integrations.transport.errors import QuotaSpent, TemporaryError, VendorError
from integrations.vendors import Limits
from tests.core import vendor
from tests.core.vendor import Wire

OTHER = "nest"


@pytest.fixture
def other(connection: Connection) -> Connection:
    """A second connection of the same vendor, out of reach."""
    made: Connection = Connection.objects.get(pk=connection.pk)
    made.pk, made.slug, made.base_url = None, OTHER, "http://127.0.0.1:9"
    made.save()
    return made


def health(slug: str = "bird") -> str:
    return str(Connection.objects.get(slug=slug).health)


def ask_both(apis: dict[str, Any]) -> None:
    apis["bird"].ask()
    apis[OTHER].ask(deadline=0.2)


@pytest.mark.parametrize("order", [1, -1])
def test_trouble_of_one_vendor_is_not_put_down_to_the_other(
    connection: Connection, other: Connection, order: int
) -> None:
    outer, inner = [connection, other][::order]
    with (
        pytest.raises(TemporaryError),
        open_connection(outer, source="test") as first,
        open_connection(inner, source="test") as second,
    ):
        ask_both({outer.slug: first, inner.slug: second})
    assert (health(), health(OTHER)) == ("ok", "trouble")


def test_trouble_that_the_work_got_over_counts_until_the_next_good_call(connection: Connection, wire: Wire) -> None:
    wire.status = 500
    with open_connection(connection, source="test") as api, suppress(VendorError):
        api.ask()
    assert health() == "trouble"
    with open_connection(connection, source="test") as api:
        with suppress(VendorError):
            api.ask()
        wire.status = 200
        api.ask()
    assert health() == "ok"


@pytest.mark.django_db(transaction=True)
def test_a_minute_that_is_spent_is_no_trouble() -> None:
    kind = vendor.aviary_with(limits=Limits(calls_per_minute={"all": 3}))
    with vendor.installed(kind), vendor.serving() as wire:
        connection = Connection.objects.create(
            slug="bird",
            vendor="parrot",
            base_url=wire.url,
            identity={"user": "polly"},
            credentials=Sealed.of({"key": "k"}),
            allow_private_address=True,
        )
        with open_connection(connection, source="test", interactive=True) as api:
            for _ in range(3):
                api.ask()
            with pytest.raises(QuotaSpent):
                api.ask()
        assert (health(), len(wire.seen)) == ("ok", 3)
        with pytest.raises(QuotaSpent), open_connection(connection, source="test", interactive=True) as api:
            api.ask()
        assert health() == "ok"


@pytest.mark.parametrize("before", ["ok", "trouble"])
def test_a_vendor_that_asks_to_wait_leaves_the_health_as_it_was(
    connection: Connection, wire: Wire, before: str
) -> None:
    Connection.objects.update(health=before, health_cause="so it was")
    connection.refresh_from_db()
    wire.status = 429
    with pytest.raises(TemporaryError), open_connection(connection, source="test", interactive=True) as api:
        api.ask()
    assert health() == before


def test_what_a_list_meets_on_its_way_counts(connection: Connection, wire: Wire) -> None:
    with open_connection(connection, source="test") as api:
        birds = api.ask_each(2)
        next(birds)
        wire.status = 401
        with pytest.raises(VendorError):
            next(birds)
    assert health() == "attention"
