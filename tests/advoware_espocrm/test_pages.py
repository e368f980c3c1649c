"""What people see and do: the settings, the pairs, a dry run and its approval, conflicts, held values, the reports."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.advoware_espocrm.models import (
    Conflict,
    ContactOptions,
    FieldPolicy,
    HeldValue,
    Pair,
    Slot,
    TypeChange,
)
from integrations.advoware_espocrm.pairs import link_by_hand
from integrations.core import roles
from integrations.core.models import AuditEntry, Client, Connection, Integration, Job, RecordLink, Stream
from integrations.vendors.simulation import Reply, Request
from tests.core.world import browser as signed_in
from tests.core.world import person

from .scene import PARTY, Scene

MAX = "max@example.com"


@pytest.fixture
def browser(scene: Scene) -> Browser:
    return signed_in(person("anna", roles.ADMIN))


def at(name: str, *places: object) -> str:
    return reverse(f"admin:advoware_espocrm_{name}", args=places)


def text_of(browser: Browser, url: str) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200
    return str(answer.content.decode())


def said(browser: Browser, url: str, **values: Any) -> str:
    """What the page says that a click leads to."""
    return str(browser.post(url, values, follow=True).content.decode())


def a_conflict(scene: Scene, *, policy: str = "ask", betnr: int = PARTY) -> str:
    """One address that became left@… in Advoware and right@… in EspoCRM; the record's id."""
    scene.options(conflict_policy=policy)
    _, contact = scene.a_pair((4, f"{betnr}@example.com"), betnr=betnr)
    scene.in_advoware("edit_entry", entry=scene.entry_ids(betnr)[0], tlf=f"left{betnr}@example.com")
    scene.in_espocrm("replace_value", party=contact, value=f"{betnr}@example.com", by=f"right{betnr}@example.com")
    scene.reconcile()
    return contact


# --- settings


def test_the_settings_say_how_soon_a_change_is_seen_and_saving_them_has_all_pairs_looked_at(
    scene: Scene, browser: Browser
) -> None:
    scene.a_pair((4, MAX))
    page = at("contactoptions_change", scene.integration.pk)
    assert "15 min (1 pair, up to 500 in a run, a run every 15 min)" in text_of(browser, page)
    values = {"direction": "to_espocrm", "conflict_policy": "ask", "default_region": "AT", "parties_per_run": "200"}
    rule = {"policies-0-komm_kz": "3", "policies-0-choice": "advoware", "policies-0-options": scene.integration.pk}
    answer = browser.post(page, {**values, **rule, "policies-TOTAL_FORMS": "1", "policies-INITIAL_FORMS": "0"})
    assert answer.status_code == 302, answer.context["errors"]
    assert ContactOptions.objects.get().direction == "to_espocrm"
    assert str(FieldPolicy.objects.get()) == "Mobil (3): Advoware wins"
    assert (scene.pair().advoware_seen, scene.pair().polled_at) == ("", None)


# --- pairs


def test_the_list_tells_the_state_of_each_pair_and_finds_them_by_either_id(scene: Scene, browser: Browser) -> None:
    a_conflict(scene)
    _, contact = scene.a_pair((4, MAX), (12, "DE.BRAK.1"), betnr=60_001)
    scene.a_pair((4, "other@example.com"), betnr=60_002)
    pairs = at("pair_changelist")

    def listed(query: str) -> list[str]:
        shown = browser.get(f"{pairs}?{query}").context["cl"].result_list
        return sorted(str(row.betnr) for row in shown)

    assert listed("") == [str(PARTY), "60001", "60002"]
    assert listed("state=to+decide") == [str(PARTY)]
    assert listed("state=held") == ["60001"]
    assert listed("state=missing") == []
    assert listed("q=60002") == ["60002"]
    assert listed(f"q={contact}") == ["60001"]
    scene.in_espocrm("delete_party", party=contact)
    Pair.objects.filter(betnr=60_001).update(espocrm_seen="")
    scene.reconcile()
    assert listed("state=missing") == ["60001"]
    assert "60001" in listed("state=not+at+rest")


