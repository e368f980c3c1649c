"""Senders of webhooks, each call on a connection of its own, as vendors call: `python -m benchmarks.senders`.

A process of its own, so that neither side's server shares its interpreter. Reads lines `PORT PATH CALLS RATE FIRST`,
answers each with JSON: the seconds it took and each call's milliseconds. RATE 0: sixteen senders, each as fast as it is
answered. Otherwise the calls begin at that many a second, and a call's time counts from when it was to begin.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator

SENDERS = 16
TEXT = "Backup of server 12 failed: the volume is full. " * 12  # of a ticket's description
HEAD = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nX-Webhook-Secret: {secret}\r\n"
    "User-Agent: benchmark\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
)


def main() -> None:
    for line in sys.stdin:
        port, path, calls, rate, first = line.split()
        print(json.dumps(send(int(port), path, int(calls), float(rate), int(first))), flush=True)


def send(port: int, path: str, calls: int, rate: float, first: int) -> dict[str, object]:
    """Raises `RuntimeError` when a call is answered with anything but 202."""
    numbers: Iterator[int] = iter(range(calls))
    lock = threading.Lock()
    took: list[float] = []
    trouble: list[str] = []
    began = time.perf_counter() + 0.05

    def work() -> None:
        while not trouble:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            due = began + number / rate if rate else time.perf_counter()
            if (wait := due - time.perf_counter()) > 0:
                time.sleep(wait)
            answer = _call(port, path, first + number)
            took.append((time.perf_counter() - due) * 1000)
            if b" 202 " not in answer.partition(b"\r\n")[0]:
                trouble.append(answer[:200].decode("utf-8", "replace"))

    threads = [threading.Thread(target=work) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if trouble:
        raise RuntimeError(f"a call was answered with {trouble[0]}")
    return {"seconds": time.perf_counter() - began, "milliseconds": took}


def _call(port: int, path: str, number: int) -> bytes:
    body = json.dumps({"freshservice_webhook": {"ticket_id": f"INC-{number}", "description": TEXT}})
    head = HEAD.format(path=path, port=port, secret=os.environ["BENCHMARK_SECRET"], length=len(body))
    with socket.create_connection(("127.0.0.1", port), timeout=60) as sock:
        sock.sendall((head + body).encode())
        answer = b""
        while part := sock.recv(4096):
            answer += part
    return answer


if __name__ == "__main__":
    main()
