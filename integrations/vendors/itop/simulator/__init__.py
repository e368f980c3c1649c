"""Two local iTops for tests and rehearsals, external and internal; see docs/itop-simulator.md."""

from __future__ import annotations

from contextlib import suppress

from integrations.vendors.simulation_server import Server

from .accounts import PASSWORD
from .itop import EXTERNAL, INTERNAL, ItopSimulator

__all__ = ["BRIDGE", "EXTERNAL", "INTERNAL", "PASSWORD", "ItopServer", "ItopSimulator", "serve"]

BRIDGE = "bridge"  # the login of the bridge's account on both
INTERNAL_OFFSET = 100  # from the port of the external iTop to that of the internal one


class ItopServer(Server):
    """The external iTop; `internal` is the server of the other one. Each has its own ledger and control routes."""

    def __init__(self, *, port: int = 0, host: str = "127.0.0.1") -> None:
        external, internal = ItopSimulator(EXTERNAL), ItopSimulator(INTERNAL)
        super().__init__(external, port=port, host=host)
        other: Server | None = None
        if port:
            with suppress(OSError):
                other = Server(internal, port=port + INTERNAL_OFFSET, host=host)
        self.internal = other or Server(internal, host=host)
        for simulator in (external, internal):
            simulator.reset()  # now that it knows its address

    def close(self) -> None:
        super().close()
        self.internal.close()


def serve(*, port: int = 0, host: str = "127.0.0.1") -> ItopServer:
    """Start both; a context manager with `.url`, `.simulator` and `.internal`. Raises OSError for a taken port.

    With a port, the internal one is at the port 100 above it if that is free.
    """
    return ItopServer(port=port, host=host)
