"""Customers and ticket settings in the admin."""

from __future__ import annotations

import pytest
from django.urls import reverse

from integrations.backup_tickets.models import CompanyMapping, Customer, ReferenceItem, TicketOptions
from integrations.core import roles
from integrations.core.models import Client
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.pages.test_run_page import browser
from tests.backup_tickets.scene import DEFAULTS, Scene, person


def customer_door(name: str, customer: Customer) -> str:
    return reverse(f"admin:backup_tickets_customer_{name}", args=[customer.pk])


def settings_door(name: str, scene: Scene) -> str:
    return reverse(f"admin:backup_tickets_ticketoptions_{name}", args=[scene.integration.pk])


def test_customers_are_listed_and_filtered_by_how_they_are_mapped(scene: Scene) -> None:
    Customer.objects.create(client=scene.client, name="Newcomer")
    operator = browser(scene.operator)
    address = reverse("admin:backup_tickets_customer_changelist")
    both = operator.get(address).content.decode()
    assert "Newcomer" in both
    assert "Bakkerij Jansen" in both
    unmapped = operator.get(address, {"mapping": "none"}).content.decode()
    assert "Newcomer" in unmapped
    assert "Daily" not in unmapped
    assert "Bakkerij Jansen" not in unmapped
    assert "Newcomer" not in operator.get(address, {"mapping": "ok"}).content.decode()


def test_a_company_is_searched_chosen_and_confirmed(scene: Scene, autotask: Autotask) -> None:
    newcomer = Customer.objects.create(client=scene.client, name="Newcomer")
    autotask.add_company(7001, "Acme <b>Bakeries</b> BV")
    operator = browser(scene.operator)
    assert customer_door("companies", newcomer) in operator.get(customer_door("change", newcomer)).content.decode()
    found = operator.get(customer_door("companies", newcomer), {"q": "bakeries"}).content.decode()
    assert "Acme &lt;b&gt;Bakeries&lt;/b&gt; BV" in found
    answer = operator.post(customer_door("map", newcomer), {"company_id": "7001"}, follow=True)
    assert "Newcomer is now" in answer.content.decode()
    assert CompanyMapping.objects.get(customer=newcomer).company_id == 7001


def test_trouble_while_mapping_is_told_and_changes_nothing(scene: Scene, autotask: Autotask) -> None:
    newcomer = Customer.objects.create(client=scene.client, name="Newcomer")
    operator = browser(scene.operator)
    autotask.break_queries()
    assert "p-bad" in operator.get(customer_door("companies", newcomer), {"q": "acme"}).content.decode()
    for given, told in (("", "Choose a company first."), ("999999", "Nothing was changed.")):
        answer = operator.post(customer_door("map", newcomer), {"company_id": given}, follow=True)
        assert told in answer.content.decode()
    assert not CompanyMapping.objects.filter(customer=newcomer).exists()


def test_reporters_and_strangers_cannot_map(scene: Scene, autotask: Autotask) -> None:
    reporter = browser(person("rita", roles.REPORTER))
    assert reporter.get(customer_door("change", scene.customer)).status_code == 200
    other = Client.objects.create(slug="other", name="Other")
    stranger = browser(person("sam", roles.OPERATOR, clients=[other]))
    for who, status in ((reporter, 403), (stranger, 404)):
        assert who.get(customer_door("companies", scene.customer), {"q": "acme"}).status_code == status
        assert who.post(customer_door("map", scene.customer), {"company_id": "0"}).status_code == status
        assert who.post(customer_door("check", scene.customer)).status_code == status
    assert autotask.calls() == []


GIVEN = {
    "portal_base_url": "https://portal.example.com",
    "title_prefix": "[Backups]",
    "object_limit": "5",
    "resolve_allowed": "on",
}


def given(**changes: object) -> dict[str, object]:
    return {**GIVEN, **DEFAULTS, **changes}


def test_an_admin_chooses_from_the_lists_and_saves(scene: Scene) -> None:
    admin = browser(person("anna", roles.ADMIN))
    shown = admin.get(settings_door("change", scene)).content.decode()
    assert "Monitoring Alert" in shown
    assert "Ticket resolved via Backupchecks after verification" in shown
    answer = admin.post(settings_door("change", scene), given(), follow=True)
    assert "The ticket settings were saved." in answer.content.decode()
    options = TicketOptions.objects.get()
    assert (options.title_prefix, options.object_limit) == ("[Backups]", 5)


def test_a_label_of_the_configuration_stays_text(scene: Scene) -> None:
    scene.options.labels = {"default_queue": "<b x-init=alert(1)>Queue"}
    scene.options.save(update_fields=["labels"])
    shown = browser(person("anna", roles.ADMIN)).get(settings_door("change", scene)).content.decode()
    assert "<b x-init" not in shown
    assert "The configuration says “&lt;b x-init=alert(1)&gt;Queue”" in shown


def test_settings_exist_before_they_were_ever_saved(scene: Scene) -> None:
    scene.options.delete()
    admin = browser(person("anna", roles.ADMIN))
    assert admin.get(settings_door("change", scene)).status_code == 200
    admin.post(settings_door("change", scene), given())
    assert TicketOptions.objects.get().integration == scene.integration


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"portal_base_url": "https://user@portal.example.com/?x"}, "must be an address alone"),
        ({"object_limit": "0"}, "Give a number from 1 to 100."),
        ({"default_queue": ""}, "No queue is chosen."),
        ({"default_queue": "424242"}, "not one of the available choices"),
    ],
)
def test_settings_that_could_not_be_used_are_not_saved(scene: Scene, changes: dict[str, object], sentence: str) -> None:
    admin = browser(person("anna", roles.ADMIN))
    answer = admin.post(settings_door("change", scene), given(**changes))
    assert sentence in answer.content.decode()
    assert TicketOptions.objects.get().title_prefix == "[Backupchecks]"


def test_a_default_that_is_gone_is_named_and_must_be_replaced(scene: Scene) -> None:
    queue = scene.options.default_queue
    ReferenceItem.objects.filter(kind="queue", value=queue).update(is_gone=True)
    admin = browser(person("anna", roles.ADMIN))
    assert "(no longer available)" in admin.get(settings_door("change", scene)).content.decode()
    answer = admin.post(settings_door("change", scene), given())
    assert "no longer exists in Autotask" in answer.content.decode()


def test_the_lists_are_refreshed_by_a_button(scene: Scene) -> None:
    ReferenceItem.objects.all().delete()
    admin = browser(person("anna", roles.ADMIN))
    assert "have not been read from" in admin.get(settings_door("change", scene)).content.decode()
    answer = admin.post(settings_door("refresh", scene), follow=True)
    assert "Read " in answer.content.decode()
    assert ReferenceItem.objects.filter(kind="status", label="New").exists()


def test_operators_read_the_settings_and_change_nothing(scene: Scene) -> None:
    operator = browser(scene.operator)
    assert operator.get(settings_door("change", scene)).status_code == 200
    assert operator.post(settings_door("change", scene), given()).status_code == 403
    assert operator.post(settings_door("refresh", scene)).status_code == 403
    reporter = browser(person("rita", roles.REPORTER))
    assert reporter.get(settings_door("change", scene)).status_code == 403
