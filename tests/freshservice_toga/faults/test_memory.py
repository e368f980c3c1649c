"""P16, M13: a file goes through the whole flow without the portal's process growing by it."""

from __future__ import annotations

import pytest

from integrations.vendors.freshservice.simulator.acts import made_up
from tests.freshservice_toga.oracle import empty

from .world import World

MOST = 8_000_000  # bytes
LARGE, LARGEST = 16_000_000, 40_000_000


@pytest.mark.parametrize("size", [LARGE, pytest.param(LARGEST, marks=pytest.mark.proof)])
def test_a_large_file_takes_no_memory_of_the_process_that_brings_it(world: World, size: int) -> None:
    empty(world.fresh, world.toga)
    world.portal.do("forget")
    ticket = world.fresh.do("new_ticket", {"subject": "No power"})
    for name, length in (("warm.bin", 2_000_000), ("film.bin", size)):
        world.fresh.do("attach", {"ticket": ticket, "name": name, "size": length})
        world.passes(60)
        said = world.portal.do("growth")
        assert said["wrote"], said
    assert said["grown"] < MOST
    contents = {row["name"]: row["content"] for row in world.toga.data.records["files"].values()}
    assert contents["film.bin"] == made_up(size)
