"""A customer whose iTop is bridged to the provider's: tickets in several states, five of which want a person."""

from __future__ import annotations

import secrets
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from django.utils import timezone

from integrations.core.config import apply_config
from integrations.core.models import HeldItem, Integration, RecordLink, Stream, SyncRun, User, WebhookDelivery
from integrations.core.streams import approve, run_now, streams_of
from integrations.itop_bridge import pairs
from integrations.itop_bridge.models import Pair
from integrations.vendors.itop import simulator as itops

MARKER_FIELD = "external_ref"  # of the internal tickets, as the settings name it
TOO_LARGE = "recording.mp4"
Acts = tuple[tuple[str, dict[str, Any]], ...]


class Raised(NamedTuple):
    """A ticket of the customer; what was done with it there, and later with its twin: acts of the simulator."""

    title: str
    description: str
    outside: Acts = ()
    inside: Acts = ()
    class_name: str = "UserRequest"


PAIRS = (
    Raised(
        "The notebook does not wake up",
        "<p>Since Monday it stays black, whatever I press.</p>",
        (("add_log", {"text": "It was dropped on Friday.", "by": "otto"}),),
        (("stimulate", {"stimulus": "ev_assign"}), ("add_log", {"text": "A new battery is ordered."})),
    ),
    Raised(
        "The printer on the second floor prints twice",
        "<p>Every page, since the update. Two of them are in the file.</p>",
        (("attach", {"name": "pages.txt", "text": "Invoice 2041\nInvoice 2041\n"}),),
        (
            ("stimulate", {"stimulus": "ev_assign"}),
            ("stimulate", {"stimulus": "ev_resolve", "solution": "Its driver was replaced."}),
        ),
    ),
    Raised(
        "Nobody can send mail",
        "<p>All of us, since nine o'clock.</p>",
        inside=(
            ("stimulate", {"stimulus": "ev_assign"}),
            ("stimulate", {"stimulus": "ev_pending", "pending_reason": "The line's operator looks for it."}),
        ),
        class_name="Incident",
    ),
    Raised(
        "The shared calendar is empty",
        "<p>It was full yesterday.</p>",
        inside=(
            ("stimulate", {"stimulus": "ev_assign"}),
            ("stimulate", {"stimulus": "ev_resolve", "solution": "It was restored."}),
            ("stimulate", {"stimulus": "ev_close"}),
        ),
    ),
    Raised(  # the connection allows 5 MB
        "Our last call cannot be heard",
        "<p>I recorded it; what was said is in the other file.</p>",
        (
            ("attach", {"name": TOO_LARGE, "size": 6_000_000}),
            ("attach", {"name": "minutes.txt", "text": "10:00 The line is silent.\n"}),
        ),
    ),
)
HELD = Raised(  # iTop 3.2.0 cannot assign an Incident from there, and never will
    "The tunnel to the branch drops every hour",
    "<p>Always at ten past.</p>",
    (("escalate", {}),),
    (("stimulate", {"stimulus": "ev_assign"}),),
    class_name="Incident",
)
PARKED = Raised("The panel at the door shows the wrong name", "<p>It shows the one of last year.</p>")
TWINLESS = Raised("A mailbox for our new colleague", "<p>She starts on 1 December.</p>")
CONFLICT = Raised("The label printer smudges", "<p>Every second label cannot be read.</p>")
TICKETS = (*PAIRS, HELD, PARKED, TWINLESS, CONFLICT)


def integration() -> Integration:
    found: Integration = Integration.objects.get(client__slug="elite", slug="bridge")
    return found


def pair_of(ticket: int) -> Pair:
    """Of this external ticket. Raises `LookupError` where there is none."""
    rows = Pair.objects.filter(integration=integration(), link__left_id=str(ticket))
    row: Pair | None = rows.exclude(link__state=RecordLink.State.REPLACED).select_related("link").first()
    if row is None:
        raise LookupError(f"the external ticket {ticket} has no pair")
    return row


def build(itop: Any, portal_url: str) -> str:
    """`itop` are the two running simulators. An iTop without tickets is a new one: it gets them, the bridge is approved
    and has run, and what the portal knew of an earlier one is forgotten. What happens from now on is told by webhook.
    """
    both = {"external": itop.simulator, "internal": itop.internal.simulator}
    webhook_secrets = {role: secrets.token_urlsafe(24) for role in both}
    text = Template(Path(__file__).with_name("rehearsal.toml").read_text(encoding="utf-8"))
    apply_config(
        text.substitute(
            {role: simulator.url for role, simulator in both.items()},
            login=itops.BRIDGE,
            password=itops.PASSWORD,
            **{f"{role}_secret": secret for role, secret in webhook_secrets.items()},
        )
    )
    if not list(both["external"].data.all("Ticket")):
        _forget(integration())
        _seed(both["external"], both["internal"])
    for role, simulator in both.items():
        address = f"{portal_url}/webhooks/elite/itop-{role}"
        told = {"url": address, "secret": webhook_secrets[role], "own_login": itops.BRIDGE, "payloads": "instructions"}
        simulator.do("webhook", told)
    return (
        f"{len(TICKETS)} tickets of the customer are bridged; five of them want a person. "
        f"The provider's iTop is at {itop.internal.url}"
    )


def _forget(row: Integration) -> None:
    """What the portal knew of a world that is gone."""
    connections = [row.connection(role) for role in ("external", "internal")]
    told = WebhookDelivery.objects.filter(connection__in=connections, over_at=None)
    told.update(state=WebhookDelivery.State.IGNORED, outcome="Of an earlier rehearsal.", over_at=timezone.now())
    HeldItem.objects.filter(stream__integration=row).delete()
    SyncRun.objects.filter(stream__integration=row).delete()
    RecordLink.objects.filter(integration=row).delete()
    Stream.objects.filter(integration=row).update(watermark=None, started_at=None, in_hand={}, approved_at=None)


def _seed(outside: Any, inside: Any) -> None:
    """The customer's tickets; a first run; what the provider did with their twins; a second run."""
    inside.do("custom_field", {"name": MARKER_FIELD})
    numbers = {raised.title: _raise(outside, raised) for raised in TICKETS}
    for _ in range(2):  # somebody copied it by hand, twice
        ref = outside.data.get("Ticket", numbers[CONFLICT.title])["ref"]
        inside.do("new_ticket", {"title": CONFLICT.title, MARKER_FIELD: ref})
    admin = User.objects.get(username="admin")
    (stream,) = streams_of(integration())
    approve(stream, user=admin)
    run_now(stream, user=admin)
    for raised in TICKETS:
        for act, values in raised.inside:
            inside.do(act, {"ticket": int(pair_of(numbers[raised.title]).link.right_id), **values})
    pairs.park(pair_of(numbers[PARKED.title]).link, "Parked by admin.")
    inside.do("delete_ticket", {"ticket": int(pair_of(numbers[TWINLESS.title]).link.right_id)})
    outside.do("add_log", {"ticket": numbers[TWINLESS.title], "text": "She is called Mina Sol."})
    run_now(stream, user=admin)


def _raise(outside: Any, raised: Raised) -> int:
    values = {"title": raised.title, "description": raised.description, "class_name": raised.class_name}
    number: int = outside.do("new_ticket", values)
    for act, values in raised.outside:
        outside.do(act, {"ticket": number, **values})
    return number