def test_a_pairs_page_shows_both_lists_with_what_is_held_a_slot_and_a_change_of_type(
    scene: Scene, browser: Browser
) -> None:
    _, contact = scene.a_pair((4, MAX), (1, "030/1234567"), (8, "old@example.com"), (12, "DE.BRAK.1"))
    scene.in_espocrm("remove_value", party=contact, value="old@example.com")
    scene.in_espocrm("flag_value", party=contact, value="+49301234567", type="Mobile")
    scene.reconcile()
    page = browser.get(at("pair_change", scene.pair().pk))
    lines = [(line.kind, line.advoware, line.espocrm, line.what) for line in page.context["lines"]]
    assert lines == [
        ("TelGesch", "", "", "empty slot"),
        ("Mobil", "030/1234567", "+49301234567 (Mobile)", "agreed"),
        ("MailGesch", MAX, MAX, "agreed"),
        ("MailPrivat", "", "", "empty slot"),
        ("Bea", "DE.BRAK.1", "", "held"),
    ]
    text = page.content.decode()
    assert 'TelGesch (1)</td><td data-label="To">Mobil (3)' in text
    assert f"#CBeteiligte/view/{contact}" in text
    assert "reconcile: updated" in text


def test_sync_now_reads_both_sides_whatever_was_seen_and_is_told_on_the_page(scene: Scene, browser: Browser) -> None:
    _, contact = scene.a_pair((4, MAX))
    scene.in_espocrm("replace_value", party=contact, value=MAX, by="new@example.com")
    browser.post(at("pair_sync", scene.pair().pk))
    page = at("pair_change", scene.pair().pk)
    assert "data-busy" in text_of(browser, page)
    scene.work()
    assert scene.entries()[0][1] == "new@example.com"
    assert "Updated: The lists differ." in text_of(browser, page)


# --- dry run, and applying exactly that


def approve(scene: Scene, browser: Browser) -> str:
    """Have the dry run's plan applied; the page that follows."""
    pair = scene.pair()
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', text_of(browser, at("pair_plan", pair.pk)))
    assert found is not None
    answer = browser.post(at("pair_apply", pair.pk), {"seen": found[1]})
    return str(answer["Location"])


def test_a_dry_run_shows_each_field_and_what_is_approved_is_written_exactly(scene: Scene, browser: Browser) -> None:
    _, contact = scene.a_pair((4, MAX), (3, "0172 1234567"))
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf="new@example.com")
    scene.forget()
    shown = browser.get(at("pair_plan", scene.pair().pk)).context["shown"]
    assert scene.writes() == []
    assert [(line.field, line.now, line.then) for line in shown.lines][:1] == [
        ("e-mail addresses", f"{MAX} (primary)", "new@example.com (primary)")
    ]
    after = approve(scene, browser)
    assert scene.writes() == []
    assert "What you approved is being written" in text_of(browser, after)
    scene.work()
    assert scene.emails(contact) == ["new@example.com"]
    assert scene.pair().approved == ""
    text = text_of(browser, after)
    assert "Updated: The lists differ." in text
    assert "Nothing: both sides agree" in text
    assert AuditEntry.objects.filter(action="contacts.apply", actor="anna").count() == 1


def test_nothing_is_written_when_something_moved_and_the_new_plan_is_shown(scene: Scene, browser: Browser) -> None:
    _, contact = scene.a_pair((4, MAX))
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf="new@example.com")
    after = approve(scene, browser)
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf="newer@example.com")
    scene.forget()
    scene.work()
    assert scene.writes() == []
    assert scene.emails(contact) == [MAX]
    text = text_of(browser, after)
    assert "Something moved since it was approved" in text
    assert "newer@example.com (primary)" in text


def test_an_edit_while_it_is_applied_is_not_written_with_it(scene: Scene, browser: Browser) -> None:
    _, contact = scene.a_pair((4, MAX), (8, "other@example.com"))
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf="new@example.com")
    after = approve(scene, browser)

    def edited(request: Request, reply: Reply) -> Reply:
        if request.method == "PUT":
            scene.advoware.do("edit_entry", {"entry": scene.entry_ids()[1], "tlf": "unseen@example.com"})
        return reply

    scene.espocrm.change = edited
    scene.work()
    scene.work(seconds=60)
    assert scene.emails(contact) == ["new@example.com", "other@example.com"]
    assert scene.entries()[1][1] == "unseen@example.com"
    assert "Something moved since it was approved" in text_of(browser, after)


