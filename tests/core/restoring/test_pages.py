"""What people see while writes are paused: a banner everywhere, the report, and the tick that resumes them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from integrations.core import roles, write_hold
from integrations.core.models import AuditEntry, Integration, Readoption, WriteHold
from integrations.core.readopting import readopt
from tests.core.world import browser, make_world, person

pytestmark = pytest.mark.django_db
BANNER = "Writes are paused since the database was restored"


@pytest.fixture
def world() -> SimpleNamespace:
    made = make_world()
    Integration.objects.create(client=made.elite, slug="toys", kind="not-installed")
    return made


def text(page: Any, url: str) -> str:
    return str(page.get(url).content.decode())


def test_every_page_says_so_and_only_who_may_read_the_report_is_led_there(world: SimpleNamespace) -> None:
    limited = browser(person("lena", roles.OPERATOR, clients=[world.elite]))
    assert BANNER not in text(browser(world.operator), "/admin/")
    hold = write_hold.begin(user=world.admin)
    for page in ("/admin/", "/admin/core/connection/", f"/admin/core/client/{world.elite.pk}/change/"):
        shown = text(browser(world.operator), page)
        assert BANNER in shown
        assert write_hold.page_of(hold) in shown
        assert BANNER in text(limited, page)
        assert write_hold.page_of(hold) not in text(limited, page)


def test_an_admin_says_that_it_was_restored_reads_the_report_and_resumes(world: SimpleNamespace, claim: Any) -> None:
    page = browser(world.admin)
    assert "nothing is written to any vendor" in text(page, "/admin/core/writehold/add/")
    there = page.post("/admin/core/writehold/add/", {"why": "Disk failure"})["Location"]
    hold = WriteHold.objects.get()
    assert (hold.began_by, hold.detail) == (world.admin, "Disk failure")
    assert "data-busy" in text(page, there)
    page.post(there, {"resume": "1", "read": "1"})
    assert WriteHold.objects.get().is_on, "the report was not there yet"
    readopt(claim, hold.pk)
    shown = text(page, there)
    assert "data-busy" not in shown
    assert "Its kind is not installed." in shown
    assert "1 of 1 integrations were not looked at to the end" in shown
    page.post(there, {"resume": "1"})
    assert WriteHold.objects.get().is_on, "not read"
    page.post(there, {"resume": "1", "read": "1"})
    hold.refresh_from_db()
    assert (hold.is_on, hold.lifted_by) == (False, world.admin)
    assert "1 of 1 integrations" in AuditEntry.objects.get(action="restore.resume").detail
    assert "Writes go on" in text(page, there)
    assert BANNER not in text(page, "/admin/")


def test_the_look_is_stopped_and_begun_again(world: SimpleNamespace, claim: Any) -> None:
    page, hold = browser(world.admin), write_hold.begin(user=world.admin)
    there = write_hold.page_of(hold)
    assert browser(world.operator).post(there, {"stop": "1"}).status_code == 403
    page.post(there, {"stop": "1"})
    assert readopt(claim, hold.pk) == "Stopped by hand."
    assert "The look was stopped before it came to this one." in text(page, there)
    page.post(there, {"again": "1"})
    assert Readoption.objects.get().state == Readoption.State.WAITING
    assert "data-busy" in text(page, there)


def test_what_a_vendor_said_is_inert_in_the_report(world: SimpleNamespace, claim: Any) -> None:
    hold = write_hold.begin(user=world.admin)
    readopt(claim, hold.pk)
    evil = [{"about": "ticket 1", "said": "<script>alert(1)</script>", "url": "https://vendor.example.com/1"}]
    Readoption.objects.update(unclear=evil, adopted=evil)
    shown = text(browser(world.admin), write_hold.page_of(hold))
    assert "<script>alert(1)" not in shown
    assert shown.count("&lt;script&gt;alert(1)") == 2
