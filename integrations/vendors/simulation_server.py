"""The HTTP side of every vendor simulator: a threaded HTTP/1.1 server on one port of this machine."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from integrations.vendors.simulation import Reply, Request, Simulator


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30
    simulator: Simulator

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)
        reply: Reply | None
        if request.path.startswith("/_simulator/"):
            reply = self.simulator.control(request)
        else:
            reply = self.simulator.page(request) or self.simulator.answer(request)
        if reply is None:
            self.close_connection = True
            return
        with suppress(ConnectionError):  # the client may have given up meanwhile
            self._send(reply)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 — names set by http.server

    def _send(self, reply: Reply) -> None:
        headers = dict(reply.headers)
        length = headers.pop("X-Whole-Length", None)
        self.send_response(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", length or str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)
        if length is not None:
            self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(time.time() + self.simulator.skew_seconds if timestamp is None else timestamp)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — http.server's name
        """The ledger is the log."""


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away in the middle, as one does that is killed, is nothing to tell."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Server:
    """A running simulator: a context manager with `.url` and `.simulator`. Port 0 takes a free one."""

    def __init__(self, simulator: Simulator, *, port: int = 0, host: str = "127.0.0.1") -> None:
        handler = type("Handler", (_Handler,), {"simulator": simulator})
        self._listener = _Listener((host, port), handler)
        self.simulator = simulator
        self.url = simulator.url = f"http://{host}:{self._listener.server_address[1]}"
        self._thread = threading.Thread(
            target=self._listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        self.simulator.stopping.set()
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()
