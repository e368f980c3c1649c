"""What an admin of EspoCRM sets up so that it sends webhooks, and the same done by the API.

A body names no event, so each event has an address of its own. EspoCRM makes a secret for every webhook; the webhook
secret of a connection is all of them together, with blanks between. Source: fact sheet, section 8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from integrations.texts import Text, gettext
from integrations.texts import gettext_lazy as _
from integrations.vendors.webhooks import Instruction

if TYPE_CHECKING:
    from .api import EspocrmApi
    from .schemas import Subscription

CREATE, UPDATE, DELETE = "create", "update", "delete"
EVENTS = ((CREATE, _("A party was created")), (UPDATE, _("A party was changed")), (DELETE, _("A party was deleted")))
_CURL = (
    "curl -H 'X-Api-Key: …' -H 'Content-Type: application/json' https://crm.example.com/api/v1/Webhook \\\n"
    '  -d \'{{"event": "CBeteiligte.{event}", "url": "{url}", "skipOwn": true}}\''
)


def subscribe_all(api: EspocrmApi, address: Callable[[str], str]) -> str:
    """Have every event sent to its address, once; the webhook secret for the connection.

    Can be run again: what is subscribed already stays, doubles and webhooks that EspoCRM switched off are replaced.
    Other webhooks of the API user are left alone. `address(event)` is where that event is to be sent. Raises what
    `EspocrmApi.subscribe` does.
    """
    present = api.subscriptions()
    return " ".join(_subscribed(api, f"{api.entity}.{event}", address(event), present).secret for event, _ in EVENTS)


def _subscribed(api: EspocrmApi, event: str, url: str, present: list[Subscription]) -> Subscription:
    same = sorted((one for one in present if (one.event, one.url) == (event, url)), key=lambda one: one.id)
    usable = [one for one in same if one.is_active and one.skip_own][:1]
    for one in same:
        if one not in usable:
            api.unsubscribe(one.id)
    return api.subscription(usable[0].id) if usable else api.subscribe(event, url)


def instructions(address: Callable[[str], str]) -> list[Instruction]:
    """How an admin of EspoCRM sets the webhooks up; only API users can own them, so that the API is the only way."""
    return [
        Instruction(
            gettext("A role for the portal"),
            gettext(
                "Administration → Roles → Create Role. Give the entity of parties create, read and edit “all”, and "
                "enable Webhooks. The fields of addresses, numbers and the party number must be readable and editable."
            ),
        ),
        Instruction(
            gettext("An API user for the portal"),
            gettext(
                "Administration → API Users → Create API User, with that role, and with the method API Key or HMAC. "
                "Let nothing else use it: what it does itself is left out of the webhooks, or every write of the "
                "portal would come back. Its key (and the secret key of HMAC) belongs to this connection."
            ),
        ),
        Instruction(
            gettext("Addresses inside the network"),
            gettext(
                "Only where the portal has a private address: EspoCRM refuses to send there unless host and port "
                "stand in its data/config.php."
            ),
            "'webhookAllowedAddressList' => ['portal.internal:443'],",
        ),
        *[_subscription(event, label, address(event)) for event, label in EVENTS],
        Instruction(
            gettext("Secret"),
            gettext(
                "Each answer shows a secretKey. Paste all three into the webhook secret of this connection, with "
                "blanks between them."
            ),
            "secretKey-1 secretKey-2 secretKey-3",
        ),
        Instruction(
            gettext("The way to the portal"),
            gettext(
                "What is in front of the portal must answer 503 while it restarts: EspoCRM sends again after 401, 403, "
                "404, 500 and 503 (four times, ten minutes apart), and loses the event at 400, 429, 502 and 504."
            ),
        ),
        Instruction(
            gettext("The job"),
            gettext(
                "EspoCRM sends with its scheduled job Process Webhook Queue, every two minutes and 20 events at a "
                "time; it needs EspoCRM's cron."
            ),
        ),
        Instruction(
            gettext("Look"),
            gettext(
                "Change a party as a person. Administration → Webhooks shows the queue and what was answered; the "
                "inbox of this connection shows what arrived."
            ),
        ),
    ]


def _subscription(event: str, label: Text, url: str) -> Instruction:
    return Instruction(
        gettext("Webhook: {label}").format(label=label),
        gettext(
            "Once: what is subscribed twice is sent twice. With an entity of another name put it in the place of "
            "CBeteiligte; an HMAC user signs the call instead (header X-Hmac-Authorization)."
        ),
        _CURL.format(event=event, url=url),
    )