def test_an_answer_that_is_lost_while_it_is_applied_loses_and_doubles_nothing(scene: Scene, browser: Browser) -> None:
    _, contact = scene.a_pair((4, MAX))
    scene.in_espocrm("add_value", party=contact, value="new@example.com")
    after = approve(scene, browser)
    scene.advoware.fault("answer_lost", method="POST", path="Kommunikationen")
    scene.work()
    scene.work(seconds=60)
    assert [value for _, value, _ in scene.entries()] == [MAX, "new@example.com"]
    text = text_of(browser, after)
    assert 'p-good">Unchanged.' in text
    assert "Nothing: both sides agree" in text


def test_one_pair_may_be_applied_before_the_first_run_of_all_is_approved(scene: Scene, browser: Browser) -> None:
    _, contact = scene.a_pair((4, MAX))
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf="new@example.com")
    Stream.objects.update(approved_at=None)
    approve(scene, browser)
    scene.work()
    assert scene.emails(contact) == ["new@example.com"]


def test_what_was_approved_is_not_written_through_a_connection_that_was_paused_meanwhile(
    scene: Scene, browser: Browser
) -> None:
    _, contact = scene.a_pair((4, MAX))
    scene.in_advoware("edit_entry", entry=scene.entry_ids()[0], tlf="new@example.com")
    after = approve(scene, browser)
    Connection.objects.filter(slug="espocrm").update(is_paused=True)
    scene.work()
    assert scene.emails(contact) == [MAX]
    assert 'p-warning">Not run: The connection' in text_of(browser, after)


def test_a_dry_run_that_cannot_read_says_so_and_offers_nothing(scene: Scene, browser: Browser) -> None:
    _, contact = scene.a_pair((4, MAX))
    scene.in_espocrm("delete_party", party=contact)
    text = text_of(browser, at("pair_plan", scene.pair().pk))
    assert "Both sides could not be read." in text
    assert "Apply exactly this" not in text
    refused = said(browser, at("pair_apply", scene.pair().pk), seen="")
    assert "Nothing was applied." in refused
    assert not Job.objects.filter(kind="advoware_espocrm.apply_approved").exists()


# --- linking by hand


def test_two_are_linked_by_hand_once_both_were_shown(scene: Scene, browser: Browser) -> None:
    scene.a_party((4, MAX))
    contact = scene.in_espocrm("new_party", last_name="Max", emails=["erika@example.com"], phones=[])
    given = {"integration": scene.integration.pk, "betnr": PARTY, "contact_id": contact}
    page = at("pair_link")
    shown = browser.get(page, given)
    assert MAX in shown.content.decode()
    assert shown.context["shown"].meeting.items[0].value == "erika@example.com"
    assert not RecordLink.objects.exists()
    RecordLink.objects.create(integration=scene.integration, object_type="party", left_id=str(PARTY))  # a run died
    assert "Nothing was linked." in said(browser, page, **given | {"betnr": 4711})
    assert "They are a pair" in said(browser, page, **given)
    assert "is linked to another one already" in said(browser, page, **given)
    scene.reconcile()
    assert scene.emails(contact) == ["erika@example.com", MAX]


def test_unlinked_by_hand_they_are_left_alone_though_they_have_the_same_number(scene: Scene, browser: Browser) -> None:
    _, contact = scene.a_pair((4, MAX), (12, "DE.BRAK.1"))
    pair = scene.pair()
    assert "is not kept in step any more" in said(browser, at("pair_unlink", pair.pk))
    scene.in_espocrm("replace_value", party=contact, value=MAX, by="new@example.com")
    scene.forget()
    scene.reconcile()
    scene.hint(PARTY)
    assert scene.writes() == []
    assert browser.get(at("pair_changelist")).context["cl"].result_count == 0
    assert not HeldValue.objects.exists()
    given = {"integration": scene.integration.pk, "betnr": PARTY, "contact_id": contact}
    assert "They are a pair" in said(browser, at("pair_link"), **given)
    scene.reconcile()
    assert scene.entries()[0][1] == "new@example.com"
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {"contacts.unlink", "contacts.link"}


