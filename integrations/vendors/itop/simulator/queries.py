"""As much of iTop's query language as the bridge and triggers need: one class, comparisons, AND, OR, IN, LIKE."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .model import OWN, attributes
from .refusals import thrown

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|(?P<number>[0-9]+)"
    r"|(?P<name>:?[A-Za-z_][A-Za-z0-9_]*(?:(?:\.|->)[A-Za-z_][A-Za-z0-9_]*)?)|(?P<sign>!=|<=|>=|[=<>(),]))",
    re.DOTALL,
)
Value = Callable[[str], Any]
Test = Callable[[Value], bool]
_WORDS = frozenset({"SELECT", "WHERE", "AND", "OR", "IN", "LIKE", "NOT", "AS"})


@dataclass(frozen=True, slots=True)
class Query:
    """`fits(value)` tells whether an object belongs to it; `value(name)` gives what one of its attributes shows."""

    class_name: str
    fits: Test


def parse(text: str, known: Callable[[str], Mapping[str, Any]] = attributes) -> Query:
    """`known` gives the attributes of a class. Raises Refused, as iTop does for what it cannot read."""
    return _Parser(text, known).query()


class _Parser:
    def __init__(self, text: str, known: Callable[[str], Mapping[str, Any]]) -> None:
        self._known = known
        self._tokens = list(_tokens(text))
        self._at = 0
        self._class = self._alias = ""

    def query(self) -> Query:
        self._expect("SELECT")
        self._class = self._alias = self._next()[1]
        if self._class not in OWN:
            raise thrown(f"Unknown class '{self._class}', did you mean '{next(iter(OWN))}'?")
        if self._is("AS"):
            self._alias = self._next()[1]
        fits = self._any() if self._is("WHERE") else lambda value: True
        if self._at < len(self._tokens):
            raise thrown(f"Unexpected input at line 0: {self._tokens[self._at][1]}")
        return Query(self._class, fits)

    def _any(self) -> Test:
        tests = [self._all()]
        while self._is("OR"):
            tests.append(self._all())
        return lambda value: any(test(value) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._is("AND"):
            tests.append(self._one())
        return lambda value: all(test(value) for test in tests)

    def _one(self) -> Test:
        if self._is("("):
            inner = self._any()
            self._expect(")")
            return inner
        left = self._operand()
        is_not = self._is("NOT")
        if self._is("IN"):
            self._expect("(")
            choices = [self._operand()]
            while self._is(","):
                choices.append(self._operand())
            self._expect(")")
            return lambda value: is_not != any(_same(left(value), one(value)) for one in choices)
        if self._is("LIKE"):
            pattern = self._operand()
            return lambda value: is_not != _like(str(left(value)), str(pattern(value)))
        kind, sign = self._next()
        if kind != "sign" or sign not in _COMPARED:
            raise thrown(f"Unexpected token {sign} at line 0")
        right = self._operand()
        return lambda value: _COMPARED[sign](left(value), right(value))

    def _operand(self) -> Callable[[Value], Any]:
        kind, token = self._next()
        if kind == "text":
            literal = re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL)
            return lambda value: literal
        if kind == "number":
            return lambda value: int(token)
        if kind != "name" or token.upper() in _WORDS:
            raise thrown(f"Unexpected token {token} at line 0")
        if token.startswith(":"):
            return lambda value: value(token)
        alias, _, name = token.rpartition(".")
        known = self._known(self._class)
        if alias not in ("", self._alias) or (name != "id" and name not in known):
            expected = ", ".join(f"{self._alias}.{one}" for one in ("id", *known))
            raise thrown(f"Unknown filter code for class {self._class}: found '{token}', expecting {{{expected}}}")
        return lambda value: value(name)

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise thrown("Unexpected end of the OQL query")
        self._at += 1
        return self._tokens[self._at - 1]

    def _is(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][1].upper() == word:
            self._at += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._is(word):
            found = self._tokens[self._at][1] if self._at < len(self._tokens) else "the end"
            raise thrown(f"Unexpected token {found} at line 0, expecting {word}")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise thrown(f"Unexpected input at line 0: {text[at : at + 10].strip()}")
        at = found.end()
        yield str(found.lastgroup), str(found[str(found.lastgroup)])


def _pair(left: Any, right: Any) -> tuple[Any, Any]:
    """Numbers are compared as such, texts without their case, as MySQL does."""
    try:
        return int(left), int(right)
    except (ValueError, TypeError):
        return str(left).lower(), str(right).lower()


def _same(left: Any, right: Any) -> bool:
    one, other = _pair(left, right)
    return bool(one == other)


def _compared(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda left, right: test(*_pair(left, right))


_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": _compared(lambda one, other: one == other),
    "!=": _compared(lambda one, other: one != other),
    "<": _compared(lambda one, other: one < other),
    "<=": _compared(lambda one, other: one <= other),
    ">": _compared(lambda one, other: one > other),
    ">=": _compared(lambda one, other: one >= other),
}


def _like(text: str, pattern: str) -> bool:
    parts = re.split(r"(%|_)", pattern)
    regex = "".join({"%": ".*", "_": "."}.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(regex, text, re.IGNORECASE | re.DOTALL) is not None
