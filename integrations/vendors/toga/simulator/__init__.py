"""A local TOGA 2 for tests and rehearsals; see docs/toga.md."""

from __future__ import annotations

from integrations.vendors.simulation_server import Server

from .toga import TogaSimulator
from .world import API_KEY, API_SECRET, CLIENT_UUID, World, demo_world

__all__ = ["API_KEY", "API_SECRET", "CLIENT_UUID", "TogaSimulator", "World", "demo_world", "serve"]


def serve(*, port: int = 0, host: str = "127.0.0.1", world: World | None = None) -> Server:
    """Start it; a context manager with `.url` (its root is `/v2`) and `.simulator`. Raises OSError for a taken port."""
    return Server(TogaSimulator(world), port=port, host=host)
