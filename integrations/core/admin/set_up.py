"""What is still to be done before a connection is of use, in the order in which people do it."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from integrations.core.models import Connection, WebhookDelivery
from integrations.vendors import Vendor


@dataclass(frozen=True, slots=True)
class SetUpStep:
    """One line of the list. `url` leads to where it is done, if it is not done on the page itself."""

    title: str
    is_done: bool
    detail: str
    url: str = ""
    is_optional: bool = False


def steps_of_set_up(connection: Connection, vendor: Vendor) -> list[SetUpStep]:
    """The steps; none when all that must be done is done. Three statements at most."""
    lacking = [str(one.label) for one in vendor.credentials if one.required and not _is_entered(connection, one.name)]
    steps = [
        SetUpStep(
            "Credentials",
            not lacking,
            f"Still missing: {', '.join(lacking)}." if lacking else "All are entered.",
        ),
        SetUpStep(
            "A test that worked",
            connection.last_ok_at is not None,
            "The vendor has answered." if connection.last_ok_at else "Press Test connection above.",
        ),
    ]
    if vendor.webhooks is not None:
        steps.append(_webhooks(connection))
    is_used = connection.roles.exists()
    steps.append(
        SetUpStep(
            "An integration that uses it",
            is_used,
            "It plays a role in one." if is_used else "Add the integration, and choose this connection in it.",
            "" if is_used else reverse("admin:core_integration_add"),
        )
    )
    return steps if any(not step.is_done and not step.is_optional for step in steps) else []


def _is_entered(connection: Connection, name: str) -> bool:
    return bool(connection.identity.get(name)) or name in connection.credentials_set


def _webhooks(connection: Connection) -> SetUpStep:
    has_come = connection.deliveries.exists()
    detail = "Calls have come." if has_come else "Say to the vendor where to send; without them changes wait for a run."
    return SetUpStep(
        "Webhooks", has_come, detail, reverse("admin:core_connection_webhooks", args=[connection.pk]), is_optional=True
    )


def waiting_webhooks(connection: Connection) -> int:
    """How many calls wait for a paused connection to be resumed."""
    if not connection.is_paused:
        return 0
    return int(connection.deliveries.filter(state=WebhookDelivery.State.WAITING).count())
