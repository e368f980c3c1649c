"""Both iTops send their webhooks to the portal, with nothing set up against echoes: no filter and no context."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from .scene import SECRETS, Scene


def listen(scene: Scene, *, payloads: str = "brief", keeps: int = 1) -> list[str]:
    """Have both send to the portal in this process; the events that arrived. Of so many calls one is let through."""
    arrived: list[str] = []

    def app_of(role: str) -> Any:
        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
            arrived.append(f"{role} {environ['PATH_INFO'].rpartition('/')[2]}")
            if len(arrived) % keeps == 0:
                scene.post(environ["PATH_INFO"], body, SECRETS[role])
            start_response("202 Accepted", [])
            return [b"{}"]

        return app

    for role, itop in (("external", scene.external), ("internal", scene.internal)):
        url = "http://portal.example.com/api/v1"
        itop.do("webhook", {"url": url, "secret": SECRETS[role], "payloads": payloads})
        itop.sender.app = app_of(role)
    return arrived


@pytest.mark.parametrize("payloads", ["brief", "instructions"])
@pytest.mark.parametrize("keeps", [1, 2])
def test_the_echoes_of_the_bridges_own_writes_end_by_themselves(scene: Scene, payloads: str, keeps: int) -> None:
    arrived = listen(scene, payloads=payloads, keeps=keeps)
    ticket = scene.outside("new_ticket", title="One", files=[{"name": "a.txt", "text": "a"}])
    scene.work(seconds=5)
    scene.reconcile()
    twin = scene.twin_of(ticket)
    scene.outside("add_log", ticket=ticket, text="Smoke")
    scene.inside("add_log", ticket=twin, text="Water")
    scene.inside("stimulate", ticket=twin, stimulus="ev_assign")
    for _ in range(6):
        scene.work(seconds=20)
    scene.reconcile()
    scene.reconcile()
    before = len(scene.all_writes()), len(arrived)
    for _ in range(3):
        scene.work(seconds=20)
        scene.reconcile()
    assert (len(scene.all_writes()), len(arrived)) == before
    assert before[0] == 5, "a ticket, a file, two entries, one step"
    assert "failed" not in scene.deliveries()
