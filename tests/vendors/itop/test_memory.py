"""40 MB through base64 JSON, both ways, without holding them in memory."""

from __future__ import annotations

import json
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from integrations.transport.session import Session
from integrations.vendors import file_in_json
from integrations.vendors.itop.api import ItopApi
from integrations.vendors.itop.schemas import Ticket

SIZE = 40_000_000


class Sink:
    """An iTop that takes anything and shows one huge attachment, without keeping either."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.taken = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection:
                    while self._answered(connection):
                        pass

    def _answered(self, connection: socket.socket) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            if not (piece := connection.recv(65_536)):
                return False
            data += piece
        head, _, rest = data.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        begins, got = rest[:4000], len(rest)
        while got < length:
            got += len(connection.recv(65_536))
        self.taken = max(self.taken, length)
        for piece in self._body(is_create=b"multipart" in head or b"create" in begins):
            connection.sendall(piece)
        return True

    def _body(self, *, is_create: bool) -> Iterator[bytes]:
        fields: dict[str, Any] = {"item_id": "1"} if is_create else {"contents": {"filename": "x", "data": ""}}
        one = {"code": 0, "message": "", "class": "Attachment", "key": "1", "fields": fields}
        document = {"code": 0, "message": "Found: 1", "objects": {"Attachment::1": one}}
        before, after = file_in_json.halves(document)
        if is_create:
            before, after = json.dumps(document).encode(), b""
        pieces = 0 if is_create else 4 * (SIZE // 3) // 64_000
        length = len(before) + len(after) + pieces * 64_000
        yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % length + before
        for _ in range(pieces):
            yield b"QUJD" * 16_000
        yield after


def test_40_megabytes_go_and_come_in_little_memory(tmp_path: Path, ticket: Ticket) -> None:
    """Through the session and over a socket; what is measured is Python's own memory, the vendor's too."""
    credentials = {"username": "bridge", "password": "made-up"}
    with (
        Sink() as sink,
        Session(vendor="iTop", base_url=sink.url, allow_private=True, deadline=60) as session,
        (tmp_path / "sent").open("w+b") as content,
        (tmp_path / "spool").open("w+b") as spool,
        (tmp_path / "got").open("w+b") as target,
    ):
        api = ItopApi(session, base_url=sink.url, credentials=credentials, settings={}, facts={})
        content.truncate(SIZE)
        tracemalloc.start()
        assert api.create_attachment(ticket, content, name="x", size=SIZE, content_type="x/y") == 1
        file = api.download_attachment(1, spool, target)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert sink.taken > 53_000_000
    assert file.size == (tmp_path / "got").stat().st_size > 39_000_000
    assert peak < 4_000_000
