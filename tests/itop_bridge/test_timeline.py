"""Why did this change? Told on one page, across both iTops, from the webhook to the echo."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client as Browser
from django.urls import reverse

from integrations.core import roles
from integrations.core.models import ApiCall, Client, Connection, Job, RecordLink, User, WebhookDelivery
from tests.core.world import browser, person
from tests.telling import chains, labels, links

from .scene import Scene


@pytest.fixture
def operator(scene: Scene) -> Browser:
    return browser(person("otto", roles.OPERATOR))


def said_in_both(scene: Scene) -> RecordLink:
    """A pair at rest in which somebody said something outside; the twin's webhook came back."""
    ticket, twin = scene.a_pair()
    scene.outside("add_log", ticket=ticket, text="Is there one for all of us?", by="otto")
    scene.hint("external", "update-ticket", f'{{"id": "{ticket}"}}')
    scene.hint("internal", "update-ticket", f'{{"id": "{twin}"}}')
    return scene.link(ticket)


def page(browser: Browser, link: RecordLink, name: str = "itop_bridge_pair_change") -> str:
    answer = browser.get(reverse(f"admin:{name}", args=[link.pk]))
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize("name", ["itop_bridge_pair_change", "core_recordlink_change"])
def test_a_change_is_told_from_its_webhook_to_its_echo_on_one_page(scene: Scene, operator: Browser, name: str) -> None:
    link = said_in_both(scene)
    shown = page(operator, link, name)
    newest = chains(shown)[0]
    assert labels(newest) == [
        *("Webhook", "Job", "Decision", "Call", "Outcome"),
        *("Webhook", "Job", "Echo recognised", "Call"),
    ]
    assert f"itop-external says that ticket:{link.left_id} changed" in newest[0]
    assert "reconcile: updated The pair differs." in newest[2]
    assert any("answered 200" in step for step in newest)
    assert f"itop-internal says that ticket:{link.right_id} changed" in " ".join(newest)
    assert links(shown) == {"webhookdelivery", "job", "syncrun", "apicall"}


def test_a_second_webhook_of_the_same_change_and_a_look_by_hand_are_no_echoes(scene: Scene) -> None:
    ticket, _ = scene.a_pair()
    scene.outside("add_log", ticket=ticket, text="Is there one for all of us?", by="otto")
    for _ in range(2):
        scene.hint("external", "update-ticket", f'{{"id": "{ticket}"}}')
    admin = browser(person("anna", roles.ADMIN))
    admin.post(reverse("admin:itop_bridge_pair_sync", args=[scene.link(ticket).pk]))
    scene.work()
    by_hand, change, *_ = map(labels, chains(page(admin, scene.link(ticket))))
    assert by_hand == ["Asked for", "Job", "Decision", "Call"]
    assert "Looked at again" in change
    assert "Echo recognised" not in change


def test_every_page_that_a_timeline_leads_to_leads_back(scene: Scene, operator: Browser) -> None:
    link = said_in_both(scene)
    shown = page(operator, link, "core_recordlink_change")
    found = re.findall(r'"(/admin/core/(\w+)/\d+/change/)"', shown.partition('id="timeline"')[2])
    by_kind = {kind: path for path, kind in reversed(found)}
    for kind in ("webhookdelivery", "job", "syncrun", "apicall"):
        back = re.search(r'href="([^"]+)"[^>]*>Why did [^<]+ change\?', operator.get(by_kind[kind]).content.decode())
        assert back is not None, kind
        answer = operator.get(back[1].replace("&amp;", "&"), follow=True)
        assert answer.status_code == 200
        assert f"ticket {link.left_id} = {link.right_id}" in answer.content.decode(), kind


