from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from integrations.core.models import Client, Integration, Stream
from integrations.core.registry import IntegrationKind, StreamKind
from integrations.core.streams import streams_of
from integrations.core.sync import engine
from integrations.core.sync.flow import Side
from tests.core.sync.toy import System, flow
from tests.core.vendor import installed

OVERLAP = dt.timedelta(minutes=5)


@dataclass
class Pair:
    """An installed kind whose two streams keep two toy systems in step."""

    left: System
    right: System
    integration: Integration
    to_right: Stream
    to_left: Stream


@pytest.fixture
def installed_pair(db: Any) -> Iterator[Pair]:
    left, right = System("L"), System("R")

    def run(side: Side) -> Any:
        return lambda work: engine.run(work, flow(left, right, side, overlap=OVERLAP))

    kind = IntegrationKind(
        slug="pair",
        label="Pair",
        roles=(),
        streams=(
            StreamKind("to_right", "Left to right", run(Side.LEFT), 5, is_sync=True, needs_approval=True),
            StreamKind("to_left", "Right to left", run(Side.RIGHT), 5, is_sync=True),
        ),
    )
    with installed(kind):
        client = Client.objects.create(slug="harbour", name="Harbour IT")
        integration = Integration.objects.create(client=client, slug="pair", kind="pair", is_enabled=True)
        yield Pair(left, right, integration, *streams_of(integration))
