"""Who stands where the portal would, for simulated vendors that send webhooks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from integrations.vendors.webhooks import Received


class Portal:
    """Keeps what comes, and answers in turn (the last answer stays). `url` is where the last part names the event."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.statuses = [202]
        self.together = threading.Barrier(1)  # so many calls are answered only when they are here at the same time
        portal = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                portal.received.append(Received(self.path.rpartition("/")[2], headers, body))
                portal.together.wait(10)
                self.send_response(portal.statuses.pop(0) if len(portal.statuses) > 1 else portal.statuses[0])
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                pass

        self.listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.listener.server_address[1]}/webhooks/elite/connection/"
        self._thread = threading.Thread(target=self.listener.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.listener.shutdown()
        self.listener.server_close()
        self._thread.join()


@contextmanager
def receiving() -> Iterator[Portal]:
    portal = Portal()
    try:
        yield portal
    finally:
        portal.close()
