"""From which hosts files may be fetched: a ticket's author writes what stands in its HTML, so no URL is believed.

Source of the hosts: public samples of attachment URLs and of inline images (fact sheet, section 6).
"""

from __future__ import annotations

from dataclasses import dataclass

from integrations.texts import gettext as _
from integrations.transport.addresses import DEFAULT_PORTS, Place, place_of
from integrations.transport.errors import ConfigurationError

DEFAULT_HOSTS = "*.attachments.freshservice.com, *.ind-attachments.freshservice.com, attachment.freshservice.com"


@dataclass(frozen=True, slots=True)
class _Host:
    """One entry. With a `port` it means exactly that port, by http too: for rehearsals."""

    name: str
    is_parent: bool  # `*.name`: the hosts below it, not itself
    port: int | None

    def fits(self, place: Place) -> bool:
        if self.port is not None:
            return (place.host, place.port) == (self.name, self.port)
        if place.scheme != "https" or place.port != DEFAULT_PORTS["https"]:
            return False
        return place.host.endswith("." + self.name) if self.is_parent else place.host == self.name


@dataclass(frozen=True, slots=True)
class FileHosts:
    """The hosts of the setting "Hosts of files"."""

    hosts: tuple[_Host, ...]

    @classmethod
    def of(cls, text: str) -> FileHosts:
        """Read the setting: names separated by commas. Raises ConfigurationError, which names the bad one."""
        return cls(tuple(_host(one.strip()) for one in (text or DEFAULT_HOSTS).split(",") if one.strip()))

    def check(self, place: Place) -> None:
        """Raises ConfigurationError for a place that files may not come from."""
        if not any(host.fits(place) for host in self.hosts):
            raise ConfigurationError(
                _(
                    "A file lies at {origin}, from where this connection may not fetch files. If it is "
                    "Freshservice's, add it under Hosts of files."
                ).format(origin=place.origin)
            )


def _host(entry: str) -> _Host:
    name = entry.removeprefix("*.")
    try:
        place = place_of(f"https://{name}")
        has_port = place_of(f"http://{name}").port == place.port  # without one the two differ
    except ConfigurationError:
        place = None
    if place is None or place.rest != "/" or name.endswith("/") or (has_port and name != entry):
        raise ConfigurationError(
            _("“{entry}” under Hosts of files is not the name of a host.").format(entry=entry[:100])
        )
    return _Host(place.host, name != entry, place.port if has_port else None)
