"""The webhook module of the simulated iTop: sent inside the call that caused it, once, whatever is answered.

In another mode a call is filled at once all the same, and waits for the background task, so that it brings old values.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from wsgiref.util import setup_testing_defaults

from integrations.vendors import simulation_sender
from integrations.vendors.simulation_sender import Waiting

from .placeholders import Filling
from .triggers import Action, Event, Trigger, actions_of, triggers_of
from .world import World

PASTING = ("1.3.2", "1.3.3", "1.4.0", "1.4.1")  # versions of the module that paste values into the text
WRONG_JSON = "Wrong JSON format for input"
App = Callable[..., Iterable[bytes]]


class Settings(simulation_sender.Settings):
    """How the module is set up, beside what all senders have. The paths of the actions are added to `url`."""

    mode = "at once"
    timeout = 120.0
    version: str = "1.4.6"  # of the module
    payloads: str = "brief"  # or "instructions": ids alone
    own_login: str = ""  # whose doings the filter of every trigger leaves out
    contexts: tuple[str, ...] = ()  # of every trigger; empty for any


class Sender(Settings, simulation_sender.Sender):
    """`app` may stand where the receiver would: a WSGI application that is called in this process.

    In the ledger a call has the name of its action, and the id of its object in the place of the ticket's.
    """

    settings = Settings

    def __init__(self, now: Callable[[], datetime], stopping: threading.Event) -> None:
        super().__init__(now, stopping)
        self.app: App | None = None
        self._arrange()

    def _arrange(self) -> None:
        self.actions: dict[str, Action] = actions_of(self.payloads)
        self.triggers: list[Trigger] = triggers_of(own_login=self.own_login, contexts=self.contexts)

    def set(self, values: dict[str, Any]) -> None:
        super().set(values)
        self._arrange()

    def reset(self) -> None:
        super().reset()
        self.app = None
        self._arrange()

    def caused(self, world: World, events: Iterable[Event]) -> list[Waiting]:
        """The calls that these events cause and whoever caused them waits for, in iTop's order; all others wait."""
        calls: list[Waiting] = []
        for event in events:
            for trigger in self.triggers if self.url else []:
                if trigger.fires(event, lambda name, event=event: world.shown(event.record, name)):  # type: ignore[misc]
                    for name in trigger.actions:
                        calls += self._filled(world, event, trigger, self.actions[name])
        if self.mode == "at once":
            return calls
        with self._gate:
            self._waiting += calls
        return []

    def _filled(self, world: World, event: Event, trigger: Trigger, action: Action) -> list[Waiting]:
        number = int(event.record["id"])
        body = Filling(world, event, trigger, action).body(parses_first=self.version not in PASTING)
        if body is not None:
            return self.drawn(action.path, number, body)
        with self._gate:
            self._note(Waiting(action.path, number, "", 1, self._now())).error = WRONG_JSON
        return []

    # --- what a call is like

    def address_of(self, one: Waiting) -> str:
        return f"{self.url.rstrip('/')}/{one.event}"

    def headers_of(self, one: Waiting) -> dict[str, str]:
        return {
            "User-Agent": "spider",
            "Accept": "*/*",
            "Accept-Encoding": "deflate, gzip, br, zstd",
            "Content-type": "application/json",
            "X-Webhook-Secret": self.secret,
        }

    def pause_after(self, attempt: int) -> timedelta | None:
        return None

    def _post(self, one: Waiting) -> int:
        return super()._post(one) if self.app is None else self._call(self.app, one)

    def _call(self, app: App, one: Waiting) -> int:
        body = one.body.encode("utf-8", "replace")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": urlsplit(self.address_of(one)).path,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.input": io.BytesIO(body),
        }
        for name, value in self.headers_of(one).items():
            if name.lower() != "content-type":
                environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
        setup_testing_defaults(environ)
        seen: list[str] = []
        answer = app(environ, lambda status, headers, exc_info=None: seen.append(status))
        try:
            b"".join(answer)
        finally:
            if close := getattr(answer, "close", None):
                close()
        return int(seen[0].split()[0])