# --- conflicts


@pytest.mark.parametrize(
    ("choice", "left", "right"),
    [
        ("advoware", ["left"], ["left"]),
        ("espocrm", ["right"], ["right"]),
        ("both", ["left", "right"], ["left", "right"]),
    ],
)
def test_the_chosen_value_reaches_the_other_side(
    scene: Scene, browser: Browser, choice: str, left: list[str], right: list[str]
) -> None:
    contact = a_conflict(scene)
    row = Conflict.objects.get()
    page = at("conflict_change", row.pk)
    text = text_of(browser, page)
    assert all(f"{word}{PARTY}@example.com" in text for word in ("left", "right", ""))
    assert "the pair is looked at now" in said(browser, at("conflict_choose", row.pk), choice=choice)
    scene.work()
    assert sorted(value.partition("5")[0] for _, value, _ in scene.entries()) == left
    assert sorted(value.partition("5")[0] for value in scene.emails(contact)) == right
    row.refresh_from_db()
    assert (row.choice, str(row.decided_by)) == (choice, "anna")
    assert "decided already" in said(browser, at("conflict_choose", row.pk), choice="espocrm")


def test_always_for_this_kind_decides_the_others_of_it_too(scene: Scene, browser: Browser) -> None:
    a_conflict(scene)
    a_conflict(scene, betnr=60_001)
    row = Conflict.objects.get(pair__betnr=PARTY)
    assert "cannot be a rule" in said(browser, at("conflict_choose", row.pk), choice="both", always="1")
    browser.post(at("conflict_choose", row.pk), {"choice": "advoware", "always": "1"})
    scene.work()
    scene.reconcile()
    assert [value for _, value, _ in scene.entries(60_001)] == ["left60001@example.com"]
    other = Conflict.objects.get(pair__betnr=60_001)
    assert (other.choice, other.decided_at) == ("advoware", None)
    assert FieldPolicy.objects.get().komm_kz == 4


def test_many_are_decided_at_once_with_a_result_for_each(scene: Scene, browser: Browser) -> None:
    a_conflict(scene)
    a_conflict(scene, betnr=60_001)
    rows = list(Conflict.objects.order_by("pk"))
    chosen = {"action": "choose_advoware", "_selected_action": [row.pk for row in rows]}
    page = f"{at('conflict_changelist')}?decided=not"
    assert "Decide 2" in browser.post(page, chosen).content.decode()
    assert not Conflict.objects.exclude(choice="").exists()
    Conflict.objects.filter(pk=rows[1].pk).update(choice="espocrm")
    results = browser.post(page, chosen | {"confirmed": "1"}).context["rows"]
    assert [tone for _, tone, _ in results] == ["good", "bad"]
    assert results[1][2] == "It was decided already; nothing was changed."
    scene.work()
    assert scene.entries()[0][1] == f"left{PARTY}@example.com"


def test_who_won_by_the_settings_is_shown_with_the_losing_value(scene: Scene, browser: Browser) -> None:
    a_conflict(scene, policy="espocrm")
    row = Conflict.objects.get()
    text = text_of(browser, at("conflict_change", row.pk))
    assert f"The other value was <b>left{PARTY}@example.com</b>" in text
    assert "Whose value counts?" not in text
    assert browser.get(f"{at('conflict_changelist')}?decided=policy").context["cl"].result_count == 1


# --- held values and reports


def test_what_espocrm_refused_is_sent_again_only_when_a_person_wants_it(scene: Scene, browser: Browser) -> None:
    scene.a_pair((4, MAX))
    scene.in_advoware("new_entry", betnr=PARTY, tlf="rosa@example.xn--p1ai", komm_kz=4)
    approve(scene, browser)
    scene.work()
    row = HeldValue.objects.get()
    assert "refused by EspoCRM" in text_of(browser, at("heldvalue_changelist"))
    scene.forget()
    browser.post(at("pair_sync", row.pair_id))
    scene.work()
    assert "EspoCRM PUT" not in scene.writes()
    many = said(browser, at("heldvalue_changelist"), action="try_again", _selected_action=[row.pk])
    assert "1 value of 1 pair: tried again now." in many
    scene.work()
    assert "EspoCRM PUT" in scene.writes()
    assert "the value is sent if it can be" in said(browser, at("heldvalue_retry", HeldValue.objects.get().pk))


