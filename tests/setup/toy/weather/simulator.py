"""The same vendor as a local server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

KEY = "open-sesame"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"celsius": 21.5}).encode()
        self.send_response(200 if self.headers.get("X-Key") == KEY else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serve(port: int = 0, host: str = "127.0.0.1") -> Iterator[SimpleNamespace]:
    with ThreadingHTTPServer((host, port), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield SimpleNamespace(url=f"http://{host}:{server.server_port}")
        server.shutdown()
