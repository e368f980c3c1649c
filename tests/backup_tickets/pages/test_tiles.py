"""The first page says what waits for this person."""

from __future__ import annotations

import pytest

from integrations.backup_tickets.tickets import create_ticket
from integrations.backup_tickets.tiles import tiles
from tests.backup_tickets.scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


def figures(scene: Scene) -> dict[str, int]:
    return {tile.label: tile.value for tile in tiles(scene.operator)}


def test_what_waits_is_counted_and_a_ticket_moves_the_run_from_one_figure_to_another(scene: Scene) -> None:
    before = figures(scene)
    assert (before["runs need attention"], before["open tickets"], before["customers not mapped"]) == (1, 0, 0)
    create_ticket(scene.run, user=scene.operator)
    after = figures(scene)
    assert (after["runs need attention"], after["open tickets"], after["tickets being checked"]) == (0, 1, 0)
