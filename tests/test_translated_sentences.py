"""Sentences in the code that tools read: each is one constant text, and gets exactly the values that it names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

ROOT = Path(__file__).resolve().parents[1]
MARKS = {"_", "gettext", "gettext_lazy", "ngettext"}
HOUSE = [path for path in (ROOT / "integrations").rglob("*.py") if "migrations" not in path.parts]


def test_a_marked_sentence_is_a_constant_that_tools_find_and_gets_the_values_it_names() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {problem}"
        for path in HOUSE
        for line, problem in problems(ast.parse(path.read_text()))
    ]
    assert not found, "\n".join(found)


def test_what_no_tool_would_find_and_what_would_fail_when_it_is_said_is_seen() -> None:
    planted = """
_(f"Held since {when}.")
gettext(sentence)
_("Held since {when}.").format(then=when)
_("Held since {when}.").format(when=when)
f"{_('Held')}: {when}"
"""
    assert [line for line, _ in problems(ast.parse(planted))] == [2, 3, 4, 6]


def problems(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line, and what is wrong there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and any(map(_is_mark, ast.walk(node))):
            yield node.lineno, "marks within a text, where xgettext does not look"
        if not isinstance(node, ast.Call):
            continue
        if _is_mark(node) and any(not isinstance(text, ast.Constant) for text in _texts(node)):
            yield node.lineno, "marks something else than a constant text"
        said = node.func.value if isinstance(node.func, ast.Attribute) and node.func.attr == "format" else None
        given = {keyword.arg for keyword in node.keywords}
        if said is None or not _is_mark(said) or None in given or node.args:
            continue
        for text in _texts(said):
            if isinstance(text, ast.Constant) and _named(str(text.value)) != given:
                yield node.lineno, f"names {sorted(_named(str(text.value)))}"


def _is_mark(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS


def _texts(mark: ast.expr) -> list[ast.expr]:
    """The text of a mark, or its singular and its plural."""
    assert isinstance(mark, ast.Call)
    return mark.args[:2] if ast.unparse(mark.func) == "ngettext" else mark.args[:1]


def _named(text: str) -> set[str | None]:
    return {name.partition(".")[0].partition("[")[0] for _, name, _, _ in Formatter().parse(text) if name is not None}