def test_the_reports_list_slots_by_age_with_those_of_the_pair_and_changes_of_type(
    scene: Scene, browser: Browser
) -> None:
    _, contact = scene.a_pair((4, MAX), (1, "030/1234567"), (8, "old@example.com"))
    scene.in_espocrm("remove_value", party=contact, value="old@example.com")
    scene.in_espocrm("flag_value", party=contact, value="+49301234567", type="Mobile")
    scene.reconcile()
    slots = browser.get(at("slot_changelist"))
    assert [row.slots_of_pair for row in slots.context["cl"].result_list] == [2, 2]
    assert "lets no program delete an entry" in slots.content.decode()
    assert browser.get(f"{at('slot_changelist')}?age=30").context["cl"].result_count == 0
    Slot.objects.update(since=timezone.now() - timedelta(days=31))
    assert browser.get(f"{at('slot_changelist')}?age=30").context["cl"].result_count == 2
    assert "Mobil (3)" in text_of(browser, at("typechange_changelist"))


def test_what_people_typed_is_inert_on_every_page(scene: Scene, browser: Browser) -> None:
    odd = "<img src=x onerror=alert(1)>"
    scene.a_pair((4, MAX), (1, odd))
    pair = scene.pair()
    row = Conflict.objects.create(pair=pair, entry_id=9, komm_kz=4, before=odd, advoware=odd, espocrm=odd)
    pages = [at("pair_change", pair.pk), at("pair_plan", pair.pk), at("heldvalue_changelist")]
    pages += [at("conflict_changelist"), at("conflict_change", row.pk)]
    for page in pages:
        text = text_of(browser, page)
        assert odd not in text
        assert "&lt;img src=x" in text


def test_longer_lists_take_no_more_queries(scene: Scene, browser: Browser) -> None:
    lists = [at(f"{name}_changelist") for name in ("pair", "conflict", "heldvalue", "slot", "typechange")]

    def queries_with(pairs: range) -> list[int]:
        for number in pairs:
            pair = link_by_hand(scene.integration, number, f"id{number}")
            Conflict.objects.create(pair=pair, entry_id=1, komm_kz=4, advoware="a", espocrm="b")
            HeldValue.objects.create(pair=pair, entry_id=2, komm_kz=4, value="c", why="It is odd.")
            Slot.objects.create(pair=pair, entry_id=3, komm_kz=1)
            TypeChange.objects.create(pair=pair, entry_id=4, before=1, after=3)
        counts = []
        for url in lists:
            with CaptureQueriesContext(connection) as seen:
                browser.get(url)
            counts.append(len(seen))
        return counts

    queries_with(range(1, 3))  # what is found once
    assert queries_with(range(3, 4)) == queries_with(range(4, 24))


# --- who may


def test_an_operator_looks_and_may_not_act_and_another_clients_people_see_nothing(
    scene: Scene, browser: Browser
) -> None:
    a_conflict(scene)
    pair, row = scene.pair(), Conflict.objects.get()
    operator = signed_in(person("otto", roles.OPERATOR))
    assert "Sync now" not in text_of(operator, at("pair_change", pair.pk))
    assert f"left{PARTY}@example.com" in text_of(operator, at("conflict_change", row.pk))
    stranger = signed_in(person("sven", roles.ADMIN, clients=[Client.objects.create(slug="other", name="Other")]))
    doors = [at(f"pair_{act}", pair.pk) for act in ("sync", "apply", "unlink")] + [at("conflict_choose", row.pk)]
    assert {operator.post(door).status_code for door in doors} == {403}
    assert {stranger.post(door).status_code for door in doors} == {404}
    assert {browser.get(door).status_code for door in doors} == {405}
    assert stranger.get(at("conflict_changelist")).context["cl"].result_count == 0
    given: dict[str, Any] = {"integration": scene.integration.pk, "betnr": PARTY, "contact_id": pair.link.right_id}
    assert "shown" not in stranger.get(at("pair_link"), given).context
    assert Integration.objects.count() == 1
    assert str(Conflict.objects.get().choice) == ""
