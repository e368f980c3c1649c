"""The contract, held against the simulator; tests/live holds a living EspoCRM to the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.vendors.espocrm.simulator import API_KEY

from .contract import Contract, Instance, opened
from .saying import as_started


class TestSimulated(Contract):
    @pytest.fixture(params=[False, True], ids=["", "with versions"])
    def instance(self, request: pytest.FixtureRequest) -> Iterator[Instance]:
        espocrm = as_started()
        espocrm.version_control = bool(request.param)
        with opened(espocrm.url, API_KEY) as instance:
            yield instance
        assert not any(espocrm.data.records.values())
