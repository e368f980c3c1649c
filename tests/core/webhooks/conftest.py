from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client as Sender

from integrations.core.models import Connection

from . import pigeons

Send = Callable[..., Any]


@pytest.fixture
def loft() -> Iterator[pigeons.Loft]:
    with pigeons.kept() as made:
        yield made


@pytest.fixture
def connection(loft: pigeons.Loft, db: None) -> Connection:
    return pigeons.make_world()


@pytest.fixture
def send(connection: Connection) -> Send:
    """Send a body (as JSON, unless it is bytes) with the right secret; headers may be given."""

    def sent(body: Any, *, path: str = "/webhooks/elite/pigeon/bird", **headers: str) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = headers or {"X-Webhook-Secret": pigeons.SECRET}
        # Django's client would raise what another thread's call met meanwhile, in place of its own answer.
        return Sender(raise_request_exception=False).post(path, data, content_type="application/json", headers=given)

    return sent
