"""What admins see and do: the settings, the pairs, and one pair's page."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.urls import reverse

from integrations.core.models import AuditEntry, Integration, RecordLink, User
from integrations.itop_bridge.models import BridgeOptions, Pair

from .scene import Scene


@pytest.fixture
def browser(scene: Scene) -> Browser:
    admin = User.objects.create_superuser("anna", password="made-up-password-of-anna")
    User.objects.filter(pk=admin.pk).update(all_clients=True)
    page = Browser()
    page.force_login(User.objects.get(pk=admin.pk))
    return page


def press(browser: Browser, what: str, link: RecordLink) -> int:
    return int(browser.post(reverse(f"admin:itop_bridge_pair_{what}", args=[link.pk])).status_code)


def text_of(browser: Browser, name: str, *places: object) -> str:
    answer = browser.get(reverse(f"admin:{name}", args=places))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_pages_of_a_pair_show_both_tickets_and_what_was_written(scene: Scene, browser: Browser) -> None:
    ticket, twin = scene.a_pair()
    refs = scene.ticket(scene.external, ticket)["ref"], scene.ticket(scene.internal, twin)["ref"]
    listed = text_of(browser, "itop_bridge_pair_changelist")
    page = text_of(browser, "itop_bridge_pair_change", scene.link(ticket).pk)
    assert f"{refs[0]} = {refs[1]}" in listed
    assert "Printer is on fire" in listed
    assert "Create “Printer is on fire”" in page
    assert f"id={twin}" in page


def test_the_list_and_the_page_say_why_a_pair_wants_a_person(scene: Scene, browser: Browser) -> None:
    """Held for a file, parked, and without a twin: each with its sentence, where people look first."""
    connection = scene.integration.connection("external")
    connection.settings |= {"max_file_mb": "1"}
    connection.save()
    held, parked, lost = (scene.a_pair(title=title) for title in ("One", "Two", "Three"))
    scene.outside("attach", ticket=held[0], name="film.mp4", size=1_200_000)
    scene.inside("delete_ticket", ticket=lost[1])
    scene.outside("add_log", ticket=lost[0], text="Hello?")
    press(browser, "park", scene.link(parked[0]))
    scene.reconcile()
    listed = text_of(browser, "itop_bridge_pair_changelist")
    for (ticket, _), why in ((held, "“film.mp4” is larger"), (parked, "Parked by anna."), (lost, "not shown any more")):
        assert why in listed
        assert why in text_of(browser, "itop_bridge_pair_change", scene.link(ticket).pk).partition("What happened")[0]


def test_a_state_that_the_bridge_wrote_is_shown_at_once(scene: Scene, browser: Browser) -> None:
    ticket, twin = scene.a_pair()
    scene.inside("stimulate", ticket=twin, stimulus="ev_assign")
    scene.hint("internal", "ticket-state-change", f'{{"id": "{twin}"}}')
    row = Pair.objects.get(link=scene.link(ticket))
    assert (row.external_state, row.internal_state) == ("assigned", "assigned")
    assert text_of(browser, "itop_bridge_pair_change", row.pk).count(", assigned") == 2


def test_a_dry_run_tells_a_pair_once_and_says_what_holds_it(scene: Scene, browser: Browser) -> None:
    """Both iTops list a pair that changed on both sides; a file that was refused is not told as a write."""
    connection = scene.integration.connection("external")
    connection.settings |= {"max_file_mb": "1"}
    connection.save()
    (changed, twin), (held, _) = scene.a_pair(title="One"), scene.a_pair(title="Two")
    scene.outside("attach", ticket=held, name="film.mp4", size=1_200_000)
    scene.reconcile()
    scene.outside("edit_ticket", ticket=changed, title="One and a half")
    scene.inside("add_log", ticket=twin, text="Done")
    scene.outside("edit_ticket", ticket=held, public_log="To somebody else")
    scene.forget()
    run = scene.reconcile(is_dry=True)
    assert scene.all_writes() == []
    assert (run.created, run.updated, run.held) == (0, 1, 1)
    told = dict(run.entries.values_list("record_id", "why"))
    assert "“film.mp4” is larger" in told[str(held)]
    page = text_of(browser, "itop_bridge_pair_change", scene.link(changed).pk)
    assert "The pair differs. Write the entry of Agnes Weber outside. Set title inside." in page
    assert page.count("reconcile: updated (dry run)") == 1


def test_the_settings_are_saved_as_fields_and_checked_against_both_itops(scene: Scene, browser: Browser) -> None:
    url = reverse("admin:itop_bridge_bridgeoptions_change", args=[scene.integration.pk])
    form = browser.get(url).context["adminform"].form
    values = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    values |= {"classes": ["UserRequest"], "step_defaults": "{}", "internal_team_id": "4711"}
    values |= {"words-TOTAL_FORMS": "0", "words-INITIAL_FORMS": "0"}
    answer = browser.post(url, {name: value for name, value in values.items() if value is not False})
    assert answer.status_code == 302, answer.context["errors"]
    scene.work()
    options = BridgeOptions.objects.get()
    assert options.internal["team_id"] == 4711
    assert "no Team 4711" in options.found
    assert "no Team 4711" in text_of(browser, "itop_bridge_bridgeoptions_change", options.pk)


def test_a_parked_pair_is_left_alone_until_it_is_resumed(scene: Scene, browser: Browser) -> None:
    ticket, twin = scene.a_pair()
    press(browser, "park", scene.link(ticket))
    scene.outside("edit_ticket", ticket=ticket, title="Two")
    scene.reconcile()
    assert scene.all_writes() == []
    assert "R-0" in text_of(browser, "itop_bridge_pair_changelist")
    press(browser, "resume", scene.link(ticket))
    press(browser, "sync", scene.link(ticket))
    scene.work()
    assert scene.ticket(scene.internal, twin)["title"].endswith("Two")
    assert scene.held() == []
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {"bridge.park", "bridge.resume"}


def test_a_twin_that_is_gone_is_made_anew_by_a_click_with_all_that_belongs_to_it(
    scene: Scene, browser: Browser
) -> None:
    ticket, twin = scene.a_pair(files=[{"name": "a.txt", "text": "a"}], private_log="First")
    scene.inside("delete_ticket", ticket=twin)
    scene.reconcile(minutes=61)
    link = scene.link(ticket)
    assert "missing" in text_of(browser, "itop_bridge_pair_changelist")
    press(browser, "anew", link)
    scene.work()
    scene.reconcile()
    (made,) = scene.tickets(scene.internal)
    assert made["id"] != twin
    assert [text for _, text in scene.log(scene.internal, made["id"])] == ["First"]
    assert scene.files(scene.internal, made["id"]) == [("a.txt", b"a")]
    assert len(scene.log(scene.external, ticket)) == 1


def test_a_click_that_could_not_be_carried_out_says_why_on_the_page(scene: Scene, browser: Browser) -> None:
    ticket, _ = scene.a_pair()
    link = scene.link(ticket)
    press(browser, "sync", link)
    scene.work()
    assert "done. Unchanged." in text_of(browser, "itop_bridge_pair_change", link.pk)
    scene.options(internal={"org_id": 3, "agent_id": 17, "team_id": 4711}, checked_at=None)
    press(browser, "sync", link)
    scene.work()
    page = text_of(browser, "itop_bridge_pair_change", link.pk)
    assert "done. Not run: The internal iTop has no Team 4711 (team_id)" in page


def test_the_filter_of_the_pairs_offers_bridges_alone(scene: Scene, browser: Browser) -> None:
    other = Integration.objects.create(client=scene.integration.client, slug="helpdesks", kind="toga_togadesk")
    second = Integration.objects.create(client=scene.integration.client, slug="bridge-two", kind="itop_bridge")
    BridgeOptions.objects.create(integration=second)
    page = text_of(browser, "itop_bridge_pair_changelist")
    assert str(second) in page
    assert str(other) not in page
