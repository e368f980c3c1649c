"""A local EspoCRM for tests and rehearsals; see docs/espocrm-simulator.md."""

from __future__ import annotations

from integrations.vendors.simulation_server import Server

from .espocrm import EspocrmSimulator
from .world import API_KEY, CONTACT, HMAC_KEY, HMAC_SECRET, PARTY, READER_KEY

__all__ = [
    "API_KEY",
    "CONTACT",
    "HMAC_KEY",
    "HMAC_SECRET",
    "PARTY",
    "READER_KEY",
    "EspocrmSimulator",
    "serve",
]


def serve(*, port: int = 0, host: str = "127.0.0.1") -> Server:
    """Start it; a context manager with `.url` and `.simulator`. Raises OSError for a taken port."""
    return Server(EspocrmSimulator(), port=port, host=host)
