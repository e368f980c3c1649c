"""Why did this contact change? From the hint to the echo, across Advoware and EspoCRM."""

from __future__ import annotations

from django.urls import reverse

from integrations.core import roles
from tests.core.world import browser, person
from tests.telling import chains, labels, links

from .scene import PARTY, Scene

OLD, NEW = "old@example.com", "new@example.com"


def test_a_change_of_a_contact_is_told_from_the_hint_to_the_echo(scene: Scene) -> None:
    _, contact = scene.a_pair((4, OLD))
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf=NEW)
    scene.hint(PARTY)
    assert scene.emails(contact) == [NEW]
    scene.webhook(contact)
    operator = browser(person("otto", roles.OPERATOR))
    shown = operator.get(reverse("admin:advoware_espocrm_pair_change", args=[scene.pair().pk])).content.decode()
    newest = chains(shown)[0]
    assert labels(newest) == [
        *("Webhook", "Job", "Decision", "Call", "Outcome"),
        *("Webhook", "Job", "Echo recognised", "Call"),
    ]
    assert f"says that party:{PARTY} changed" in newest[0]
    assert f"says that party:{contact} changed" in " ".join(newest)
    assert "EspoCRM: 1 e-mail addresses" in newest[2]
    assert NEW not in shown.partition('id="timeline"')[2], "values are people's"
    assert links(shown) == {"webhookdelivery", "job", "syncrun", "apicall"}
