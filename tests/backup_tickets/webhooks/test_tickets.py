"""What follows from a webhook about a ticket: one read, for all its runs; nothing that a click would not believe."""

from __future__ import annotations

import pytest
from django.urls import reverse

from integrations.backup_tickets.linking import link_open_ticket
from integrations.backup_tickets.models import Run, Ticket, TicketLink
from integrations.core.models import Client, Connection, Integration, IntegrationRole, Job, SyncRun, WebhookDelivery
from integrations.core.running import run_due_jobs
from integrations.core.webhooks import working
from tests.backup_tickets.autotask import Autotask
from tests.backup_tickets.scene import Scene
from tests.core.world import browser
from tests.telling import chains, labels

from .conftest import Wire, id_of, states

State = TicketLink.State
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_ticket_that_somebody_closed_or_opened_again_is_known_after_one_read(wire: Wire) -> None:
    links = wire.tickets()
    number = id_of(links[0])
    for status, state in ((5, State.RESOLVED), (8, State.ACTIVE)):
        wire.do("set_ticket", id=number, status=status)
        wire.pump()
        assert wire.work() == [f"GET Tickets/{number}"]
        assert states(links) == [state]
    assert wire.deliveries() == [("done", f"Read {links[0].ticket}.")] * 2
    run = SyncRun.objects.latest("pk")
    assert (run.stream.slug, run.subject, run.trigger) == ("link_validation", f"ticket:{number}", "webhook")


def test_the_page_of_the_run_tells_of_the_webhook_and_of_the_read_it_led_to(wire: Wire) -> None:
    (link,) = wire.tickets()
    wire.do("set_ticket", id=id_of(link), status=5)
    wire.pump()
    wire.work()
    page = browser(wire.scene.operator).get(reverse("admin:backup_tickets_run_change", args=[link.run_id]))
    newest = chains(page.content.decode())[0]
    assert labels(newest) == ["Webhook", "Job", "Call", "Outcome"]
    assert f"says that ticket:{id_of(link)} changed" in newest[0]
    assert newest[-1] == f"Outcome Read {link.ticket}."


def test_one_read_serves_all_runs_that_have_the_ticket(wire: Wire) -> None:
    (link,) = wire.tickets()
    links = [link, *(link_open_ticket(wire.scene.another_run(f"joined-{n}"), user=wire.scene.operator) for n in (1, 2))]
    wire.do("set_ticket", id=id_of(link), status=5, title="Closed at the desk")
    wire.pump()
    assert wire.work() == [f"GET Tickets/{id_of(link)}"]
    assert states(links) == [State.RESOLVED] * 3
    assert Ticket.objects.get().title == "Closed at the desk"


def test_one_read_serves_all_clients_that_share_the_connection(wire: Wire, live_server: object) -> None:
    (link,) = wire.tickets()
    Connection.objects.update(client=None)
    wire.do("webhook", url=wire.portal_url.replace("/elite/", "/house/") + "ticket")
    theirs = at_another_client(wire.scene, link)
    wire.do("set_ticket", id=id_of(link), status=5)
    wire.pump()
    assert wire.work() == [f"GET Tickets/{id_of(link)}"]
    assert states([link, theirs]) == [State.RESOLVED] * 2
    told = SyncRun.objects.get(stream__integration__client__slug="other")
    assert "once for all clients" in told.outcome
    assert "Elite" not in told.outcome, "whose else the ticket is"
    Integration.objects.filter(client=wire.scene.client).update(is_enabled=False)
    wire.do("set_ticket", id=id_of(link), status=8)
    wire.pump()
    assert wire.work() == [f"GET Tickets/{id_of(link)}"], "whoever is on reads"
    assert states([link, theirs]) == [State.ACTIVE] * 2


def at_another_client(scene: Scene, link: TicketLink) -> TicketLink:
    """A second client on the same connection, of which a run has the same ticket."""
    client = Client.objects.create(slug="other", name="Other")
    integration = Integration.objects.create(client=client, slug="tickets", kind="backup_tickets")
    IntegrationRole.objects.create(integration=integration, role="autotask", connection=scene.connection)
    run = scene.another_run("theirs")
    Run.objects.filter(pk=run.pk).update(client=client)
    made: TicketLink = TicketLink.objects.create(
        run=run,
        connection=scene.connection,
        ticket=link.ticket,
        key="theirs",
        state=State.ACTIVE,
        created_by=scene.operator,
        send_before=link.send_before,
    )
    return made


