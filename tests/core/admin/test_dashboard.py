"""The first page counts what needs somebody, for those who may act on it."""

from __future__ import annotations

from types import SimpleNamespace

from integrations.core.admin.dashboard import dashboard
from integrations.core.models import Connection, Job
from tests.core.world import browser


def tiles(user: object) -> dict[str, int]:
    return {tile.label: tile.value for section in dashboard(user).sections for tile in section.tiles}


def test_counts_lead_to_the_list_they_count(world: SimpleNamespace) -> None:
    Job.objects.create(kind="x.y", key="x.y", state=Job.State.DEAD)
    Connection.objects.filter(pk=world.elite_connection.pk).update(health=Connection.Health.ATTENTION)
    page = browser(world.admin)
    for section in dashboard(world.admin).sections:
        for tile in section.tiles:
            assert page.get(tile.url).status_code == 200
    assert tiles(world.admin)["failed jobs"] == 1
    assert tiles(world.admin)["connections need attention"] == 1


def test_limited_person_counts_own_connections_only(world: SimpleNamespace) -> None:
    Connection.objects.exclude(pk=world.elite_connection.pk).update(health=Connection.Health.ATTENTION)
    assert tiles(world.limited)["connections need attention"] == 0
    assert "failed jobs" not in tiles(world.limited)
    assert [row.connection for row in dashboard(world.limited).connections] == [world.elite_connection]


def test_reporter_sees_no_connections(world: SimpleNamespace) -> None:
    assert dashboard(world.reporter).connections == ()


def test_person_without_a_role_is_told_what_to_do(world: SimpleNamespace) -> None:
    world.reporter.groups.clear()
    assert "Overview" in browser(world.reporter).get("/admin/").content.decode()
    assert "You have no role yet" in browser(world.reporter).get("/admin/").content.decode()
