"""The folder of uploads: files are written whole or not at all, and no name leads out of it."""

from __future__ import annotations

import os
import re
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from integrations.texts import gettext as _
from integrations.transport.errors import ConfigurationError, NotFoundError, RejectedError, TemporaryError

LONGEST = 200  # bytes of a name in the folder
_UNSAFE = re.compile(r"[/\\:\x00-\x1f\x7f]")


def safe_name(name: str) -> str:
    """A vendor's name as it may stand in a folder: one part, no control characters, not too long, with its ending.

    >>> safe_name("../../etc/passwd")
    '.._.._etc_passwd'
    """
    plain = _UNSAFE.sub("_", name.encode("utf-8", "replace").decode()).strip(" .") or "file"
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending.encode()) > 20:
        stem, dot, ending = plain, "", ""
    room = LONGEST - len((dot + ending).encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + dot + ending


class Uploads:
    """`{folder}/{file id}-{name}`. Raises ConfigurationError when the folder cannot be used."""

    def __init__(self, folder: str) -> None:
        if not folder:
            raise ConfigurationError(_("The connection has no folder of uploads; enter it there."))
        self._folder = Path(folder)

    def probe(self) -> None:
        """Write, read and remove a small file."""
        name = f".portal-probe-{uuid.uuid4().hex}"
        with self._usable():
            file = self._folder / name
            file.write_bytes(b"portal")
            try:
                if file.read_bytes() != b"portal":
                    raise ConfigurationError(_("The folder of uploads does not keep what is written to it."))
            finally:
                file.unlink()

    @contextmanager
    def writing(self, file_id: int, name: str) -> Iterator[tuple[BinaryIO, str]]:
        """A file to write to, and the name it will have; it is there, whole, once the block has ended well."""
        final = f"{file_id}-{safe_name(name)}"
        partial = self._folder / f".portal-{file_id}-{uuid.uuid4().hex}.part"
        with self._usable():
            for left in self._folder.glob(f".portal-{file_id}-*.part"):  # of a process that died
                left.unlink(missing_ok=True)
            try:
                with partial.open("xb") as opened:
                    yield opened, final
                    opened.flush()
                    os.fsync(opened.fileno())
                partial.replace(self._folder / final)
            finally:
                partial.unlink(missing_ok=True)

    def has(self, name: str, size: int) -> bool:
        """Whether a file of this name and size is there."""
        try:
            found = os.lstat(self._inside(name))
        except OSError:
            return False
        return stat.S_ISREG(found.st_mode) and found.st_size == size

    @contextmanager
    def reading(self, name: str) -> Iterator[tuple[BinaryIO, int]]:
        """A file and its size. Raises NotFoundError; RejectedError for what is no plain file."""
        path = self._inside(name)
        problem: Exception | None = None
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            problem = NotFoundError(_("The folder of uploads has no file {name}.").format(name=name[:100]))
        except OSError:
            problem = RejectedError(
                _("The file {name} in the folder of uploads cannot be opened.").format(name=name[:100])
            )
        if problem is not None:
            raise problem
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            os.close(handle)
            raise RejectedError(_("{name} in the folder of uploads is no plain file.").format(name=name[:100]))
        with os.fdopen(handle, "rb") as opened:
            yield opened, found.st_size

    def _inside(self, name: str) -> Path:
        if not name or name in (".", "..") or _UNSAFE.search(name):
            raise RejectedError(_("A row of TOGaDesk's files names something outside of the folder of uploads."))
        return self._folder / name

    @contextmanager
    def _usable(self) -> Iterator[None]:
        problem: Exception | None = None
        try:
            yield
        except FileNotFoundError:
            problem = ConfigurationError(_("The folder of uploads is not there on this machine."))
        except PermissionError:
            problem = ConfigurationError(_("The portal may not write into the folder of uploads."))
        except OSError as error:
            problem = TemporaryError(
                _("The folder of uploads cannot be written to now ({why}).").format(why=os.strerror(error.errno or 0))
            )
        if problem is not None:
            raise problem
