"""A local Freshservice for tests and rehearsals; see docs/freshservice-simulator.md."""

from __future__ import annotations

from contextlib import suppress

from integrations.vendors.simulation_server import Server

from .freshservice import FreshserviceSimulator
from .world import API_KEY, World, demo_world

__all__ = ["API_KEY", "FreshserviceServer", "FreshserviceSimulator", "World", "demo_world", "serve"]

FILES_OFFSET = 100  # from the port of the API to the port of the files


class FreshserviceServer(Server):
    """The API on one port, files on another: `.simulator.files.place` is what "Hosts of files" must hold."""

    def __init__(self, simulator: FreshserviceSimulator, *, port: int = 0, host: str = "127.0.0.1") -> None:
        super().__init__(simulator, port=port, host=host)
        self.files: Server | None = None
        if port:
            with suppress(OSError):
                self.files = Server(simulator.files, port=port + FILES_OFFSET, host=host)
        self.files = self.files or Server(simulator.files, host=host)

    def close(self) -> None:
        super().close()
        if self.files is not None:
            self.files.close()


def serve(*, port: int = 0, host: str = "127.0.0.1", world: World | None = None) -> FreshserviceServer:
    """Start it; a context manager with `.url` and `.simulator`. Raises OSError for a taken port.

    With a port, files are at the port 100 above it if that is free.
    """
    return FreshserviceServer(FreshserviceSimulator(world), port=port, host=host)
