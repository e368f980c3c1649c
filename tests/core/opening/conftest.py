from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.core.crypto import Sealed
from integrations.core.models import Client, Connection
from tests.core import vendor


@pytest.fixture
def wire() -> Iterator[vendor.Wire]:
    with vendor.installed(), vendor.serving() as running:
        yield running


@pytest.fixture
def connection(wire: vendor.Wire, transactional_db: None) -> Connection:
    client = Client.objects.create(slug="elite", name="Elite")
    made: Connection = Connection.objects.create(
        client=client,
        slug="bird",
        vendor="parrot",
        base_url=wire.url,
        identity={"user": "polly"},
        credentials=Sealed.of({"key": "canary-key-5f1d90"}),
        allow_private_address=True,
    )
    return made
