"""A client with tickets on both sides: some in TOGA 2 alone, some in TOGaDesk alone, with what people said to them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from string import Template
from typing import Any

from django.conf import settings

from integrations.core.config import apply_config
from integrations.core.models import HeldItem, Integration, RecordLink, Stream, SyncRun, User
from integrations.core.streams import approve, run_now, streams_of
from integrations.toga_togadesk.models import Published
from integrations.vendors.toga import simulator as simulated
from integrations.vendors.togadesk.simulator import TogadeskSimulator

TICKETS = ("tickets_to_togadesk", "tickets_to_toga")
IN_TOGA = (
    ("Notebook does not start", "High", "It was dropped on Monday.", "Battery pulled, no change."),
    ("New colleague on 1 December", "Normal", "She needs a mailbox and a phone.", ""),
    ("Printer on the second floor", "Low", "It prints every page twice.", "Same driver as last year."),
)
AT_THE_DESK = (
    ("VPN drops every hour", "High", "Since the update on Friday.", "Only on the old client."),
    ("Shared calendar is empty", "Normal", "It was full yesterday.", ""),
)


def integration() -> Integration:
    found: Integration = Integration.objects.get(client__slug="elite", slug="toga")
    return found


def desk() -> TogadeskSimulator:
    """The rehearsal's TOGaDesk, beside its database."""
    return TogadeskSimulator.at(_folder())


def _folder() -> Path:
    return Path(os.environ.get("PORTAL_REHEARSAL") or Path(settings.BASE_DIR) / "var") / "togadesk"


def build(toga: Any) -> str:
    """`toga` is the running simulator. It begins anew each time; so do the desk and what the portal knows of both."""
    shutil.rmtree(_folder(), ignore_errors=True)
    made = desk()
    text = Template(Path(__file__).with_name("rehearsal.toml").read_text(encoding="utf-8"))
    apply_config(
        text.substitute(
            toga=f"{toga.url}/v2",
            togadesk=made.url,
            uploads=made.uploads,
            client_uuid=simulated.CLIENT_UUID,
            api_key=simulated.API_KEY,
            api_secret=simulated.API_SECRET,
        )
    )
    _forget(integration())
    _seed(toga.simulator, made)
    admin = User.objects.get(username="admin")
    rows = [row for row in streams_of(integration()) if row.slug not in TICKETS]
    for row in rows:
        approve(row, user=admin)
        run_now(row, user=admin)
    made.database.close()
    return f"{len(IN_TOGA)} tickets wait in TOGA 2 and {len(AT_THE_DESK)} in TOGaDesk; {len(rows)} streams have run"


def _forget(row: Integration) -> None:
    """What the portal knew of a world that is gone."""
    Published.objects.filter(stream__integration=row).delete()
    HeldItem.objects.filter(stream__integration=row).delete()
    SyncRun.objects.filter(stream__integration=row).delete()
    RecordLink.objects.filter(integration=row).delete()
    Stream.objects.filter(integration=row).update(watermark=None, started_at=None, in_hand={}, approved_at=None)


def _seed(toga: simulated.TogaSimulator, made: TogadeskSimulator) -> None:
    contacts = list(toga.data.records["contacts"])
    for number, (subject, priority, external, internal) in enumerate(IN_TOGA):
        contact = contacts[number % len(contacts)]
        ticket = toga.do("add_ticket", {"subject": subject, "priority": priority, "contact": contact})
        note = toga.do("add_note", {"ticket": ticket, "text": external, "external": True, "contact": contact})
        if internal:
            toga.do("add_note", {"ticket": ticket, "text": internal, "external": False})
        if number == 0:
            toga.do("add_file", {"note": note, "name": "photo.txt", "content": "A photo, as text."})
    for subject, priority, reply, comment in AT_THE_DESK:
        row = made.add_ticket(subject, priority=priority)
        made.reply(row, reply)
        if comment:
            made.comment(row, comment)
