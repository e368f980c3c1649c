"""What must be in place before a ticket can be made for a client: its integration, the connection, the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.models import Client, Connection, Integration
from integrations.texts import Text

from .models import ReferenceItem, TicketOptions

KIND = "backup_tickets"
ROLE = "autotask"

# Option of `TicketOptions` → the picklist it is a value of, and what people call it.
PICKLIST_OPTIONS: dict[str, tuple[ReferenceItem.Kind, Text]] = {
    "default_queue": (ReferenceItem.Kind.QUEUE, _("queue")),
    "default_source": (ReferenceItem.Kind.SOURCE, _("source")),
    "default_status": (ReferenceItem.Kind.STATUS, _("status")),
    "priority_warning": (ReferenceItem.Kind.PRIORITY, _("priority for warnings")),
    "priority_error": (ReferenceItem.Kind.PRIORITY, _("priority for errors and missed runs")),
}


@dataclass(frozen=True, slots=True)
class Setup:
    """A client's integration as far as it is set up; `connection` and `options` are None until chosen and saved."""

    integration: Integration
    connection: Connection | None
    options: TicketOptions | None


def setup_of(client: Client) -> Setup | None:
    """The client's own set-up: the enabled integration if there is one, else the first, else None."""
    own = Integration.objects.filter(client=client, kind=KIND).select_related("client", "ticket_options")
    integration = own.order_by("-is_enabled", "slug").first()
    return setup_for(integration) if integration else None


def setup_for(integration: Integration) -> Setup:
    connection = Connection.objects.filter(roles__integration=integration, roles__role=ROLE).first()
    return Setup(integration, connection, getattr(integration, "ticket_options", None))


def is_on(client: Client) -> bool:
    """Whether calls may go out for this client: an enabled integration of an active client."""
    return client.is_active and Integration.objects.filter(client=client, kind=KIND, is_enabled=True).exists()


def why_off(setup: Setup | None) -> str:
    """Why no call may go out for this client, in a sentence; empty when calls may."""
    if setup is None or not setup.integration.is_enabled:
        return gettext("The Autotask integration is switched off; no call goes out.")
    if not setup.integration.client.is_active:
        return gettext("{client} is not active; no call goes out.").format(client=setup.integration.client)
    if setup.connection is None:
        return gettext("No Autotask connection is chosen.")
    if setup.connection.is_paused:
        said = gettext("The connection {connection} is paused; no call goes out.")
        return said.format(connection=setup.connection)
    return ""


def base_url(options: TicketOptions) -> str:
    """The portal's address as it stands in tickets, without a slash at its end."""
    return (options.portal_base_url or str(settings.PORTAL_BASE_URL)).rstrip("/")


def base_url_problem(url: str) -> str:
    """Why the address cannot stand in a ticket, in a sentence; empty when it can."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        said = gettext("The portal base URL “{url}” is not an address such as https://portal.example.com.")
        return said.format(url=url)
    if parts.query or parts.fragment or parts.username:
        said = gettext("The portal base URL “{url}” must be an address alone, without a query, fragment or user name.")
        return said.format(url=url)
    return ""


Known = Mapping[str, Mapping[int, ReferenceItem]]  # by picklist, by value


def reference_of(connection: Connection) -> Known:
    """All that is known of the connection's picklists, gone values too."""
    known: dict[str, dict[int, ReferenceItem]] = {}
    for item in ReferenceItem.objects.filter(connection=connection):
        known.setdefault(item.kind, {})[item.value] = item
    return known


def picklist_problem(options: TicketOptions, option: str, known: Known) -> str:
    """Why this default cannot be sent, in a sentence; empty when it can."""
    kind, name = PICKLIST_OPTIONS[option]
    value, label = getattr(options, option), options.labels.get(option)
    if kind not in known:
        return gettext(
            "The queues, sources, statuses and priorities have not been read from Autotask yet; refresh them."
        )
    if label:
        said = gettext("The {name} “{label}” of the configuration does not exist in Autotask; choose one that does.")
        return said.format(name=name, label=label)
    if value is None:
        return gettext("No {name} is chosen.").format(name=name)
    item = known[kind].get(value)
    if item is None or item.is_gone:
        said = gettext("The {name} “{label}” no longer exists in Autotask; choose another one.")
        return said.format(name=name, label=item or value)
    if not item.is_active:
        said = gettext("The {name} “{label}” is inactive in Autotask; choose another one.")
        return said.format(name=name, label=item)
    return ""
