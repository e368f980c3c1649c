"""What people see of a bridge, whichever iTops it stands between. What only a simulator can do, misbehave and show its
ledger, is in tests/itop_bridge."""

from __future__ import annotations

import base64
from html import escape

from integrations.core.models import RecordLink

from .bridge import SEEN_TWICE, Bridge
from .instances import letters
from .test_itop_client import PIXEL

ODD = 'Printer "A" & B < C, it\'s 100% \\ – ünï 😀'


def test_a_ticket_raised_outside_gets_one_twin_and_a_second_run_writes_nothing(bridge: Bridge) -> None:
    ticket, twin = bridge.a_pair(ODD, description="<p>Line one<br>Line two</p>", impact="2", urgency="2")
    assert twin.title.endswith(ODD)
    assert (twin.org_id, twin.caller_id) == (bridge.internal.org, bridge.internal.caller)
    assert (twin.impact, twin.urgency, twin.agent_id) == ("2", "2", 0)
    assert f"Raised outside as {ticket.ref}" in twin.description
    assert "Line one" in twin.description
    for _ in range(2):
        assert bridge.writes_about(ticket, bridge.reconcile()) == []
    assert bridge.twin_of(ticket).id == twin.id
    assert bridge.held(ticket) == []


def test_a_change_outside_goes_inside_and_an_edit_inside_is_not_fought(bridge: Bridge) -> None:
    ticket, twin = bridge.a_pair("form", urgency="4")
    bridge.internal.edit(twin, urgency="1")
    bridge.external.edit(ticket, title=f"{ticket.title}, and burns", impact="3")
    for _ in range(2):
        bridge.reconcile()
    found = bridge.twin_of(ticket)
    assert found.title.endswith(", and burns")
    assert (found.impact, found.urgency) == ("3", "1")
    assert bridge.external.api.ticket(ticket.id).urgency == "4"


def test_entries_go_both_ways_once_and_do_not_come_home(bridge: Bridge) -> None:
    ticket, twin = bridge.a_pair("log", private_log="<p>first</p>")
    odd = f"<p>out {escape(ODD)}</p>"
    bridge.external.say(ticket, odd)
    bridge.external.say(ticket, "<p>ping</p>")
    bridge.external.say(ticket, "<p>ping</p>")
    bridge.reconcile()
    bridge.internal.say(twin, "<p>in</p>")
    for _ in range(3):
        bridge.reconcile()
    expected = ["first", letters(odd), "in", "ping", "ping"]
    assert bridge.external.said(ticket)[:4] == ["first", letters(odd), "ping", "ping"]
    for said in (bridge.external.said(ticket), bridge.internal.said(twin)):
        assert sorted(said) == sorted(expected)
    assert bridge.held(ticket) == []


def test_files_go_both_ways_byte_by_byte_and_once(bridge: Bridge) -> None:
    ticket, twin = bridge.a_pair("files")
    bridge.external.attach(ticket, 'ä "quoted" 😀.bin', bytes(range(256)) * 40)
    bridge.reconcile()
    bridge.internal.attach(twin, "answer.txt", b"")
    for _ in range(2):
        bridge.reconcile()
    assert bridge.internal.files(twin) == bridge.external.files(ticket)
    assert len(bridge.internal.files(twin)) == 2
    assert bridge.held(ticket) == []


def test_the_twin_of_a_file_goes_when_it_was_seen_to_be_gone_twice(bridge: Bridge) -> None:
    ticket, twin = bridge.a_pair("deleted file")
    gone = bridge.external.attach(ticket, "gone.txt", b"gone")
    bridge.external.attach(ticket, "stays.txt", b"stays")
    bridge.reconcile()
    assert len(bridge.internal.files(twin)) == 2
    bridge.external.api.delete_attachment(gone)
    bridge.hint("attachment", attachment_id=gone, item_id=ticket.id)
    assert len(bridge.internal.files(twin)) == 2, "one look proves nothing"
    bridge.work(after=SEEN_TWICE)
    assert bridge.internal.files(twin) == bridge.external.files(ticket) == [("stays.txt", b"stays")]


def test_a_life_inside_is_lived_outside(bridge: Bridge) -> None:
    ticket, twin = bridge.a_pair("life")
    for state in ("assigned", "pending", "resolved", "assigned", "closed"):
        twin = bridge.internal.walk(twin, state)
        bridge.reconcile()
        assert bridge.held(ticket) == []
        assert bridge.external.api.ticket(ticket.id).status == state
    outside = bridge.external.api.ticket(ticket.id)
    fields = bridge.external.fields
    assert (outside.agent_id, outside.team_id) == (fields["agent_id"], fields["team_id"])