def test_a_ticket_that_no_run_has_costs_no_call(wire: Wire, autotask: Autotask) -> None:
    number = autotask.add_ticket("of somebody else")
    wire.do("set_ticket", id=number, status=5)
    wire.pump()
    assert wire.work() == []
    assert wire.deliveries() == [("done", f"No run has ticket {number}; nothing was read.")]


def test_a_new_ticket_and_other_entities_make_no_work(wire: Wire) -> None:
    wire.do("webhook", leaves_out_own=False, actions=["Create"])
    wire.tickets()
    wire.pump()
    assert [state for state, _ in wire.deliveries()] == ["ignored"]
    assert not Job.objects.filter(kind="core.work_delivery").exists()


# --- deletions --------------------------------------------------------------------------------------------------------


def test_a_deletion_is_believed_when_others_can_be_read_and_a_second_look_misses_it(wire: Wire) -> None:
    links = wire.tickets(2)
    wire.do("delete_ticket", id=id_of(links[0]))
    wire.pump()
    assert wire.work() == [f"GET Tickets/{id_of(links[0])}", "POST Tickets/query"]
    assert states(links) == [State.DELETED, State.ACTIVE]
    assert wire.deliveries() == [("done", f"Ticket {links[0].ticket} was deleted in Autotask.")]
    assert Run.objects.get(pk=links[0].run_id).needs_attention


def test_a_deletion_that_is_only_said_flips_nothing(wire: Wire, autotask: Autotask) -> None:
    """The call is signed, and the ticket is still there."""
    links = wire.tickets()
    kept = dict(autotask.simulator.tickets[id_of(links[0])])
    wire.do("delete_ticket", id=id_of(links[0]))
    autotask.simulator.tickets[id_of(links[0])] = kept
    wire.pump()
    wire.work()
    assert states(links) == [State.ACTIVE]


def test_lost_permission_flips_nothing_says_so_and_is_looked_at_again_by_a_click(
    wire: Wire, autotask: Autotask
) -> None:
    links = wire.tickets(2)
    wire.do("set_ticket", id=id_of(links[0]), status=5)
    autotask.simulator.restricted = True
    wire.pump()
    wire.work()
    assert states(links) == [State.ACTIVE] * 2
    ((state, outcome),) = wire.deliveries()
    assert (state, "Nothing was changed." in outcome) == ("failed", True)
    autotask.simulator.restricted = False
    working.replay(list(WebhookDelivery.objects.select_related("connection")), user=wire.scene.operator)
    run_due_jobs()
    assert states(links) == [State.RESOLVED, State.ACTIVE]


def test_a_ticket_taken_for_deleted_comes_back_when_a_webhook_names_it(wire: Wire, autotask: Autotask) -> None:
    links = wire.tickets(2)
    kept = dict(autotask.simulator.tickets[id_of(links[0])])
    wire.do("delete_ticket", id=id_of(links[0]))
    wire.pump()
    wire.work()
    autotask.simulator.tickets[id_of(links[0])] = kept
    wire.do("set_ticket", id=id_of(links[0]), status=8)
    wire.pump()
    wire.work()
    assert states(links) == [State.ACTIVE] * 2


@pytest.mark.parametrize("fault", ["html_503", "garbage", "not_received"])
def test_an_outage_flips_nothing_and_loses_nothing(wire: Wire, autotask: Autotask, fault: str) -> None:
    links = wire.tickets()
    wire.do("delete_ticket", id=id_of(links[0]))
    autotask.simulator.fault(fault, method="GET", path=r"/Tickets/\d+$", times=1000)
    wire.pump()
    wire.work()
    assert states(links) == [State.ACTIVE]
    assert [state for state, _ in wire.deliveries()] != ["done"]


# --- switched off -----------------------------------------------------------------------------------------------------


def test_while_the_integration_is_off_no_call_goes_out_and_the_inbox_says_why(wire: Wire) -> None:
    links = wire.tickets()
    Integration.objects.update(is_enabled=False)
    wire.do("set_ticket", id=id_of(links[0]), status=5)
    wire.pump()
    assert wire.work() == []
    assert states(links) == [State.ACTIVE]
    ((state, outcome),) = wire.deliveries()
    assert (state, "switched off" in outcome) == ("ignored", True)
