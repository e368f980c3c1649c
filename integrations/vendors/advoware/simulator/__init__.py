"""A local Advoware for tests and rehearsals; see docs/advoware-simulator.md."""

from __future__ import annotations

from contextlib import suppress

from integrations.vendors.simulation_server import Server

from .advoware import AdvowareSimulator
from .world import API_KEY, APP_ID, CLIENT, DATABASE, KANZLEI, OPPONENT, PASSWORD, USER, World

__all__ = ["CLIENT", "CREDENTIALS", "OPPONENT", "AdvowareServer", "AdvowareSimulator", "World", "serve"]

API_OFFSET = 100  # from the port of the configurator to that of the API
CREDENTIALS = {
    "kanzlei": KANZLEI,
    "database": DATABASE,
    "user": USER,
    "password": PASSWORD,
    "app_id": APP_ID,
    "api_key": API_KEY,
}


class AdvowareServer(Server):
    """Configurator and gateway on one port, the firm's API on another; both are one simulator."""

    def __init__(self, simulator: AdvowareSimulator, *, port: int = 0, host: str = "127.0.0.1") -> None:
        api: Server | None = None
        if port:
            with suppress(OSError):
                api = Server(simulator, port=port + API_OFFSET, host=host)
        self.api = api or Server(simulator, host=host)
        simulator.api_url = self.api.url
        try:
            super().__init__(simulator, port=port, host=host)
        except OSError:
            self.api.close()
            raise

    def close(self) -> None:
        super().close()
        self.api.close()


def serve(*, port: int = 0, host: str = "127.0.0.1", world: World | None = None) -> AdvowareServer:
    """Start it; a context manager with `.url` and `.simulator`. Raises OSError for a taken port.

    With a port, the API is at the port 100 above it if that is free.
    """
    return AdvowareServer(AdvowareSimulator(world), port=port, host=host)
