"""Webhooks are hints: lost, doubled and shuffled ones change nothing, and two at once do not meet."""

from __future__ import annotations

import random

import pytest

from integrations.core.models import RecordLink
from integrations.core.sync.flow import Side
from integrations.core.sync.linking import in_hand
from integrations.vendors.simulation import Reply, Request

from .scene import SECRETS, Scene

CREATED = (
    '{"event": "ticket.create", "class": "UserRequest", "id": "%s", "ref": "x", "title": "lies", "status": "closed"}'
)


def test_the_five_paths_of_the_brief_bring_a_ticket_through_its_life(scene: Scene) -> None:
    ticket = scene.outside("new_ticket", title="One")
    assert scene.hint("external", "create-ticket", CREATED % ticket) == 202
    twin = scene.twin_of(ticket)
    assert scene.ticket(scene.internal, twin)["title"].endswith("One"), "only the id is believed"
    scene.outside("edit_ticket", ticket=ticket, title="Two")
    scene.hint("external", "update-ticket", f'{{"class": "UserRequest", "id": "{ticket}"}}')
    assert scene.ticket(scene.internal, twin)["title"].endswith("Two")
    file = scene.outside("attach", ticket=ticket, name="a.txt", text="a")
    body = f'{{"event": "attachment.update", "source": "external", "attachment_id": "{file}", "item_class": '
    scene.hint("external", "update-attachment", f'{body}"UserRequest", "item_id": "{ticket}"}}')
    assert scene.files(scene.internal, twin) == [("a.txt", b"a")]
    scene.inside("add_log", ticket=twin, text="On it")
    scene.hint("internal", "ticket-update-private-log", f'{{"event": "update private log", "id": "{twin}"}}')
    assert [text for _, text in scene.log(scene.external, ticket)] == ["On it"]
    scene.inside("stimulate", ticket=twin, stimulus="ev_assign")
    scene.hint("internal", "ticket-state-change", f'{{"event": "ticket assigned ", "id": "{twin}"}}')
    assert scene.ticket(scene.external, ticket)["status"] == "assigned"


def test_the_secret_decides_which_itop_is_calling_and_not_what_the_body_says(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    scene.outside("edit_ticket", ticket=ticket, title="Two")
    body = f'{{"id": "{ticket}", "source": "external"}}'
    scene.hint("internal", "update-ticket", body)
    assert scene.all_writes() == [], "ticket 1 of the internal iTop is nobody's twin"
    assert scene.post("/api/v1/update-ticket", body, "a-wrong-secret-of-nobody") == 401
    assert scene.post("/webhooks/elite/itop-external/update-ticket", body, SECRETS["external"]) == 202
    scene.work()
    assert scene.ticket(scene.internal, twin)["title"].endswith("Two")


@pytest.mark.parametrize("seed", range(3))
def test_webhooks_lost_doubled_and_shuffled_heal(scene: Scene, seed: int) -> None:
    ticket, twin = scene.a_pair()
    chance = random.Random(seed)
    hints: list[tuple[str, str]] = []
    for number in range(4):
        scene.outside("add_log", ticket=ticket, text=f"out {number}")
        scene.inside("add_log", ticket=twin, text=f"in {number}")
        hints += [("external", str(ticket)), ("internal", str(twin))] * chance.randrange(3)
    chance.shuffle(hints)
    for role, number in hints:
        scene.hint(role, "update-ticket", f'{{"id": "{number}"}}', work=chance.random() < 0.5)
    scene.work()
    scene.reconcile()
    scene.reconcile()
    said = sorted([f"out {n}" for n in range(4)] + [f"in {n}" for n in range(4)])
    assert sorted(text for _, text in scene.log(scene.external, ticket)) == said
    assert sorted(text for _, text in scene.log(scene.internal, twin)) == said


def test_several_hints_for_one_ticket_are_one_look(scene: Scene) -> None:
    ticket, _ = scene.a_pair()
    for _ in range(5):
        scene.hint("external", "update-ticket", f'{{"id": "{ticket}"}}', work=False)
    scene.work()
    assert scene.deliveries() == ["done"] * 5
    assert len(scene.reads()) == 4


def test_a_hint_of_a_pair_that_is_in_hand_looks_again_soon(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    scene.outside("edit_ticket", ticket=ticket, title="Two")
    with in_hand(scene.integration, "ticket", Side.LEFT, str(ticket)):
        scene.hint("external", "update-ticket", f'{{"id": "{ticket}"}}')
        assert scene.all_writes() == []
    scene.work(seconds=3)
    assert scene.ticket(scene.internal, twin)["title"].endswith("Two")


def test_two_hints_of_one_pair_at_once_write_everything_once(scene: Scene) -> None:
    ticket, twin = scene.a_pair()
    scene.outside("add_log", ticket=ticket, text="Smoke")
    scene.inside("add_log", ticket=twin, text="Water")
    met: list[int] = []

    def meanwhile(request: Request, reply: Reply) -> Reply:
        """The second hint comes, and is worked off, while the first one's entry is on its way."""
        if b"add_item" in request.body and not met:
            met.append(scene.hint("internal", "ticket-update-private-log", f'{{"id": "{twin}"}}'))
        return reply

    scene.internal.change = meanwhile
    scene.hint("external", "update-ticket", f'{{"id": "{ticket}"}}')
    scene.work(seconds=5)
    scene.reconcile()
    scene.reconcile()
    assert met == [202]
    assert sorted(text for _, text in scene.log(scene.internal, twin)) == ["Smoke", "Water"]
    assert sorted(text for _, text in scene.log(scene.external, ticket)) == ["Smoke", "Water"]


def test_a_pair_that_goes_in_circles_is_parked_and_says_so(scene: Scene) -> None:
    ticket, _ = scene.a_pair()
    scene.options(most_looks=3)
    for number in range(5):
        scene.outside("edit_ticket", ticket=ticket, title=f"Title {number}")
        scene.hint("external", "update-ticket", f'{{"id": "{ticket}"}}')
    assert len(scene.writes(scene.internal)) <= 3
    assert "parked" in scene.held()[0]
    before = len(scene.all_writes())
    scene.outside("edit_ticket", ticket=ticket, title="Last")
    scene.reconcile()
    assert len(scene.all_writes()) == before
    assert RecordLink.objects.get(object_type="ticket").bridge_pair.parked_at is not None
