"""P22 at every address: whatever stands in a text of the database, no page takes it for HTML, a script or a link.

Every text that a person or a vendor can write, in every object of a small world, is replaced by one that would show
itself if a browser believed it. Then an admin opens every page there is.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db.models import CharField, Field, Model, TextField
from playwright.sync_api import Page

from integrations.core.models import Connection, Heartbeat
from tests.addresses import Scene, addresses, make_scene
from tests.browser.looks import enter
from tests.core.world import make_world
from tests.permission_matrix import ROLES, rows
from tests.test_permissions import fill

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

VECTORS = (
    """{{ 7|add:7 }}-seven<img src=x onerror=believed()>"><script>believed()</script>""",  # cut to what a field takes
    "javascript:believed()",  # for what is made a link of
)
# Codes that the portal writes and looks up; what they say is no text of anybody.
CODES = {
    "kind",
    "vendor",
    "slug",
    "role",
    "password",
    "base_url",
    "codename",
    "model",
    "app_label",
    "domain",
    "session_key",
    "time_zone",
}
NO_PAGES = {"admin:backup_tickets_run_export", "core:healthz", "core:readyz"}  # cells of exports have their own tests
WATCH = "window.believed = () => { document.documentElement.dataset.believed = location.href };"
FOUND = """() => [
    document.documentElement.dataset.believed ? "a script ran" : "",
    document.querySelector("img[src='x']") ? "an image was made" : "",
    document.querySelector("a[href^='javascript:']") ? "a link runs a script" : "",
    document.body.innerText.includes("14-seven") ? "a template was drawn" : "",
].filter(Boolean)"""


def texts_of(model: type[Model]) -> list[Field[Any, Any]]:
    """The fields of a model that hold free text."""
    return [
        field
        for field in model._meta.concrete_fields
        if type(field) in (CharField, TextField)
        and not (field.choices or field.primary_key or field.unique or field.name in CODES)
    ]


def poison(scene: Scene, vector: str) -> int:
    """Write the vector into every text of every object; how many took it."""
    count = 0
    for model, row in scene.made.items():
        values = {field.name: vector[: field.max_length] for field in texts_of(model)}
        count += len(values)
        if values:
            model._base_manager.filter(pk=row.pk).update(**values)
    return count


@pytest.fixture
def world() -> SimpleNamespace:
    made = make_world()
    Heartbeat.objects.create(host="here", role="queue")  # so that the portal is ready
    Connection.objects.filter(pk=made.elite_connection.pk).update(base_url="http://127.0.0.1:9")  # nobody is there
    made.elite_connection.refresh_from_db()
    made.scene = make_scene(made.elite, made.elite_connection)
    return made


@pytest.mark.parametrize("vector", VECTORS)
def test_no_page_believes_what_stands_in_a_text(
    page: Page, live_server: Any, world: SimpleNamespace, complaints: list[str], vector: str
) -> None:
    assert poison(world.scene, vector) > 100
    page.add_init_script(WATCH)
    enter(page, live_server.url, world.admin)
    found = []
    for address in addresses():
        is_page = rows().get((address.name, "GET"), ("",) * len(ROLES))[ROLES.index("admin")] == 200
        if is_page and address.name not in NO_PAGES:
            answer = page.goto(live_server.url + fill(address, world.scene))
            assert answer is not None
            seen = page.evaluate(FOUND) + ([str(answer.status)] if answer.status != 200 else [])
            found += [f"{address.name}: {one}" for one in seen]
    assert not found, "\n".join(found)
    assert [one for one in complaints if "policy" in one] == []
