"""What can be wrong with a file as a whole, and with a line of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class UnreadableFileError(Exception):
    """The file cannot be read; its text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: where it stands, its cells, and why these could not be read."""

    place: str
    cells: list[Any]
    fault: str = ""
