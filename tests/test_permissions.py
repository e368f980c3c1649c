"""P23: roles hold at every address, by GET and by POST; an address without a row in the table fails."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client as Browser

from integrations.core import roles
from integrations.core.models import Connection, Heartbeat, User
from tests.addresses import Address, Scene, addresses, make_scene
from tests.core.world import browser, make_world, person
from tests.permission_matrix import ROLES, rows

# Pages that call vendors refuse to do so inside a transaction.
pytestmark = pytest.mark.django_db(transaction=True)
PLACE = re.compile(r"<(?:\w+:)?(\w+)>")
OPEN_DOORS = {
    "admin:login",
    "admin:password_forgotten",
    "api_openapi",
    "core:healthz",
    "core:readyz",
}  # what anybody may read
CSRF_EXEMPT = {"api_runs", "core:webhook"}  # addresses that other programs post to


@pytest.fixture
def scene() -> Scene:
    world = make_world()
    Heartbeat.objects.create(host="here", role="queue")  # so that the portal is ready
    # Nothing listens there, and private addresses are not allowed: no call leaves the machine.
    Connection.objects.filter(pk=world.elite_connection.pk).update(base_url="http://127.0.0.1:9")
    world.elite_connection.refresh_from_db()
    made = make_scene(world.elite, world.elite_connection)
    made.people = {  # type: ignore[attr-defined]
        "nobody": Browser(),
        "reporter": browser(world.reporter),
        "operator": browser(world.operator),
        "admin": browser(world.admin),
        "stranger": browser(person("sven", roles.OPERATOR, clients=[world.other])),
    }
    return made


def fill(address: Address, scene: Scene) -> str:
    """The address with the places filled: object ids of its model, names of the scene."""
    filled = {
        "app_label": "core",
        "content_type_id": "1",
        "client": scene.client.slug,
        "client_slug": scene.client.slug,
        "connection": scene.connection.slug,
        "guide": "operators",
    }

    def value(match: re.Match[str]) -> str:
        if match[1] in filled:
            return filled[match[1]]
        return str(scene.object_of(address.model or User).pk)

    route = address.route.replace(r"(?P<app_label>", "<app_label>(")
    route = re.sub(r"<app_label>\([^)]*\)", "core", route)
    route = re.sub(r"\(\?P<url>\.\*\)", "no-such-page/", route)
    return "/" + PLACE.sub(value, route).replace("^", "").replace("$", "").replace("\\Z", "")


def ask(page: Browser, method: str, path: str) -> int:
    page.raise_request_exception = False
    return int(page.get(path).status_code if method == "GET" else page.post(path).status_code)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("part", range(3))
def test_every_address_answers_every_role_as_the_table_says(scene: Scene, method: str, part: int) -> None:
    table = rows()
    wrong = []
    for address in addresses()[part::3]:
        path = fill(address, scene)
        seen = tuple(ask(scene.people[role], method, path) for role in ROLES)  # type: ignore[attr-defined]
        if table.get((address.name, method)) != seen or any(status >= 500 for status in seen):
            wrong.append(f"{address.name} {method} {' '.join(map(str, seen))}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_the_table_has_no_row_for_an_address_that_is_gone() -> None:
    known = {address.name for address in addresses()}
    assert {name for name, _ in rows()} <= known


def test_nobody_gets_a_page_but_the_sign_in_and_the_open_doors(scene: Scene) -> None:
    open_doors = {name for (name, method), seen in rows().items() if seen[0] == 200}
    assert open_doors <= OPEN_DOORS


def test_a_stranger_gets_no_object_page(scene: Scene) -> None:
    places = {address.name for address in addresses() if address.model and "<" in address.route}
    got = {(name, method) for (name, method), seen in rows().items() if name in places and seen[4] == 200}
    assert got == set()


def test_only_doors_for_programs_are_exempt_from_csrf(scene: Scene) -> None:
    exempt = set()
    for address in addresses():
        strict = Browser(enforce_csrf_checks=True, raise_request_exception=False)
        answer: Any = strict.post(fill(address, scene))
        if answer.status_code not in (302, 301, 403, 404, 405):
            exempt.add(address.name)
    assert exempt <= CSRF_EXEMPT
