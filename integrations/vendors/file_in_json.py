"""A file inside JSON, in base64, without ever holding it in memory: what comes is decoded piece by piece, what goes is
encoded while it is sent."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from integrations.texts import gettext
from integrations.transport.errors import MalformedResponseError

CHUNK = 48 * 1024  # bytes; a multiple of 3 and of 4
LONGEST_NAME = 10_000  # bytes of a member's name
LONGEST_REST = 1_000_000  # bytes of a document beside its file
_BLANKS = b" \t\r\n"


def halves(document: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """What stands before and after the file in this document: it goes where the last empty text is."""
    before, _, after = json.dumps(document).encode().rpartition(b'""')
    return before + b'"', b'"' + after


class Encoded:
    """Some bytes, a file in base64, and some bytes: readable once, as a request's body.

    `size` is the file's, in bytes. Raises ValueError when the file turns out to have another.
    """

    def __init__(self, before: bytes, content: BinaryIO, size: int, after: bytes) -> None:
        self._size = size
        self._length = len(before) + 4 * ((size + 2) // 3) + len(after)
        self._pieces = self._encoded(before, content, after)
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


def decode(source: BinaryIO, target: BinaryIO, *, path: tuple[str, ...]) -> tuple[int | None, bytes]:
    """Decode the base64 text at this path of a JSON document into `target`.

    Returns the number of bytes written, None where no text stands there, and the document without the text. Raises
    MalformedResponseError when the text is not base64 or the document ends in its middle.
    """
    reader = _Reader(source)
    written = _decode_text(reader, target) if _find(reader, path) else None
    reader.finish()
    return written, bytes(reader.rest)


class _Reader:
    """Bytes one at a time, read in chunks. What was read is kept as `rest`, but for the file."""

    def __init__(self, source: BinaryIO) -> None:
        self._source, self.chunk, self.at = source, b"", 0
        self.rest = bytearray()

    def fill(self) -> bool:
        """Whether there is another byte."""
        if self.at < len(self.chunk):
            return True
        self.chunk, self.at = self._source.read(CHUNK), 0
        return bool(self.chunk)

    def next(self) -> int:
        """The next byte. Raises MalformedResponseError at the end: the document is not whole."""
        if not self.fill():
            raise _cut()
        byte = self.chunk[self.at]
        self.at += 1
        self.keep(byte)
        return byte

    def keep(self, byte: int) -> None:
        self.rest.append(byte)
        if len(self.rest) > LONGEST_REST:
            raise MalformedResponseError(
                gettext("The answer holds more than {most} bytes beside its file.").format(most=LONGEST_REST)
            )

    def next_solid(self) -> int:
        while (byte := self.next()) in _BLANKS:
            pass
        return byte

    def text(self) -> bytes:
        """A text's raw bytes up to its closing quote, escapes as they are."""
        begins = len(self.rest)
        while (byte := self.next()) != ord('"'):
            if byte == ord("\\"):
                self.next()
        return bytes(self.rest[begins:-1])

    def finish(self) -> None:
        """Keep what is left."""
        while self.fill():
            self.next()


def _find(reader: _Reader, path: tuple[str, ...]) -> bool:
    """Walk to the text at the path; whether there is one. Then its first byte comes next."""
    if not reader.fill() or reader.next_solid() != ord("{"):
        return False
    while (byte := reader.next_solid()) != ord("}"):
        if byte == ord(","):
            continue
        if byte != ord('"'):
            return False
        name = reader.text()
        if len(name) > LONGEST_NAME:
            raise MalformedResponseError(gettext("The answer for a file has a member with an endless name."))
        if reader.next_solid() != ord(":"):
            return False
        if name.decode("utf-8", "replace") == path[0]:
            return _find(reader, path[1:]) if len(path) > 1 else reader.next_solid() == ord('"')
        _pass_over(reader)
    return False


def _pass_over(reader: _Reader) -> None:
    """Leave a value behind, whatever it is; the comma or brace after it is still to come."""
    depth = 0
    while reader.fill():
        if depth == 0 and reader.chunk[reader.at] in b",}":
            return
        byte = reader.next()
        if byte == ord('"'):
            reader.text()
        elif byte in b"{[":
            depth += 1
        elif byte in b"}]":
            depth -= 1
    raise _cut()


def _decode_text(reader: _Reader, target: BinaryIO) -> int:
    written, left, is_last = 0, b"", False
    while not is_last:
        if not reader.fill():
            raise _cut()
        end = reader.chunk.find(b'"', reader.at)
        is_last = end >= 0
        piece = reader.chunk[reader.at : end if is_last else len(reader.chunk)]
        reader.at = end if is_last else len(reader.chunk)
        left += piece.replace(b"\\", b"")  # PHP writes a slash as \/
        usable = len(left) if is_last else len(left) // 4 * 4
        try:
            decoded = base64.b64decode(left[:usable], validate=True)
        except binascii.Error:
            raise MalformedResponseError(gettext("The file in the answer is not in base64.")) from None
        target.write(decoded)
        written += len(decoded)
        left = left[usable:]
    return written


def _cut() -> MalformedResponseError:
    return MalformedResponseError(gettext("The answer for a file ended in its middle."))
