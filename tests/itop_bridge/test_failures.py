"""What the bridge adds to the page about failures: parked pairs, resumed many at a time, and pairs without a twin."""

from __future__ import annotations

from integrations.core.models import AuditEntry, RecordLink
from integrations.core.running import run_due_jobs
from integrations.itop_bridge import pairs
from integrations.itop_bridge.models import Pair
from tests.core.failures.failing import confirm, propose, text
from tests.core.world import browser, person

from .scene import Scene


def test_parked_pairs_are_resumed_in_one_go(scene: Scene) -> None:
    for title in ("One", "Two"):
        ticket, _ = scene.a_pair(title=title)
        pairs.park(scene.link(ticket), "It was written to 20 times within ten minutes: it may go in circles.")
    page = browser(person("anna", "Admin"))
    assert "parked 2 parked pairs" in text(page)
    preview = propose(page, "retry")
    confirm(page, preview)
    run_due_jobs()
    assert "All 2 done." in text(page, preview)
    assert not Pair.objects.exclude(parked_at=None).exists()
    assert AuditEntry.objects.filter(action="bridge.resume", outcome="done").count() == 2


def test_a_pair_without_a_twin_leads_to_its_page_and_offers_no_act(scene: Scene) -> None:
    ticket, _ = scene.a_pair()
    link = scene.link(ticket)
    RecordLink.objects.filter(pk=link.pk).update(state="missing", cause="Ticket 5 is not shown any more.")
    page = browser(person("anna", "Admin"))
    shown = text(page)
    assert "twin gone 1 pair without a twin" in shown
    assert "Ticket 5 is not shown any more." in shown
    assert "Relink" not in shown
    assert f"/admin/itop_bridge/pair/{link.pk}/change/" in page.get("/admin/failures/").content.decode()
