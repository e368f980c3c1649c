"""A client whose TOGA 2 and TOGaDesk are kept in step, with a simulator of each. Built with plain rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import time_machine
from django.utils import timezone

from integrations.core.crypto import Sealed
from integrations.core.models import Client, Connection, HeldItem, Integration, IntegrationRole, Stream, SyncRun
from integrations.core.streams import run_now, streams_of
from integrations.toga_togadesk.models import SyncOptions
from integrations.vendors.simulation_server import Server
from integrations.vendors.toga.simulator import API_KEY, API_SECRET, CLIENT_UUID, TogaSimulator
from integrations.vendors.togadesk.simulator import CLIENT, DEPARTMENT, TogadeskSimulator

SET = {"at": "2026-01-01T00:00:00+00:00", "by": "anna"}


@dataclass
class Scene:
    integration: Integration
    options: SyncOptions
    toga: TogaSimulator
    desk: TogadeskSimulator
    clock: time_machine.Traveller

    # --- the portal at work

    def stream(self, slug: str) -> Stream:
        found: Stream = Stream.objects.get(integration=self.integration, slug=slug)
        return found

    def run(self, slug: str, *, is_dry: bool = False) -> SyncRun:
        """One run of a stream, as `manage.py sync` does it, some seconds after what happened before."""
        self.clock.shift(10)
        return run_now(self.stream(slug), is_dry=is_dry)

    def to_desk(self) -> SyncRun:
        return self.run("tickets_to_togadesk")

    def to_toga(self) -> SyncRun:
        return self.run("tickets_to_toga")

    def both(self) -> tuple[SyncRun, SyncRun]:
        return self.to_desk(), self.to_toga()

    def later(self, minutes: float, act: Callable[[], Any]) -> Any:
        """The act, so many minutes from now: for what is tried again only then."""
        self.clock.shift(minutes * 60)
        return act()

    # --- people at work

    def ticket(self, subject: str = "No power", **values: Any) -> str:
        return str(self.toga.do("add_ticket", {"subject": subject} | values))

    def note(self, ticket: str, text: str, *, external: bool = True, **values: Any) -> str:
        return str(self.toga.do("add_note", {"ticket": ticket, "text": text, "external": external} | values))

    def file(self, note: str, name: str, content: str | bytes = "content", **values: Any) -> str:
        return str(self.toga.do("add_file", {"note": note, "name": name, "content": content} | values))

    def change(self, ticket: str, **values: Any) -> None:
        self.toga.do("edit_ticket", {"uuid": ticket} | values)

    # --- what is there

    def records(self, resource: str) -> list[dict[str, Any]]:
        return list(self.toga.data.records[resource].values())

    def notes(self) -> list[str]:
        """What the notes of TOGA 2 say, sorted."""
        return sorted(row["note"] for row in self.records("ticket-notes"))

    def rows(self, table: str) -> list[dict[str, Any]]:
        return self.desk.table(table)

    def replies(self) -> list[str]:
        """What the replies and comments of TOGaDesk say, sorted."""
        said = [row["message"] for row in self.rows("tickets_replies")] + [
            row["comment"] for row in self.rows("comments")
        ]
        return sorted(said)

    def calls(self, method: str = "") -> list[str]:
        """The ledger in short, without the reading of parameters' values."""
        return [
            f"{call.method} {call.path.removeprefix('/v2/')}"
            for call in self.toga.calls
            if call.method == method or not method
        ]

    def held(self) -> list[str]:
        rows = HeldItem.objects.filter(stream__integration=self.integration, state=HeldItem.State.HELD)
        return [row.sentence for row in rows]


def set_scene(base_url: str, desk_url: str, uploads: str) -> tuple[Integration, SyncOptions]:
    """The rows of the client, its two connections and its integration, with every stream approved."""
    client = Client.objects.create(slug="elite", name="Elite")
    toga = Connection.objects.create(
        client=client,
        slug="toga",
        vendor="toga",
        base_url=f"{base_url}/v2",
        allow_private_address=True,
        identity={"client_uuid": CLIENT_UUID},
        credentials=Sealed.of({"api_key": API_KEY, "api_secret": API_SECRET}),
        credentials_set=dict.fromkeys(("api_key", "api_secret"), SET),
    )
    togadesk = Connection.objects.create(
        client=client,
        slug="togadesk",
        vendor="togadesk",
        allow_private_address=True,
        settings={"uploads_dir": uploads},
        credentials=Sealed.of({"database_url": desk_url}),
        credentials_set={"database_url": SET},
    )
    integration = Integration.objects.create(client=client, slug="toga", kind="toga_togadesk", is_enabled=True)
    IntegrationRole.objects.create(integration=integration, role="toga", connection=toga)
    IntegrationRole.objects.create(integration=integration, role="togadesk", connection=togadesk)
    options = SyncOptions.objects.create(
        integration=integration, togadesk_client_id=CLIENT, default_department_id=DEPARTMENT
    )
    for row in streams_of(integration):
        Stream.objects.filter(pk=row.pk).update(approved_at=timezone.now())
    return integration, options


@contextmanager
def a_scene(folder: Path, *, desk: TogadeskSimulator | None = None) -> Iterator[Scene]:
    """The scene; both systems begin empty of tickets, every stream is approved."""
    desk = desk or TogadeskSimulator.at(folder)
    with time_machine.travel(datetime.now(UTC), tick=True) as clock, Server(TogaSimulator()) as server:
        assert isinstance(server.simulator, TogaSimulator)
        integration, options = set_scene(server.url, desk.url, str(desk.uploads))
        yield Scene(integration, options, server.simulator, desk, clock)
    desk.database.close()
