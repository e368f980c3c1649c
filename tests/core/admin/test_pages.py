from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.core.world import browser

LISTS = ("client", "connection", "integration", "job", "apicall", "auditentry", "user", "apitoken")


@pytest.mark.parametrize("model", LISTS)
def test_every_list_opens_for_an_admin(world: SimpleNamespace, model: str) -> None:
    assert browser(world.admin).get(f"/admin/core/{model}/").status_code == 200


def test_first_page_greets_every_role(world: SimpleNamespace) -> None:
    for user in (world.admin, world.operator, world.reporter, world.limited):
        assert browser(user).get("/admin/").status_code == 200
