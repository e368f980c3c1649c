"""The page policy (CSP): no inline script anywhere, evaluation only where the theme needs it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.core.world import browser


def policy(answer: object) -> dict[str, list[str]]:
    header: str = answer["Content-Security-Policy"]  # type: ignore[index]
    directives = (part.split() for part in header.split(";"))
    return {name: sources for name, *sources in directives}


@pytest.mark.parametrize("address", ["/admin/", "/admin/core/client/", "/no-such-page/"])
def test_no_page_allows_inline_script_or_foreign_sources(world: SimpleNamespace, address: str) -> None:
    found = policy(browser(world.admin).get(address))
    assert "'unsafe-inline'" not in found["script-src"]
    assert found["default-src"] == found["base-uri"] == found["frame-ancestors"] == ["'none'"]
    sources = {source for values in found.values() for source in values}
    assert not [source for source in sources if "http" in source or "*" in source]


def test_only_the_admin_may_evaluate(world: SimpleNamespace) -> None:
    page = browser(world.admin)
    assert "'unsafe-eval'" in policy(page.get("/admin/"))["script-src"]
    assert policy(page.get("/no-such-page/"))["script-src"] == ["'self'"]


def test_pages_carry_the_usual_guards(world: SimpleNamespace) -> None:
    answer = browser(world.admin).get("/admin/")
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [("/no-such-page/", 404, b"There is no such page"), ("/admin/core/job/", 403, b"This is not open to you")],
)
def test_error_pages_say_what_to_do(world: SimpleNamespace, address: str, status: int, says: bytes) -> None:
    answer = browser(world.reporter).get(address)
    assert answer.status_code == status
    assert says in answer.content
    assert b"Back to the overview" in answer.content
