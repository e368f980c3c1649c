"""Which addresses the configurator may name: a password goes to one of them, the firm's contact data to the other.

The vendor's own hosts are believed, and whatever shares the host of the configurator (for rehearsals). A firm's own
connector may stand anywhere, so an admin has to have named its host. Source: fact sheet, section 1.
"""

from __future__ import annotations

from integrations.texts import gettext as _
from integrations.transport.addresses import Place, place_of
from integrations.transport.errors import ConfigurationError

VENDORS_DOMAINS = ("advo-net.net", "advo-net.org")


def check_gateway(url: str, *, configurator: Place) -> str:
    """The root of the security gateway, without a slash at its end. Raises ConfigurationError."""
    place = place_of(url)
    if not _is_the_vendors(place, configurator):
        raise ConfigurationError(
            _(
                "The configurator named {origin} for the login, which is not one of Advoware's hosts; nothing was "
                "sent there. Ask the vendor."
            ).format(origin=place.origin)
        )
    return place.url.rstrip("/")


def check_root(url: str, *, configurator: Place, connector_hosts: str) -> str:
    """The root of the firm's API, without a slash at its end. Raises ConfigurationError, which says what to enter."""
    place = place_of(url)
    named = {one.strip().lower() for one in connector_hosts.split(",") if one.strip()}
    is_named = place.host in named and (place.scheme == "https" or configurator.scheme == "http")
    if not is_named and not _is_the_vendors(place, configurator):
        raise ConfigurationError(
            _(
                "The firm's Advoware is at {origin}, which is not one of the vendor's hosts; nothing was sent "
                "there. If the firm runs a connector of its own there, enter {host} under Hosts of the connector "
                "(by https only)."
            ).format(origin=place.origin, host=place.host)
        )
    return place.url.rstrip("/")


def _is_the_vendors(place: Place, configurator: Place) -> bool:
    if place.scheme != configurator.scheme and place.scheme != "https":
        return False
    if place.host == configurator.host:
        return True
    return place.scheme == "https" and any(place.host.endswith(f".{domain}") for domain in VENDORS_DOMAINS)
