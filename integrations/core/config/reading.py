"""A TOML file read table by table: every wrong value becomes a sentence with its line, and reading goes on."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r'\s*"?([A-Za-z0-9_-]+)"?\s*[.=]')


class ConfigProblems(Exception):
    """The file cannot be applied; `problems` are sentences with their lines. Nothing was changed."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def positions(text: str) -> dict[Path, int]:
    """The line of each table header and key, by path: `("clients", 0, "connections", 1, "base_url")`."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    here: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            here = ()
            names = [name.strip().strip('"') for name in header[2].split(".")]
            for depth, name in enumerate(names, start=1):
                here = (*here, name)
                if header[1] == "[[" and depth == len(names):
                    counts[here] = counts.get(here, -1) + 1
                if here in counts:
                    here = (*here, counts[here])
            found[here] = number
        elif key := _KEY.match(line):
            found.setdefault((*here, key[1]), number)
    return found


@dataclass
class File:
    """One file: its tables, and what is wrong in it."""

    text: str
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    problems: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lines = positions(self.text)

    def top(self) -> Table:
        """The whole file. Raises `ConfigProblems` when it is no TOML."""
        try:
            return Table(tomllib.loads(self.text), (), self)
        except tomllib.TOMLDecodeError as error:
            problem = f"The file is not TOML: {error}."
        raise ConfigProblems([problem])

    def problem(self, path: Path, message: str) -> None:
        while path and path not in self._lines:
            path = path[:-1]
        self.problems.append((self._lines.get(path, 1), message))

    def refuse_if_wrong(self) -> None:
        """Raises `ConfigProblems` with all of them, in the order of the file."""
        if self.problems:
            raise ConfigProblems([f"line {line}: {message}" for line, message in sorted(self.problems)])


@dataclass
class Table:
    """One table. Values are taken by name and kind; what nobody took is unknown, and said so by `finish`."""

    values: Mapping[str, Any] = field(repr=False)  # may hold secrets
    path: Path
    file: File
    taken: set[str] = field(default_factory=set)

    def problem(self, message: str, key: str = "") -> None:
        self.file.problem((*self.path, key) if key else self.path, message)

    def text(self, key: str) -> str | None:
        text: str | None = self._take(key, str, "a text")
        return text

    def flag(self, key: str) -> bool | None:
        flag: bool | None = self._take(key, bool, "true or false")
        return flag

    def table(self, key: str) -> Table:
        """The table of that name; an empty one when it is not there."""
        return Table(self._take(key, dict, "a table") or {}, (*self.path, key), self.file)

    def tables(self, key: str) -> Iterator[Table]:
        for index, value in enumerate(self._take(key, list, "a list of tables") or []):
            if isinstance(value, dict):
                yield Table(value, (*self.path, key, index), self.file)
            else:
                self.problem(f"{key} must be a list of tables.", key)

    def plain(self, key: str) -> Any:
        """Whatever stands there, taken as it is."""
        self.taken.add(key)
        return self.values.get(key)

    def name(self, key: str = "slug") -> str:
        """The text this table is known by; empty, and a problem, when it has none."""
        given = self.text(key)
        if given is None and not isinstance(self.values.get(key), str):
            self.problem(f"This {self.path[-2] if len(self.path) > 1 else 'table'} entry has no {key}.")
        return given or ""

    def secret(self, key: str) -> str | None:
        """A text, or what the environment variable of `{ env = "NAME" }` holds."""
        value = self.plain(key)
        if not isinstance(value, dict):
            return self.text(key)
        if set(value) != {"env"} or not isinstance(value["env"], str):
            self.problem(f'{key} must be a text or {{ env = "NAME" }}.', key)
            return None
        found = self.file.environ.get(value["env"])
        if not found:
            self.problem(f"{key}: the environment variable {value['env']} is not set.", key)
            return None
        return found

    def finish(self) -> None:
        """Name what is not known here."""
        for key in self.values.keys() - self.taken:
            self.problem(f"“{key}” is not known here; known: {', '.join(sorted(self.taken)) or 'nothing'}.", key)

    def _take(self, key: str, kind: type, described: str) -> Any:
        self.taken.add(key)
        value = self.values.get(key)
        if value is not None and not isinstance(value, kind):
            self.problem(f"{key} must be {described}.", key)
            return None
        return value
