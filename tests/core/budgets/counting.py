"""A vendor that counts its calls: how many any sixty seconds and each of its own minutes held."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Reply = tuple[int, dict[str, str], str]  # status, headers, body


@dataclass
class Counter:
    """What was seen, as (time, bucket), by `time.time()`. `reply(number, bucket)` answers the call of that number."""

    reply: Callable[[int, str], Reply]
    seen: list[tuple[float, str]] = field(default_factory=list)
    url: str = ""
    gate: threading.Lock = field(default_factory=threading.Lock)

    def times(self, bucket: str = "all") -> list[float]:
        return sorted(at for at, of in self.seen if bucket in ("all", of))

    def most_in_sixty_seconds(self, bucket: str) -> int:
        times = self.times(bucket)
        return max(sum(1 for at in times[first:] if at < start + 60) for first, start in enumerate(times))

    def most_in_a_fixed_minute(self, bucket: str, *, begins: float) -> int:
        """The vendor's own way of counting; its minutes begin at this second of ours."""
        minutes = [int((at - begins) // 60) for at in self.times(bucket)]
        return max(minutes.count(minute) for minute in set(minutes))


@contextmanager
def counting(reply: Callable[[int, str], Reply]) -> Iterator[Counter]:
    """The server, while this lasts. It keeps connections open, as a real one does."""
    counter = Counter(reply)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            bucket = self.path.strip("/")
            with counter.gate:
                counter.seen.append((time.time(), bucket))
                status, headers, body = counter.reply(len(counter.seen), bucket)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    counter.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield counter
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
