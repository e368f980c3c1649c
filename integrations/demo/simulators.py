"""The vendors' simulators, found through the vendors' declarations and run as threads of this process."""

from __future__ import annotations

from contextlib import ExitStack
from importlib import import_module
from typing import Any

from integrations.core import registry


def serve(vendor_slug: str, *, host: str = "127.0.0.1", port: int = 0) -> Any:
    """The running simulator of that vendor: a context manager with `.url` and `.simulator`. Port 0 takes a free one.

    Raises `KeyError` for an unknown vendor, `LookupError` for one without a simulator, `OSError` for a taken port.
    """
    vendor = registry.vendor(vendor_slug)
    if not vendor.simulator:
        raise LookupError(f"{vendor.label} has no simulator")
    return import_module(vendor.simulator).serve(port=port, host=host)


def serve_all(stack: ExitStack, *, first_port: int = 0) -> dict[str, Any]:
    """Start the simulator of every vendor that has one; they end with the stack.

    With `first_port` they take that port and the following ones, so that links to them outlive a restart; a port that
    is taken is replaced by a free one.
    """
    running: dict[str, Any] = {}
    for offset, (slug, vendor) in enumerate(sorted(registry.vendors().items())):
        if not vendor.simulator:
            continue
        try:
            server = serve(slug, port=first_port + offset if first_port else 0)
        except OSError:
            server = serve(slug)
        running[slug] = stack.enter_context(server)
    return running
