"""Queues, sources, statuses and priorities: read, kept with their age, and options given by label."""

from __future__ import annotations

import pytest
from django.utils import timezone

from integrations.backup_tickets.models import ReferenceItem
from integrations.backup_tickets.reference import (
    ask_for_labels,
    refresh_reference,
    refreshed_at,
    resolve_options,
)
from integrations.core.models import Job
from integrations.transport.errors import VendorError
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.scene import Scene


def stored(scene: Scene) -> dict[tuple[str, int], tuple[str, bool, bool]]:
    items = ReferenceItem.objects.filter(connection=scene.connection)
    return {(item.kind, item.value): (item.label, item.is_active, item.is_gone) for item in items}


def test_a_refresh_stores_every_list_and_its_age(scene: Scene) -> None:
    ReferenceItem.objects.all().delete()
    assert refreshed_at(scene.connection) is None
    read = refresh_reference(scene.connection)
    assert {kind for kind, _ in stored(scene)} == {"queue", "source", "status", "priority"}
    assert stored(scene)["status", 1] == ("New", True, False)
    assert read.gone == ()
    assert refreshed_at(scene.connection) is not None


def test_a_value_autotask_no_longer_names_is_marked_gone_and_comes_back(scene: Scene, autotask: Autotask) -> None:
    refresh_reference(scene.connection)
    ReferenceItem.objects.create(
        connection=scene.connection,
        kind="queue",
        value=424242,
        label="Old queue",
        refreshed_at=refreshed_at(scene.connection),
    )
    assert refresh_reference(scene.connection).gone == ("Old queue",)
    assert stored(scene)["queue", 424242] == ("Old queue", True, True)
    ReferenceItem.objects.filter(kind="status", value=1).update(is_gone=True)
    refresh_reference(scene.connection)
    assert stored(scene)["status", 1] == ("New", True, False)


def test_a_malformed_answer_changes_nothing(scene: Scene, autotask: Autotask) -> None:
    refresh_reference(scene.connection)
    before = stored(scene)
    autotask.garble_lists()
    with pytest.raises(VendorError):
        refresh_reference(scene.connection)
    assert stored(scene) == before


def test_a_list_without_any_known_value_is_not_believed(scene: Scene) -> None:
    ReferenceItem.objects.filter(kind="queue").delete()
    ReferenceItem.objects.create(
        connection=scene.connection, kind="queue", value=424242, label="Ours", refreshed_at=timezone.now()
    )
    before = stored(scene)
    with pytest.raises(VendorError, match="none of the 1 known queues"):
        refresh_reference(scene.connection)
    assert stored(scene) == before


def test_labels_given_before_any_refresh_wait_and_are_settled_by_it(scene: Scene) -> None:
    ReferenceItem.objects.all().delete()
    values = resolve_options(
        scene.integration, {"default_status": "new", "default_source": 8, "priority_error": "8", "object_limit": 5}
    )
    assert values == {
        "default_status": None,
        "default_source": 8,
        "priority_error": 8,
        "object_limit": 5,
        "labels": {"default_status": "new"},
    }
    for name, value in values.items():
        setattr(scene.options, name, value)
    scene.options.save()
    assert ask_for_labels(scene.options) is not None
    assert Job.objects.filter(kind="backup_tickets.refresh_reference").exists()
    refresh_reference(scene.connection)
    scene.options.refresh_from_db()
    assert (scene.options.default_status, scene.options.labels) == (1, {})


def test_labels_are_ids_at_once_where_the_lists_are_known(scene: Scene) -> None:
    assert resolve_options(scene.integration, {"default_status": "New"}) == {"default_status": 1, "labels": {}}


def test_an_unknown_label_is_refused_with_those_that_exist(scene: Scene) -> None:
    with pytest.raises(ValueError, match=r"no status “Newish”; it has .*“New”"):
        resolve_options(scene.integration, {"default_status": "Newish"})
