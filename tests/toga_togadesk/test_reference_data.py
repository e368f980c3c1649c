"""Contacts, units, predefined replies, teams and categories: made, changed and deactivated by their uuids."""

from __future__ import annotations

import pytest

from integrations.core.models import SyncEntry

from .scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)
TABLES = {"contacts": "people", "units": "assets", "predefined_replies": "tickets_pr", "ticket_teams": "groups"}


@pytest.mark.parametrize("stream", TABLES)
def test_each_becomes_a_row_once_and_unchanged_rows_are_not_written(scene: Scene, stream: str) -> None:
    resource = stream.replace("_", "-")
    there = scene.records(resource)
    assert scene.run(stream).created == len(there)
    rows = {row["referenceid"]: row["name"] for row in scene.rows(TABLES[stream])}
    assert rows == {one["uuid"]: one["name"] for one in there}
    again = scene.run(stream)
    assert (again.created, again.updated) == (0, 0)
    scene.toga.do("edit", {"resource": resource, "uuid": there[0]["uuid"], "name": "Renamed"})
    changed = scene.run(stream)
    assert changed.updated == 1
    assert SyncEntry.objects.get(run=changed).writes == ["set name to “Renamed” of “Renamed”"]
    assert "Renamed" in [row["name"] for row in scene.rows(TABLES[stream])]


def test_inactive_ones_are_deactivated_where_that_is_wanted(scene: Scene) -> None:
    ana, ben = (row["uuid"] for row in scene.records("contacts")[:2])
    scene.run("contacts")
    scene.toga.do("edit", {"resource": "contacts", "uuid": ana, "isActive": False})
    scene.run("contacts")
    scene.options.deactivates = False
    scene.options.save()
    scene.toga.do("edit", {"resource": "contacts", "uuid": ben, "isActive": False})
    scene.run("contacts")
    active = {row["referenceid"]: row["active"] for row in scene.rows("people")}
    assert (active[ana], active[ben], len(active)) == (0, 1, 3)


def test_rows_from_before_the_portal_are_linked_and_not_made_again(scene: Scene) -> None:
    team = scene.records("ticket-teams")[0]
    scene.desk.database.insert("groups", clientid=7, name="old name", active=1, referenceid=team["uuid"])
    scene.run("ticket_teams")
    names = [row["name"] for row in scene.rows("groups")]
    assert sorted(names) == sorted(one["name"] for one in scene.records("ticket-teams"))


def test_the_categories_are_one_text_of_paths(scene: Scene) -> None:
    scene.toga.data.add("ticket-categories", name="Mail, calendar", parentTicketCategory=None)
    scene.run("ticket_categories")
    (field,) = scene.rows("tickets_customfields")
    assert field["name"] == "Category"
    assert field["options"].split(",") == [
        "Access",
        "Hardware",
        "Hardware > Laptop",
        "Hardware > Laptop > Battery",
        "Mail calendar",
    ]
    assert scene.run("ticket_categories").unchanged == 1


def test_no_category_at_all_is_not_taken_for_the_truth(scene: Scene) -> None:
    scene.run("ticket_categories")
    scene.toga.data.records["ticket-categories"].clear()
    run = scene.run("ticket_categories")
    assert run.skipped == 1
    assert "those in TOGaDesk stay" in SyncEntry.objects.get(run=run).why
    assert scene.rows("tickets_customfields")[0]["options"]
