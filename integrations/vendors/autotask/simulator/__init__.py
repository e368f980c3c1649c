"""A local Autotask for tests and rehearsals; see docs/autotask-simulator.md."""

from __future__ import annotations

from integrations.vendors.simulation_server import Server

from .autotask import AutotaskSimulator
from .world import INTEGRATION_CODE, SECRET, USERNAME, World, demo_world

__all__ = ["INTEGRATION_CODE", "SECRET", "USERNAME", "AutotaskSimulator", "World", "demo_world", "serve"]


def serve(*, port: int = 0, host: str = "127.0.0.1", world: World | None = None) -> Server:
    """Start it; a context manager with `.url` and `.simulator`. Raises OSError for a taken port."""
    return Server(AutotaskSimulator(world), port=port, host=host)
