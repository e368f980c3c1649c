"""Where we may connect to: the spelling of URLs, and the addresses behind names at the moment of connecting.

A name is resolved once, each address is judged, and the connection goes to exactly the judged address: a name that
answers differently the second time (rebinding) is never asked a second time. Names are not judged here; only the
address that a packet would go to counts, so no spelling of a number gets around it.
"""

from __future__ import annotations

import enum
import ipaddress
import re
import socket
import threading
from dataclasses import dataclass
from urllib.parse import urljoin

import idna

from integrations.texts import gettext as _
from integrations.transport.errors import ConfigurationError, TemporaryError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
DEFAULT_PORTS = {"http": 80, "https": 443}


class Reach(enum.Enum):
    """Who may connect to an address."""

    PUBLIC = "public"
    PRIVATE = "private"  # with the connection's explicit permission
    NEVER = "never"


def _networks(*texts: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


# Cloud metadata services that do not live on link-local addresses: AWS and Google over IPv6, Azure, Oracle, Alibaba.
_METADATA = _networks("fd00:ec2::/64", "fd20:ce::254/128", "168.63.129.16/32", "192.0.0.192/32", "100.100.100.200/32")
_NEVER_4 = _networks(
    "0.0.0.0/8",  # "this host": reaches loopback on Linux
    "169.254.0.0/16",  # link-local, cloud metadata
    "192.0.0.0/24",
    "192.0.2.0/24",  # documentation
    "192.88.99.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, broadcast
)
_PRIVATE_4 = _networks(
    "10.0.0.0/8",
    "100.64.0.0/10",  # carrier-grade NAT
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",  # benchmarking
)
_NEVER_6 = _networks("::/128", "fe80::/10", "fec0::/10", "ff00::/8", "2001:db8::/32", "3fff::/20", "2001::/23")
_PRIVATE_6 = _networks("::1/128", "fc00::/7")
_TEREDO = ipaddress.ip_network("2001::/32")
_6TO4 = ipaddress.ip_network("2002::/16")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")
_MAPPED = _networks("::ffff:0:0/96", "::ffff:0:0:0/96", "::/96")  # mapped, translated (SIIT), compatible
_GLOBAL_6 = ipaddress.ip_network("2000::/3")


def reach_of(address: IPAddress) -> Reach:
    """Who may connect to this address. IPv6 forms that carry an IPv4 address are judged by the address inside."""
    if any(address in network for network in _METADATA):
        return Reach.NEVER
    if isinstance(address, ipaddress.IPv4Address):
        if any(address in network for network in _NEVER_4):
            return Reach.NEVER
        return Reach.PRIVATE if any(address in network for network in _PRIVATE_4) else Reach.PUBLIC
    return _reach_of_6(address)


def _reach_of_6(address: ipaddress.IPv6Address) -> Reach:
    if any(address in network for network in _PRIVATE_6):
        return Reach.PRIVATE
    tunnelled = _inside_tunnel(address)
    if tunnelled:
        # A tunnel leaves the path we judged: permission is needed even when what it names is public.
        worst = [reach_of(inner) for inner in tunnelled]
        return Reach.NEVER if Reach.NEVER in worst else Reach.PRIVATE
    if any(address in network for network in _NEVER_6):
        return Reach.NEVER
    if address in _NAT64 or any(address in network for network in _MAPPED):
        return reach_of(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return Reach.PUBLIC if address in _GLOBAL_6 else Reach.NEVER


def _inside_tunnel(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses a 6to4, Teredo (server and client) or local NAT64 address leads to."""
    number = int(address)
    if address in _6TO4:
        return [ipaddress.IPv4Address((number >> 80) & 0xFFFFFFFF)]
    if address in _TEREDO:
        return [ipaddress.IPv4Address((number >> 64) & 0xFFFFFFFF), ipaddress.IPv4Address(~number & 0xFFFFFFFF)]
    if address in _NAT64_LOCAL:
        return [ipaddress.IPv4Address(number & 0xFFFFFFFF)]
    return []


def may_connect(address: str, *, allow_private: bool) -> bool:
    """Whether a connection to this address, as the resolver returned it, is allowed."""
    reach = reach_of(ipaddress.ip_address(address.partition("%")[0]))
    return reach is Reach.PUBLIC or (allow_private and reach is Reach.PRIVATE)


# --- spelling ---------------------------------------------------------------------------------------------------

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*)://(?P<authority>[^/?#\\]*)(?P<rest>.*)", re.DOTALL)
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff\ufff0-\uffff]")
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:@%]+)(?::(?P<port>[0-9]{1,5}))?")
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


@dataclass(frozen=True, slots=True)
class Place:
    """An http(s) URL in its one canonical spelling; every later reader of `url` sees the same host."""

    scheme: str
    host: str
    port: int
    rest: str  # path and query, as given

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def url(self) -> str:
        return self.origin + self.rest


def place_of(url: str) -> Place:
    """Read a URL strictly. Raises ConfigurationError, without repeating what might be a password in it."""
    if _UNPRINTABLE.search(url) or not url.isprintable():
        raise ConfigurationError(_("The address contains a blank or an unprintable character: remove it."))
    parts = _URL.fullmatch(url)
    if parts is None or parts["scheme"].lower() not in DEFAULT_PORTS:
        raise ConfigurationError(_("The address must begin with https:// or http://."))
    scheme, rest = parts["scheme"].lower(), parts["rest"].partition("#")[0]
    if "@" in parts["authority"]:
        raise ConfigurationError(_("The address must not contain a user name or password: use the credential fields."))
    authority = _AUTHORITY.fullmatch(parts["authority"])
    if authority is None or rest.startswith("\\"):
        raise ConfigurationError(
            _("The address has no host name that can be read in only one way: check its spelling.")
        )
    port = int(authority["port"]) if authority["port"] else DEFAULT_PORTS[scheme]
    if not 0 < port < 65536:
        raise ConfigurationError(_("The port of the address must be between 1 and 65535."))
    return Place(scheme, _canonical_host(authority["host"]), port, rest if rest.startswith("/") else "/" + rest)


def place_beside(base: str, reference: str) -> Place:
    """Where a reference (of a redirect, or relative to the base URL) leads, read as strictly as `place_of` does."""
    try:
        return place_of(urljoin(base, reference))
    except ValueError:
        raise ConfigurationError(_("The address that was given cannot be read.")) from None


def _canonical_host(host: str) -> str:
    if host.startswith("["):
        try:
            return str(ipaddress.IPv6Address(host[1:-1]))
        except ValueError:
            raise ConfigurationError(_("The IPv6 address between the brackets cannot be read.")) from None
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            raise ConfigurationError(_("The host name of the address is not a valid international name.")) from None
    host = host.lower()
    name = host.removesuffix(".")
    if len(name) > 253 or not _HOST_NAME.fullmatch(name):
        raise ConfigurationError(_("The host name of the address is not valid."))
    if _NUMERIC_LABEL.fullmatch(name.rpartition(".")[2]):
        # 127.1, 0x7f000001, 2130706433, 0177.0.0.1 … : many readers, many meanings. Only the plain spelling is taken.
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise ConfigurationError(_("Write a numeric address as four decimal numbers, like 192.168.1.20.")) from None
    return host


def refused(host: str) -> ConfigurationError:
    """The one sentence for every refused address: it does not tell what answers there, or why exactly not."""
    return ConfigurationError(
        _(
            "The address of {host} is not a public one, so nothing was sent. If this is a system of your own network, "
            "allow private addresses on the connection."
        ).format(host=host)
    )


def check_url(url: str, *, allow_private: bool) -> str:
    """For forms: the canonical spelling of a URL that may be connected to, as far as its text can tell.

    Raises ConfigurationError. What a name resolves to is judged when connecting, not here.
    """
    place = place_of(url)
    try:
        allowed = may_connect(place.host, allow_private=allow_private)
    except ValueError:  # a name, no address
        name = place.host.removesuffix(".")
        allowed = allow_private or not (name == "localhost" or name.endswith(".localhost"))
    if not allowed:
        raise refused(place.host)
    return place.url if place.rest != "/" or url.endswith("/") else place.origin


# --- resolving --------------------------------------------------------------------------------------------------

Endpoint = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]


def resolve(host: str, port: int, *, allow_private: bool, timeout: float) -> list[Endpoint]:
    """The allowed addresses of a host, in the resolver's order, ready for `connect`.

    Raises ConfigurationError when none is allowed, TemporaryError when the name cannot be resolved (in time).
    """
    found = _look_up(host, port, timeout)
    allowed = [
        (family, address) for family, address in found if may_connect(str(address[0]), allow_private=allow_private)
    ]
    if not allowed:
        raise refused(host)
    return allowed


def _look_up(host: str, port: int, timeout: float) -> list[Endpoint]:
    """getaddrinfo under a time limit. It cannot be interrupted, so it runs beside us; a late answer is dropped."""
    result: list[Endpoint] = []
    failed: list[OSError | UnicodeError] = []

    def look_up() -> None:
        try:
            for family, _kind, _proto, _name, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                result.append((family, address))
        except (OSError, UnicodeError) as problem:
            failed.append(problem)

    thread = threading.Thread(target=look_up, name="name lookup", daemon=True)
    thread.start()
    thread.join(max(0.0, timeout))
    if thread.is_alive():
        raise TemporaryError(_("The name {host} could not be resolved in time.").format(host=host))
    if failed or not result:
        raise TemporaryError(
            _("The name {host} could not be resolved: check its spelling, or the name server.").format(host=host)
        )
    return result
