"""The connections below a session: each goes to a judged address, under the deadline of the call that uses it.

Everything here is bound to a `Line`, one per session: it knows which call is in progress and how far that call came.
"""

from __future__ import annotations

import logging
import socket
import time
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from integrations.transport.addresses import resolve
from integrations.transport.deadlines import Watch

# urllib3 writes whole URLs to its debug and warning log, and queries may hold secrets.
logging.getLogger("urllib3").setLevel(logging.ERROR)

STALE_AFTER = 2.0  # seconds a kept connection may have idled before an unsafe call asks for a fresh one


class Line:
    """What the connections of one session need to know of the call in progress."""

    __slots__ = ("allow_private", "connect_timeout", "connecting", "sent", "unsafe", "watch")

    def __init__(self, *, allow_private: bool, connect_timeout: float) -> None:
        self.allow_private = allow_private
        self.connect_timeout = connect_timeout
        self.watch = Watch(0.0)
        self.unsafe = False
        self.connecting = False
        self.sent = False

    def begin(self, watch: Watch, *, unsafe: bool) -> None:
        self.watch, self.unsafe = watch, unsafe
        self.connecting = self.sent = False

    @property
    def provably_unsent(self) -> bool:
        """A connection was being made, and not one byte of the request had been handed to it."""
        return self.connecting and not self.sent

    def open_socket(self, connection: HTTPConnection) -> socket.socket:
        """Connect to the first allowed address that answers; each is tried at most once."""
        self.connecting = True
        ends = time.monotonic() + min(self.connect_timeout, self.watch.remaining())
        port = connection.port or connection.default_port
        endpoints = resolve(connection.host, port, allow_private=self.allow_private, timeout=ends - time.monotonic())
        problem: OSError = TimeoutError("no time left")
        for family, address in endpoints:
            left = ends - time.monotonic()
            if left <= 0:
                break
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(left)
                for option in connection.socket_options or ():
                    sock.setsockopt(*option)
                sock.connect(address)
            except OSError as failed:
                sock.close()
                problem = failed
            else:
                self.watch.attach(sock)
                return sock
        if isinstance(problem, TimeoutError):
            raise ConnectTimeoutError(connection, "connecting took too long") from None
        raise NewConnectionError(connection, "no address of the host accepted the connection") from None


class _OnTheLine:
    """What both kinds of connection do differently from urllib3's."""

    line: Line
    used_at: float = 0.0

    def _new_conn(self) -> socket.socket:
        return self.line.open_socket(self)  # type: ignore[arg-type]  # mixed into HTTPConnection below

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        line, sock = self.line, self.sock  # type: ignore[attr-defined]
        if sock is not None:
            if line.unsafe and self.used_at and time.monotonic() - self.used_at > STALE_AFTER:
                # The other side may just be closing it; an unsafe call would be lost without a trace.
                self.close()  # type: ignore[attr-defined]
            else:
                line.watch.attach(sock)
        super().request(method, url, *args, **kwargs)  # type: ignore[misc]
        self.used_at = time.monotonic()

    def send(self, data: Any) -> None:
        if self.sock is None:  # type: ignore[attr-defined]
            self.connect()  # type: ignore[attr-defined]
        self.line.sent = True
        super().send(data)  # type: ignore[misc]


class _PlainConnection(_OnTheLine, HTTPConnection):
    pass


class _TLSConnection(_OnTheLine, HTTPSConnection):
    pass


class _Bound:
    line: Line

    def _new_conn(self) -> Any:
        connection = super()._new_conn()  # type: ignore[misc]
        connection.line = self.line
        return connection


class _PlainPool(_Bound, HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TLSPool(_Bound, HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


class _Pools(PoolManager):
    def __init__(self, line: Line, **options: Any) -> None:
        super().__init__(**options)
        self.line = line
        self.pool_classes_by_scheme = {"http": _PlainPool, "https": _TLSPool}

    def _new_pool(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super()._new_pool(*args, **kwargs)
        pool.line = self.line
        return pool


class Adapter(HTTPAdapter):
    """requests' adapter on our connections: no retry of its own, no proxies, one connection kept per origin."""

    def __init__(self, line: Line) -> None:
        self.line = line
        super().__init__(pool_connections=4, pool_maxsize=2, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **_options: Any) -> None:
        self.poolmanager = _Pools(self.line, num_pools=connections, maxsize=maxsize, block=block)
