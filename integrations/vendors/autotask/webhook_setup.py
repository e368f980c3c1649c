"""How an admin makes the webhook in Autotask: its API alone can, so each step is a call to paste.

Source: the vendor's help on webhooks and public set-up guides (fact sheet, section 15).
"""

from __future__ import annotations

import json
from collections.abc import Callable

from integrations.texts import gettext as _
from integrations.vendors.webhooks import Instruction

TICKET, DEACTIVATED = "ticket", "deactivated"  # last in the two addresses

_VARIABLES = """\
API=https://webservicesN.autotask.net/atservicesrest/v1.0
AUTOTASK_USER='…' AUTOTASK_SECRET='…' AUTOTASK_CODE='…' WEBHOOK_SECRET='…'
autotask() {
  curl -sS -H "UserName: $AUTOTASK_USER" -H "Secret: $AUTOTASK_SECRET" -H "ApiIntegrationCode: $AUTOTASK_CODE" \\
    -H "Content-Type: application/json" "$@"; echo
}"""
_FIELDS = "autotask $API/TicketWebhookFields/entityInformation/fields"
_SUBSCRIBE = """\
autotask $API/TicketWebhooks/ID/Fields \\
  -d '{"webhookID": ID, "fieldID": FIELD, "isSubscribedField": true, "isDisplayAlwaysField": false}'"""
_EXCLUDE = """autotask $API/TicketWebhooks/ID/ExcludedResources -d '{"webhookID": ID, "resourceID": RESOURCE}'"""
_LOOK = "autotask $API/TicketWebhooks/ID"
_OF_THE_SHELL = """'"$WEBHOOK_SECRET"'"""  # out of the single quotes and back
_AGAIN = """autotask $API/TicketWebhooks -X PATCH -d '{"id": ID, "isActive": true}'"""


def instructions(address: Callable[[str], str]) -> list[Instruction]:
    """The steps; `address(event)` is where that event is to be sent."""
    return [
        Instruction(
            _("Is it wanted?"),
            _(
                "Webhooks are optional: without them the scheduled validation finds closed and deleted tickets, later. "
                "Autotask calls from the internet, by HTTPS on port 443, and waits ten seconds for an answer."
            ),
        ),
        Instruction(
            _("The right to make webhooks"),
            _(
                "It is off in every security level. In Autotask open that of this connection's API user (a copy of "
                "API User (API-only)) and set Can create WebHooks, with a maximum of one or more. Use this user "
                "below: the webhook belongs to who makes it, tells of what that user may see, and ends when that user "
                "does."
            ),
        ),
        Instruction(
            _("A secret"),
            _(
                "Make one of at least 16 letters and digits; Autotask takes up to 64. Leave out $, #, quotes and "
                "blanks, which get lost on the way. Enter it as this connection's webhook secret."
            ),
            "openssl rand -hex 24",
        ),
        Instruction(
            _("A terminal that speaks to Autotask"),
            _(
                "Test connection shows the zone, which is the N in the address. The values in quotes are those of this "
                "connection."
            ),
            _VARIABLES,
        ),
        Instruction(
            _("The webhook"),
            _(
                "One is enough for all clients that share this connection. The answer's itemId is the ID of the steps "
                "that follow. Autotask writes to the mail address when calls fail."
            ),
            _create(address),
        ),
        Instruction(
            _("The fields that set it off"),
            _(
                "Without a field it is never ready. Find the fieldID of status, title and companyID in the list of "
                "values…"
            ),
            _FIELDS,
        ),
        Instruction(
            _("… each with a call of its own"),
            _("One after the other: Autotask refuses the fourth at a time."),
            _SUBSCRIBE,
        ),
        Instruction(
            _("Leave out what the portal does itself"),
            _(
                "Exclude the API user, so that the portal's own tickets and closings set nothing off. Its resource id "
                "is the creatorResourceID of a ticket that the portal made. Exclude nobody else."
            ),
            _EXCLUDE,
        ),
        Instruction(
            _("Look"),
            _(
                "isActive and isReady must be true. Then change the status of a ticket that a run has: it appears "
                "below. An answer 401 in Autotask's log of webhook errors means the secret."
            ),
            _LOOK,
        ),
        Instruction(
            _("When it has stopped"),
            _(
                "A call is tried five times within two minutes; after 25 failed ones in a row Autotask switches the "
                "webhook off, which is then shown with this connection. When the portal can be reached again:"
            ),
            _AGAIN,
        ),
    ]


def _create(address: Callable[[str], str]) -> str:
    body = {
        "name": "Portal: tickets",
        "webhookUrl": address(TICKET),
        "deactivationUrl": address(DEACTIVATED),
        "secretKey": "SECRET",
        "isActive": True,
        "isSubscribedToCreateEvents": False,
        "isSubscribedToUpdateEvents": True,
        "isSubscribedToDeleteEvents": True,
        "sendThresholdExceededNotification": True,
        "notificationEmailAddress": "you@example.com",
    }
    text = json.dumps(body, indent=2, ensure_ascii=False).replace("SECRET", _OF_THE_SHELL)
    return f"autotask $API/TicketWebhooks -d '{text}'"
