"""What the client relies on, held against the EspoCRM that the environment names. The simulated one is held to the same
in tests/vendors/espocrm."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.vendors.espocrm.contract import Contract, Instance, living


@pytest.mark.live
class TestLiving(Contract):
    @pytest.fixture
    def instance(self) -> Iterator[Instance]:
        with living() as instance:
            yield instance