def test_a_state_that_changed_outside_stays_outside(bridge: Bridge) -> None:
    ticket, _ = bridge.a_pair("state")
    bridge.external.walk(ticket, "assigned")
    bridge.reconcile()
    assert bridge.twin_of(ticket).status == "new"
    assert bridge.external.api.ticket(ticket.id).status == "assigned"


def test_a_picture_in_an_entry_becomes_a_file_that_the_entry_names(bridge: Bridge) -> None:
    ticket, twin = bridge.a_pair("picture")
    bridge.external.say(ticket, f'<p>look <img src="data:image/png;base64,{base64.b64encode(PIXEL).decode()}"></p>')
    for _ in range(2):
        bridge.reconcile()
    ((name, content),) = bridge.internal.files(twin)
    assert (name.endswith(".png"), content) == (True, PIXEL)
    assert f"[picture:{name.removesuffix('.png')},attached]" in bridge.internal.said(twin)[0]
    assert bridge.external.files(ticket) == []


def test_a_ticket_raised_inside_does_not_exist_for_the_bridge(bridge: Bridge) -> None:
    ours = bridge.internal.new("ours alone")
    ticket, _ = bridge.a_pair("another")
    bridge.hint("state_change", id=ours.id)
    bridge.reconcile()
    assert [link.left_id for link in bridge.links()] == [str(ticket.id)]


def test_webhooks_as_they_were_recorded_bring_a_ticket_through_its_life(bridge: Bridge) -> None:
    bridge.reconcile()
    ticket = bridge.external.new("announced")
    bridge.hint("ticket_created", id=ticket.id)
    twin = bridge.twin_of(ticket)
    assert twin.title.endswith("announced"), "only the id is believed"
    bridge.external.edit(ticket, title=f"{ticket.title} twice")
    bridge.hint("ticket_update", id=ticket.id)
    assert bridge.twin_of(ticket).title.endswith("announced twice")
    file = bridge.external.attach(ticket, "a.txt", b"a")
    bridge.hint("attachment", attachment_id=file, item_id=ticket.id)
    assert bridge.internal.files(twin) == [("a.txt", b"a")]
    bridge.internal.say(twin, "<p>on it</p>")
    bridge.hint("private_log", id=twin.id)
    assert bridge.external.said(ticket) == ["onit"]
    bridge.internal.walk(twin, "assigned")
    bridge.hint("state_change", id=twin.id)
    assert bridge.external.api.ticket(ticket.id).status == "assigned"


def test_a_portal_that_forgot_what_it_made_finds_it_again(bridge: Bridge) -> None:
    """So it is after a death between a call and its outcome."""
    ticket, twin = bridge.a_pair("forgotten", private_log="<p>smoke</p>")
    bridge.external.attach(ticket, "a.txt", b"a")
    bridge.reconcile()
    for kind in ("ticket", "entry", "file"):
        lost = RecordLink.objects.filter(integration=bridge.integration, object_type=kind, state="active")
        assert lost.update(right_id="", state="creating", left_fingerprint="") == 1
    bridge.external.edit(ticket, title=f"{ticket.title}, touched")
    for _ in range(3):
        bridge.reconcile()
    assert bridge.twin_of(ticket).id == twin.id
    assert bridge.twin_of(ticket).title.endswith("touched")
    assert bridge.internal.said(twin) == bridge.external.said(ticket) == ["smoke"]
    assert bridge.internal.files(twin) == bridge.external.files(ticket) == [("a.txt", b"a")]


def test_a_pair_that_is_given_another_ticket_recognises_what_that_one_has(bridge: Bridge) -> None:
    ticket, wrong = bridge.a_pair("linked wrongly", private_log="<p>first</p>")
    bridge.external.attach(ticket, "a.txt", b"a")
    bridge.reconcile()
    other = bridge.internal.new("taken by phone")
    bridge.internal.attach(other, "a.txt", b"a")
    bridge.internal.say(other, "<p>second</p>")
    bridge.relink(ticket, other)
    bridge.reconcile()
    assert bridge.twin_of(ticket).id == other.id
    assert sorted(bridge.internal.said(other)) == sorted(bridge.external.said(ticket)) == ["first", "second"]
    assert bridge.internal.files(other) == bridge.external.files(ticket) == [("a.txt", b"a")]
    assert not bridge.internal.api.ticket(wrong.id).title.startswith(f"[{ticket.ref}]")


def test_tickets_of_others_are_left_alone(bridge: Bridge) -> None:
    theirs = bridge.external.new("somebody else's")
    bridge.external.made.discard(theirs.id)
    ticket, _ = bridge.a_pair("ours")
    bridge.hint("ticket_update", id=theirs.id)
    bridge.external.made.add(theirs.id)  # to be tidied up
    assert [link.left_id for link in bridge.links()] == [str(ticket.id)]
    assert bridge.internal.api.tickets_titled("Ticket", f"[{theirs.ref}]") == []
