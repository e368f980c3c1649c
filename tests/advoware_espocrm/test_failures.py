"""What contact data adds to the page about failures: conflicts that want a person, values that stay on their side."""

from __future__ import annotations

from integrations.advoware_espocrm.models import Conflict, HeldValue, Pair
from integrations.core.models import AuditEntry
from tests.core.failures.failing import PAGE, confirm, groups, propose, text
from tests.core.world import browser, person

from .scene import Scene


def a_held_value(scene: Scene, **values: object) -> HeldValue:
    made: HeldValue = HeldValue.objects.create(
        pair=Pair.objects.get(), komm_kz=4, value="rosa@xn", key="rosa@xn", why="It is no address.", **values
    )
    return made


def test_conflicts_to_decide_are_grouped_by_kind_and_lead_to_the_list_where_they_are_decided(scene: Scene) -> None:
    scene.a_pair((4, "max@example.com"))
    pair = Pair.objects.get()
    for entry, choice in ((1, ""), (2, ""), (3, "both")):
        Conflict.objects.create(pair=pair, entry_id=entry, komm_kz=4, advoware="a", espocrm="b", choice=choice)
    page = browser(person("anna", "Admin"))
    assert "to decide 2 conflicts" in text(page)
    assert "Both sides changed it." in text(page)
    assert "/admin/advoware_espocrm/conflict/?decided=not" in page.get(PAGE).content.decode()
    assert groups(page) == []


def test_refused_values_are_tried_again_in_one_go_by_admins_alone(scene: Scene) -> None:
    scene.a_pair((4, "max@example.com"))
    row = a_held_value(scene, is_refused=True)
    operator = browser(person("otto", "Operator"))
    assert "refused 1 held value" in text(operator)
    assert groups(operator) == []
    page = browser(person("anna", "Admin"))
    preview = propose(page, "retry")
    confirm(page, preview)
    scene.work()
    assert "All 1 done." in text(page, preview)
    assert AuditEntry.objects.get(action="contacts.try_again").outcome == "done"
    assert not HeldValue.objects.filter(pk=row.pk, is_refused=True).exists()
