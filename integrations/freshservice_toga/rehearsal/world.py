"""A client whose people write to Freshservice: what they asked, what was answered, what they sent along."""

from __future__ import annotations

import secrets
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from django.utils import timezone

from integrations.core.config import apply_config
from integrations.core.models import HeldItem, Integration, RecordLink, Stream, SyncRun, WebhookDelivery
from integrations.freshservice_toga.models import CutOver, LookAgain, OpenTicket
from integrations.vendors.freshservice import simulator as freshservice
from integrations.vendors.freshservice.simulator.world import (
    GROUP,
    OTHER_GROUP,
    OTHER_REQUESTER,
    REQUESTER,
    THIRD_REQUESTER,
)
from integrations.vendors.toga import simulator as toga_2

PLAN = "pro"
TOO_LARGE = "recording.mp4"


class Raised(NamedTuple):
    """A ticket as it was raised, and what people did with it afterwards: acts of the simulator."""

    ticket: dict[str, Any]
    then: tuple[tuple[str, dict[str, Any]], ...]


TICKETS = (
    Raised(
        {
            "subject": "The battery lasts ten minutes",
            "description": "<p>Since Monday my notebook dies as soon as I unplug it.</p>",
            **{"requester_id": REQUESTER, "group_id": GROUP, "priority": 3, "source": 1},
            **{"category": "Hardware", "sub_category": "Laptop", "item_category": "Battery"},
        },
        (
            ("reply", {"text": "<p>Which number is on its underside?</p>"}),
            ("answer", {"text": "<p>NB-0117.</p>"}),
            ("note", {"text": "<p>Under warranty until March.</p>"}),
        ),
    ),
    Raised(
        {
            "subject": "No wireless network in the big meeting room",
            "description": "<p>It was gone twice today, this is what I saw:</p>",
            **{"requester_id": OTHER_REQUESTER, "group_id": OTHER_GROUP, "priority": 4},
        },
        (
            ("insert_image", {"size": 2_000}),
            ("note", {"text": "<p>The access point above the door restarts by itself.</p>"}),
            ("reply", {"text": "<p>We are on our way.</p>"}),
        ),
    ),
    Raised(
        {
            "subject": "A mailbox for our new colleague",
            "description": "<p>She starts on 1 December; her details are in the file.</p>",
            **{"requester_id": THIRD_REQUESTER, "group_id": GROUP, "status": 3, "source": 3, "category": "Access"},
        },
        (("attach", {"name": "new-colleague.csv", "text": "name,starts\nMina Sol,1 December\n"}),),
    ),
    Raised(  # this account made a status of its own: nobody has said what it is called in TOGA 2
        {
            "subject": "The label printer smudges",
            "description": "<p>Every second label cannot be read.</p>",
            **{"requester_id": OTHER_REQUESTER, "group_id": GROUP, "status": 6, "priority": 2},
            **{"category": "Hardware", "sub_category": "Printer"},
        },
        (("reply", {"text": "<p>It needs a new print head, which is ordered.</p>"}),),
    ),
    Raised(
        {
            "subject": "The order form closes by itself",
            "description": "<p>Always at the third page. I recorded it.</p>",
            **{"requester_id": REQUESTER, "group_id": GROUP, "priority": 2, "category": "Software"},
        },
        (
            ("attach", {"name": TOO_LARGE, "size": 6_000_000}),  # the connection allows 5 MB
            ("attach", {"name": "steps.txt", "text": "Open the form, choose a supplier, press Next twice.\n"}),
        ),
    ),
)


def integration() -> Integration:
    found: Integration = Integration.objects.get(client__slug="elite", slug="freshservice")
    return found


def build(fresh: Any, toga: Any, portal_url: str) -> str:
    """`fresh` and `toga` are the running simulators. A Freshservice that is empty is a new one: it gets its tickets,
    and what the portal knew of an earlier one is forgotten. Whatever happens there from now on is told by webhook.
    """
    secret = secrets.token_urlsafe(24)
    text = Template(Path(__file__).with_name("rehearsal.toml").read_text(encoding="utf-8"))
    apply_config(
        text.substitute(
            freshservice=fresh.url,
            files=fresh.simulator.files.place,
            fresh_key=freshservice.API_KEY,
            webhook_secret=secret,
            toga=f"{toga.url}/v2",
            client_uuid=toga_2.CLIENT_UUID,
            api_key=toga_2.API_KEY,
            api_secret=toga_2.API_SECRET,
        )
    )
    if not fresh.simulator.data.tickets:
        _forget(integration())
        _seed(fresh.simulator)
    address = f"{portal_url}/webhooks/elite/freshservice/ticket"
    fresh.simulator.do("webhook", {"url": address, "secret": secret, "mode": "by itself"})
    return f"{len(TICKETS)} tickets wait in Freshservice, which tells the portal what changes"


def _forget(row: Integration) -> None:
    """What the portal knew of a world that is gone."""
    told = WebhookDelivery.objects.filter(connection=row.connection("freshservice"), over_at=None)
    told.update(state=WebhookDelivery.State.IGNORED, outcome="Of an earlier rehearsal.", over_at=timezone.now())
    HeldItem.objects.filter(stream__integration=row).delete()
    SyncRun.objects.filter(stream__integration=row).delete()
    for known in (RecordLink, OpenTicket, LookAgain, CutOver):
        known.objects.filter(integration=row).delete()
    Stream.objects.filter(integration=row).update(watermark=None, started_at=None, in_hand={}, approved_at=None)


def _seed(fresh: freshservice.FreshserviceSimulator) -> None:
    fresh.do("switch", {"name": "plan", "value": PLAN})
    for raised in TICKETS:
        ticket = fresh.do("new_ticket", dict(raised.ticket))
        for act, values in raised.then:
            fresh.do(act, {"ticket": ticket, **values})
