"""Files inside JSON, in base64, without ever holding one in memory: what comes is decoded piece by piece, what goes is
encoded while it is sent."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from integrations.transport.errors import MalformedResponseError

CHUNK = 48 * 1024  # bytes; a multiple of 3 and of 4
LONGEST_NAME = 10_000  # bytes of a member's name
_BLANKS = b" \t\r\n"


class Encoded:
    """A JSON object with one member that is a file in base64, readable once, as a request's body.

    `size` is the file's, in bytes. Raises ValueError when the file turns out to have another.
    """

    def __init__(self, values: Mapping[str, Any], member: str, content: BinaryIO, size: int) -> None:
        whole = json.dumps({**values, member: ""}).encode()
        self._size = size
        self._length = len(whole) + 4 * ((size + 2) // 3)
        self._pieces = self._encoded(whole[:-2], content, whole[-2:])
        self._left = b""

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`; empty at the end."""
        while size < 0 or len(self._left) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._left += piece
        size = len(self._left) if size < 0 else size
        taken, self._left = self._left[:size], self._left[size:]
        return taken

    def _encoded(self, before: bytes, content: BinaryIO, after: bytes) -> Iterator[bytes]:
        yield before
        sent = 0
        while piece := content.read(CHUNK):
            while len(piece) % 3 and (more := content.read(3 - len(piece) % 3)):
                piece += more
            sent += len(piece)
            if sent > self._size:
                break
            yield base64.b64encode(piece)
        if sent != self._size:
            raise ValueError("the file changed its size while it was sent")
        yield after


def decode(source: BinaryIO, target: BinaryIO, *, path: tuple[str, ...]) -> int:
    """Decode the base64 text at this path of a JSON document into `target`; the number of bytes written.

    Raises MalformedResponseError when there is no such text or it is not base64.
    """
    reader = _Reader(source)
    found = _find(reader, path)
    if found is None:
        raise MalformedResponseError(f"TOGA 2's answer for a file has no {'.'.join(path)}.")
    return int(found(target))


class _Reader:
    """Bytes one at a time, read in chunks."""

    def __init__(self, source: BinaryIO) -> None:
        self._source, self.chunk, self.at = source, b"", 0

    def fill(self) -> bool:
        """Whether there is another byte."""
        if self.at < len(self.chunk):
            return True
        self.chunk, self.at = self._source.read(CHUNK), 0
        return bool(self.chunk)

    def next(self) -> int:
        """The next byte. Raises MalformedResponseError at the end: the document is not whole."""
        if not self.fill():
            raise MalformedResponseError("TOGA 2's answer for a file ended in its middle.")
        self.at += 1
        return self.chunk[self.at - 1]

    def next_solid(self) -> int:
        while (byte := self.next()) in _BLANKS:
            pass
        return byte

    def text(self, *, keep: bool) -> bytes:
        """A text's raw bytes up to its closing quote, escapes as they are; `keep` False: passed over."""
        kept = bytearray()
        while (byte := self.next()) != ord('"'):
            piece = bytes([byte, self.next()]) if byte == ord("\\") else bytes([byte])
            if keep:
                kept += piece
                if len(kept) > LONGEST_NAME:
                    raise MalformedResponseError("TOGA 2's answer for a file has a member with an endless name.")
        return bytes(kept)


def _find(reader: _Reader, path: tuple[str, ...]) -> Any:
    """Walk to the text at the path; the function that decodes it, or None when something else is there."""
    if reader.next_solid() != ord("{"):
        return None
    while True:
        byte = reader.next_solid()
        if byte == ord("}"):
            return None
        if byte == ord(","):
            continue
        if byte != ord('"'):
            return None
        name = reader.text(keep=True).decode("utf-8", "replace")
        if reader.next_solid() != ord(":"):
            return None
        if name == path[0] and len(path) > 1:
            return _find(reader, path[1:])
        if name == path[0]:
            return (lambda target: _decode_text(reader, target)) if reader.next_solid() == ord('"') else None
        _pass_over(reader)


def _pass_over(reader: _Reader) -> None:
    """Leave a value behind, whatever it is; the comma or brace after it is still to come."""
    depth = 0
    while reader.fill():
        byte = reader.chunk[reader.at]
        if depth == 0 and byte in b",}":
            return
        reader.at += 1
        if byte == ord('"'):
            reader.text(keep=False)
        elif byte in b"{[":
            depth += 1
        elif byte in b"}]":
            depth -= 1
    raise MalformedResponseError("TOGA 2's answer for a file ended in its middle.")


def _decode_text(reader: _Reader, target: BinaryIO) -> int:
    written, left, is_last = 0, b"", False
    while not is_last:
        if not reader.fill():
            raise MalformedResponseError("TOGA 2's answer for a file ended in its middle.")
        end = reader.chunk.find(b'"', reader.at)
        is_last = end >= 0
        piece = reader.chunk[reader.at : end if is_last else len(reader.chunk)]
        reader.at = end + 1 if is_last else len(reader.chunk)
        left += piece.replace(b"\\", b"")  # PHP writes a slash as \/
        usable = len(left) if is_last else len(left) // 4 * 4
        try:
            decoded = base64.b64decode(left[:usable], validate=True)
        except binascii.Error:
            raise MalformedResponseError("TOGA 2's answer for a file is not in base64.") from None
        target.write(decoded)
        written += len(decoded)
        left = left[usable:]
    return written
