"""How large a picture is, so that a page has its place ready: a section that a link leads to must not slip."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from django.templatetags.static import static

_HEAD = 30  # bytes of a WebP file that say it


class Picture(NamedTuple):
    """Where it is, and its pixels."""

    src: str
    width: int
    height: int


def pictures_of(src: str, *, guide: Path, folder: Path) -> tuple[Picture, ...]:
    """A guide's picture in light and, if there is one, dark. None for what is not in the folder: nothing else is shown.

    Raises `OSError` when the folder has no such file.
    """
    light = (guide.parent / src).resolve()
    if light.parent != folder.resolve():
        return ()
    dark = light.with_stem(f"{light.stem}-dark")
    files = (light, dark) if dark.is_file() else (light,)
    return tuple(Picture(static(f"guides/{file.name}"), *size_of(file)) for file in files)


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of a WebP file as Chromium writes it (VP8X). Raises `ValueError` for a file of another kind.

    Source: developers.google.com/speed/webp/docs/riff_container, "Extended File Format".
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head[8:16] != b"WEBPVP8X" or len(head) < _HEAD:
        raise ValueError(f"{path.name} is no WebP picture that the guides can show")
    return _number(head[24:27]) + 1, _number(head[27:30]) + 1


def _number(part: bytes) -> int:
    return int.from_bytes(part, "little")
