"""An admin decides a conflict and applies exactly what a dry run showed, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from integrations.core import roles
from integrations.core.running import run_due_jobs
from tests.advoware_espocrm.scene import PARTY, Scene, a_scene
from tests.core.world import person

from .test_story import sign_in

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def firm() -> Iterator[Scene]:
    with a_scene() as made:
        yield made


def test_an_admin_decides_a_conflict_and_applies_what_a_dry_run_showed(
    page: Page, live_server: Any, firm: Scene, complaints: list[str]
) -> None:
    portal = str(live_server.url)
    firm.options(conflict_policy="ask")
    _, contact = firm.a_pair((4, "max@example.com"))
    firm.in_advoware("edit_entry", entry=firm.entry_ids()[0], tlf="left@example.com")
    firm.in_espocrm("replace_value", party=contact, value="max@example.com", by="right@example.com")
    firm.reconcile()
    sign_in(page, portal, person("anna", roles.ADMIN).username)

    page.get_by_role("link", name="Contact data to decide").click()
    page.get_by_role("link", name="MailGesch").click()
    page.get_by_role("button", name="Advoware’s value").click()
    expect(page.get_by_text("the pair is looked at now")).to_be_visible()
    run_due_jobs()
    assert firm.emails(contact) == ["left@example.com"]

    firm.in_advoware("new_entry", betnr=PARTY, tlf="030/1234567", komm_kz=1)
    page.goto(portal + reverse("admin:advoware_espocrm_pair_change", args=[firm.pair().pk]))
    page.get_by_role("link", name="Dry run").click()
    expect(page.get_by_role("cell", name="+49301234567 (Office, primary)")).to_be_visible()
    page.get_by_role("button", name="Apply exactly this").click()
    expect(page.get_by_text("What you approved is being written")).to_be_visible()
    assert firm.phones(contact) == []
    run_due_jobs()
    expect(page.get_by_text("Nothing: both sides agree")).to_be_visible()  # the page looks again by itself
    assert firm.phones(contact) == [("+49301234567", "Office")]
    assert complaints == []
