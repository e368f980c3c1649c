"""One connection of the portal, opened again and again: what is kept, what is logged, and what its health becomes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from integrations.core.crypto import Sealed
from integrations.core.models import ApiCall, Connection
from integrations.core.opening import open_connection
from integrations.core.registry import IntegrationKind, Role
from integrations.transport.errors import VendorError
from integrations.vendors.advoware import VENDOR
from integrations.vendors.advoware.simulator import CLIENT, CREDENTIALS
from tests.core.vendor import installed

from .saying import SayingAdvoware, sent

KIND = IntegrationKind(slug="made_up_for_this_test", label="Made up", roles=(Role("firm", "Firm", VENDOR),))


@pytest.fixture
def connection(advoware: SayingAdvoware, transactional_db: None) -> Iterator[Connection]:
    secrets = VENDOR.secret_names()
    with installed(KIND):
        made: Connection = Connection.objects.create(
            slug="firm",
            vendor=VENDOR.slug,
            base_url=advoware.url,
            identity={name: value for name, value in CREDENTIALS.items() if name not in secrets},
            credentials=Sealed.of({name: CREDENTIALS[name] for name in secrets}),
            allow_private_address=True,
        )
        yield made


def read(connection: Connection) -> int:
    """As another process would, which knows what is in the database alone."""
    fresh = Connection.objects.get(pk=connection.pk)
    with open_connection(fresh, source="test") as api:
        return len(api.party(CLIENT).kommunikation)


def test_processes_share_addresses_and_token(advoware: SayingAdvoware, connection: Connection) -> None:
    assert [read(connection) for _ in range(3)] == [3, 3, 3]
    assert sent(advoware) == ["GET Url", "POST Token", *[f"GET Beteiligte/{CLIENT}"] * 3]


def test_a_renewed_token_is_the_one_that_others_use_next(advoware: SayingAdvoware, connection: Connection) -> None:
    read(connection)
    advoware.do("expire_tokens", {})
    advoware.calls.clear()
    assert [read(connection) for _ in range(2)] == [3, 3]
    assert [call.status for call in advoware.calls] == [401, 200, 200, 200]


def test_token_and_password_are_in_no_row_of_the_database(advoware: SayingAdvoware, connection: Connection) -> None:
    read(connection)
    (token,) = advoware.data.tokens
    rows = [*Connection.objects.values(), *Connection.history.values(), *ApiCall.objects.values()]
    stored = json.dumps(rows, default=str)
    assert len(ApiCall.objects.all()) == 3
    for secret in (token, CREDENTIALS["password"], CREDENTIALS["api_key"]):
        assert secret not in stored


@pytest.mark.parametrize(
    ("switch", "health"),
    [("is_online", Connection.Health.TROUBLE), ("is_enabled", Connection.Health.ATTENTION)],
)
def test_a_firm_that_is_off_is_trouble_that_passes_and_a_wrong_setting_needs_somebody(
    advoware: SayingAdvoware, connection: Connection, switch: str, health: str
) -> None:
    advoware.do("switch", {"name": switch, "value": False})
    with pytest.raises(VendorError):
        read(connection)
    connection.refresh_from_db()
    assert connection.health == health
    advoware.do("switch", {"name": switch, "value": True})
    read(connection)
    connection.refresh_from_db()
    assert connection.health == Connection.Health.OK


def test_a_refused_password_is_remembered_by_all_processes(advoware: SayingAdvoware, connection: Connection) -> None:
    secrets = connection.credentials.open() | {"password": "wrong"}
    Connection.objects.filter(pk=connection.pk).update(credentials=Sealed.of(secrets))
    for _ in range(3):
        with pytest.raises(VendorError, match="nter both again"):
            read(connection)
    assert sent(advoware) == ["GET Url", "POST Token"]
