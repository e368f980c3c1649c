"""The vendor in a portal: its connection is opened, its webhooks pass the door, and its simulator is served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client as Sender
from django.urls import reverse

from integrations.core import registry
from integrations.core.models import ApiCall, Client, Connection, WebhookDelivery
from integrations.core.opening import open_connection, set_secrets
from integrations.core.registry import IntegrationKind, Role
from integrations.demo import simulators
from integrations.vendors.espocrm import VENDOR
from integrations.vendors.espocrm.simulator import API_KEY, EspocrmSimulator
from integrations.vendors.espocrm.webhook_setup import EVENTS, subscribe_all
from tests.vendors.receiving import receiving

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(espocrm: EspocrmSimulator) -> Iterator[Connection]:
    registry.register(IntegrationKind("law", "Law", roles=(Role("crm", "EspoCRM", VENDOR),)))
    try:
        client = Client.objects.create(slug="firm", name="Firm")
        made = Connection(client=client, slug="espocrm", vendor="espocrm", base_url=espocrm.url)
        made.allow_private_address = True
        set_secrets(made, {"api_key": API_KEY}, by="anna")
        made.save()
        yield made
    finally:
        registry._kinds.pop("law")


def test_an_opened_connection_reads_writes_and_remembers_the_rules_of_its_instance(connection: Connection) -> None:
    with open_connection(connection, source="test") as api:
        party = api.create_party({"lastName": "A", "betnr": 5})
        assert [row.id for row in api.parties_numbered(5)] == [party.id]
    connection.refresh_from_db()
    assert connection.facts["instance"]["version"] == "9.3.10"
    assert connection.health == Connection.Health.OK
    assert API_KEY not in str(list(ApiCall.objects.values()))


def test_what_espocrm_sends_passes_the_door_with_all_its_secrets_in_one(
    espocrm: EspocrmSimulator, connection: Connection
) -> None:
    with receiving() as portal:
        with open_connection(connection, source="test") as api:
            secrets = subscribe_all(api, lambda event: portal.url + event)
        set_secrets(connection, {"webhook_secret": secrets}, by="anna")
        connection.save()
        parties = [espocrm.do("new_party", {"last_name": name}) for name in "AB"]
        espocrm.do("pump", {})
        espocrm.do("delete_party", {"party": parties[0]})
        espocrm.do("pump", {})
        answers = [handed_on(one.event, one.headers, one.body) for one in portal.received]
        (received, *_) = portal.received
    assert answers == [(202, {"accepted": 2}), (202, {"accepted": 1})]
    found = WebhookDelivery.objects.order_by("pk").values_list("event", "subject")
    assert list(found) == [
        ("create", f"party:{parties[0]}"),
        ("create", f"party:{parties[1]}"),
        ("delete", f"party:{parties[0]}"),
    ]
    assert handed_on("create", received.headers, received.body + b" ")[0] == 401
    assert handed_on("other", received.headers, received.body)[0] == 401


def handed_on(event: str, headers: Any, body: bytes) -> tuple[int, Any]:
    signed = {name: headers[name] for name in ("signature", "x-signature")}
    answer = Sender().post(f"/webhooks/firm/espocrm/{event}", body, content_type="application/json", headers=signed)
    return answer.status_code, answer.json()


def test_its_simulator_is_served_by_its_name(connection: Connection) -> None:
    with simulators.serve("espocrm") as server:
        assert isinstance(server.simulator, EspocrmSimulator)


def test_the_pages_of_a_connection_ask_for_what_it_needs_and_lead_through_the_set_up(
    connection: Connection, admin_client: Sender
) -> None:
    page = f"/admin/core/connection/{connection.pk}/"
    form = admin_client.get(f"{page}change/").content.decode()
    for field in ("secret_api_key", "secret_secret_key", "setting_entity", "setting_number_field"):
        assert f'name="{field}"' in form
    steps = admin_client.get(reverse("admin:core_connection_webhooks", args=[connection.pk])).content.decode()
    for event, label in EVENTS:
        assert f"Webhook: {label}" in steps
        assert f"/webhooks/firm/espocrm/{event}" in steps


def test_testing_the_connection_shows_every_step(connection: Connection, admin_client: Sender) -> None:
    answer = admin_client.post(reverse("admin:core_connection_test", args=[connection.pk])).content.decode()
    for said in ("EspoCRM 9.3.10", "Parties are found by betnr", "CBeteiligte may be changed"):
        assert said in answer
