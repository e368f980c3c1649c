"""The buttons of a run's page: what is offered to whom, and what a click says."""

from __future__ import annotations

import pytest
from django.urls import reverse

from integrations.backup_tickets.models import Resolution, Run, TicketLink, TicketNote, TicketOptions
from integrations.backup_tickets.tickets import create_ticket
from integrations.core import roles
from integrations.core.models import Integration
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.people import browser, person
from tests.backup_tickets.scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


def door(name: str, run: Run) -> str:
    return reverse(f"admin:backup_tickets_run_{name}", args=[run.pk])


def page(run: Run) -> str:
    return door("change", run)


def press(scene: Scene, name: str, run: Run | None = None, **fields: object) -> str:
    """The page an operator sees after the click."""
    answer = browser(scene.operator).post(door(name, run or scene.run), fields, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_an_open_ticket_can_be_resolved_checked_and_noted_on(scene: Scene, autotask: Autotask) -> None:
    create_ticket(scene.run, user=scene.operator)
    shown = browser(scene.operator).get(page(scene.run)).content.decode()
    for name in ("resolve", "check", "note"):
        assert door(name, scene.run) in shown, name
    for name in ("link", "join", "number", "ticket"):
        assert f'"{door(name, scene.run)}"' not in shown, name


def test_a_reporter_sees_the_ticket_and_no_button(scene: Scene, autotask: Autotask) -> None:
    link = create_ticket(scene.run, user=scene.operator)
    reporter = browser(person("rita", roles.REPORTER))
    shown = reporter.get(page(scene.run)).content.decode()
    assert link.ticket is not None
    assert link.ticket.number in shown
    for name in ("resolve", "check", "note", "link", "join", "number"):
        assert f'"{door(name, scene.run)}"' not in shown, name
        assert reporter.post(door(name, scene.run)).status_code == 403, name


def test_resolving_shows_both_fixed_texts_first_and_then_what_came_of_it(scene: Scene, autotask: Autotask) -> None:
    create_ticket(scene.run, user=scene.operator)
    before = browser(scene.operator).get(door("resolve", scene.run)).content.decode()
    assert "no longer present." in before
    assert "because time entries are present." in before
    assert not Resolution.objects.exists()
    assert "is resolved." in press(scene, "resolve")
    assert TicketLink.objects.get().state == "resolved"


def test_a_note_is_written_once_however_often_its_form_is_sent(scene: Scene, autotask: Autotask) -> None:
    create_ticket(scene.run, user=scene.operator)
    for _ in range(2):
        assert "The internal note was written." in press(scene, "note", text="Disk swapped <b>", key="nte-1")
    (note,) = autotask.simulator.data.notes.values()
    assert (note["description"], note["publish"]) == ("Disk swapped <b>", 2)
    assert "otto" in note["title"]
    assert TicketNote.objects.get().state == "sent"
    assert "Disk swapped &lt;b&gt;" in browser(scene.operator).get(page(scene.run)).content.decode()


def test_a_ticket_is_found_shown_and_linked(scene: Scene, autotask: Autotask) -> None:
    made = autotask.add_ticket("k")
    number = autotask.simulator.tickets[made]["ticketNumber"]
    shown = browser(scene.operator).get(door("link", scene.run), {"number": number}).content.decode()
    assert "Appeared" in shown
    assert f"linked to ticket {number}" in press(scene, "link", ticket=made)


def test_another_companys_ticket_is_not_linked_without_the_tick(scene: Scene, autotask: Autotask) -> None:
    made = autotask.add_ticket("k")
    autotask.simulator.tickets[made]["companyID"] = 101
    answer = browser(scene.operator).post(door("link", scene.run), {"ticket": made})
    assert answer.status_code == 409
    assert not TicketLink.objects.exists()
    assert "linked to ticket" in press(scene, "link", ticket=made, confirmed="on")


def test_the_next_failed_run_offers_the_open_ticket_of_its_job(scene: Scene, autotask: Autotask) -> None:
    link = create_ticket(scene.run, user=scene.operator)
    second = scene.another_run("run-2")
    assert f"Link to {link.ticket}" in browser(scene.operator).get(page(second)).content.decode()
    assert f"linked to ticket {link.ticket}" in press(scene, "join", second)


def test_a_deleted_ticket_stays_visible_and_a_new_one_is_offered(scene: Scene, autotask: Autotask) -> None:
    link = create_ticket(scene.run, user=scene.operator)
    assert link.ticket is not None
    autotask.add_ticket("a witness that tickets can be read")
    autotask.delete_ticket(link.ticket.ticket_id)
    shown = press(scene, "check")
    assert f"Ticket {link.ticket.number} was deleted in Autotask." in shown
    for name in ("ticket", "link", "check"):
        assert f'"{door(name, scene.run)}"' in shown, name
    assert f'"{door("resolve", scene.run)}"' not in shown


def test_while_the_integration_is_off_numbers_are_entered_by_hand_and_nothing_is_sent(
    scene: Scene, autotask: Autotask
) -> None:
    Integration.objects.update(is_enabled=False)
    assert "Ticket number T1 is noted." in press(scene, "number", number=" T1 ")
    run = Run.objects.get(pk=scene.run.pk)
    assert (run.manual_ticket_number, run.needs_attention) == ("T1", False)
    for name, fields in (
        ("link", {"ticket": 1}),
        ("join", {}),
        ("check", {}),
        ("resolve", {}),
        ("note", {"text": "x"}),
    ):
        browser(scene.operator).post(door(name, scene.run), fields)
    assert autotask.calls() == []
    assert "was taken away" in press(scene, "number", number="")


def test_while_it_is_on_numbers_by_hand_need_the_compatibility_mode(scene: Scene, autotask: Autotask) -> None:
    assert "Nothing was changed." in press(scene, "number", number="T1")
    TicketOptions.objects.update(manual_numbers_allowed=True)
    assert "Ticket number T1 is noted." in press(scene, "number", number="T1")
    shown = browser(scene.operator).get(page(scene.run)).content.decode()
    assert "was entered by hand; link that ticket" in shown
    assert f'"{door("resolve", scene.run)}"' not in shown
