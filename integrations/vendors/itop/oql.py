"""Conditions in iTop's query language. Values never become part of the language: they are quoted, or refused."""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


def name(text: str) -> str:
    """A class or an attribute as it may stand in a query. Raises ValueError."""
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text[:60]!r} is no name of a class or an attribute")
    return text


def quoted(text: str) -> str:
    """A text as a literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def select(class_name: str, *conditions: str) -> str:
    """All objects of the class, and of those below it, for which all conditions hold."""
    query = f"SELECT {name(class_name)}"
    given = [condition for condition in conditions if condition]
    return f"{query} WHERE {' AND '.join(given)}" if given else query


def between(after: int, up_to: int | None = None) -> str:
    """Ids above one and up to another. iTop has no order to ask for, so windows of ids stand for pages."""
    lower = f"id > {int(after)}"
    return lower if up_to is None else f"{lower} AND id <= {int(up_to)}"