def test_calls_are_kept_with_their_job_their_run_and_the_record_in_hand(scene: Scene) -> None:
    link = said_in_both(scene)
    delivery = WebhookDelivery.objects.order_by("pk").last()
    assert delivery is not None
    calls = ApiCall.objects.filter(job_id=delivery.job_id)
    assert calls
    assert {call.in_hand for call in calls} == {link.left_id}
    assert len({call.run_id for call in calls}) == 1
    assert not ApiCall.objects.filter(run_id=None).exclude(source="").exists()


def test_two_tickets_of_one_number_on_two_sides_are_not_mixed_up(scene: Scene, operator: Browser) -> None:
    """The external ticket 7 and the internal ticket 7 are halves of different pairs."""
    first, twin = scene.a_pair(title="First")
    scene.external.data.last_ids["Ticket"] = twin - 1
    other, _ = scene.a_pair(title="Another")
    assert other == twin
    scene.inside("add_log", ticket=twin, text="For the first one")
    scene.hint("internal", "update-ticket", f'{{"id": "{twin}"}}')
    shown = page(operator, scene.link(first))
    assert f"itop-internal says that ticket:{twin}" in shown
    assert "Create “First”" in shown
    assert "Create “Another”" not in shown
    others = page(operator, scene.link(other))
    assert "itop-internal says" not in others
    assert "Create “First”" not in others


def test_what_an_admin_does_with_a_pair_is_told_with_its_audit_entry(scene: Scene) -> None:
    ticket, _ = scene.a_pair()
    link = scene.link(ticket)
    admin = browser(person("anna", roles.ADMIN))
    admin.post(reverse("admin:itop_bridge_pair_park", args=[link.pk]))
    shown = page(admin, link)
    assert chains(shown)[0] == ["anna park", "Outcome Done"]
    entry = re.search(r'"(/admin/core/auditentry/\d+/change/)"', shown)
    assert entry is not None
    back = admin.get(entry[1]).content.decode()
    assert reverse("admin:core_recordlink_change", args=[link.pk]) in back


def test_who_may_not_see_calls_webhooks_or_jobs_is_told_what_was_decided(scene: Scene) -> None:
    link = said_in_both(scene)
    plain = User.objects.create_user("petra", password="made-up-password-of-petra", is_staff=True)
    plain.user_permissions.set(Permission.objects.filter(codename__in=["view_pair", "view_recordlink"]))
    shown = page(browser(plain), link)
    told = {label for chain in chains(shown) for label in labels(chain)}
    assert "Decision" in told
    assert not told & {"Call", "Job", "Echo recognised"}, "whose webhook it was is not theirs to know"
    assert "Looked at again" in told
    assert links(shown) == set()


def test_a_person_of_another_client_gets_neither_the_page_nor_its_record(scene: Scene) -> None:
    link = said_in_both(scene)
    other = Client.objects.create(slug="northwind", name="Northwind")
    stranger = browser(person("sven", roles.OPERATOR, clients=[other]))
    assert stranger.get(reverse("admin:core_recordlink_change", args=[link.pk])).status_code == 302
    record = reverse("admin:core_integration_record", args=[scene.integration.pk])
    assert stranger.get(record, {"stream": "reconcile", "id": link.left_id}).status_code == 404


def test_a_person_limited_to_the_client_sees_no_calls_of_the_houses_own_connection(scene: Scene) -> None:
    link = said_in_both(scene)
    Connection.objects.filter(slug="itop-internal").update(client=None)
    limited = browser(person("lisa", roles.OPERATOR, clients=[scene.integration.client]))
    shown = page(limited, link)
    hosts = {url.partition("//")[2] for url in (scene.internal.url, scene.external.url)}
    assert scene.external.url.partition("//")[2].partition("/")[0] in hosts
    assert "itop-external says" in shown
    assert "itop-internal says" not in shown
    internal = set(ApiCall.objects.filter(connection__client=None).values_list("pk", flat=True))
    seen = {int(pk) for pk in re.findall(r"/apicall/(\d+)/change/", shown)}
    assert seen
    assert not seen & internal
    assert Job.objects.exists()
    assert "/core/job/" not in shown, "jobs are the house's"
