"""A made-up language in which every translated text stands between ⟦ and ⟧, and what of a page is left outside of them.

So what nobody marked for translation is found by looking at pages, without a catalog and without gettext's tools.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser

from django.apps import apps
from django.template.base import Token, TokenType
from django.utils import translation
from django.utils.translation import trans_real
from django.utils.translation.trans_real import CONTEXT_SEPARATOR

LANGUAGE = "xx"
OPEN, CLOSE = "⟦", "⟧"
SPOKEN = {"title", "placeholder", "aria-label", "aria-description", "alt", "data-confirm", "data-said"}
MUTE = {"script", "style", "svg", "code", "pre", "kbd", "template"}  # code is quoted, not spoken
EMPTY = {"br", "img", "input", "hr", "meta", "link", "col", "source", "wbr"}
SAID = re.compile(r"[^\W\d_]{2}")
BETWEEN = re.compile(r"[\s,;:·•/()|–—→←↔…+#“”\"'’‘.!?%*=×<>&\[\]{}-]+")  # what stands between two pieces of data


class _Bracketed(trans_real.DjangoTranslation):
    """The catalog of the language; the constructor of its base reads files, which there are none of."""

    def __init__(self) -> None:
        self.plural = lambda count: int(count != 1)

    def gettext(self, message: str) -> str:
        return f"{OPEN}{message.split(CONTEXT_SEPARATOR)[-1]}{CLOSE}"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)

    def to_language(self) -> str:
        return "en"  # formats of dates and numbers stay as they are

    def language(self) -> str:
        return LANGUAGE


@contextmanager
def bracketed() -> Iterator[None]:
    """Speak the made-up language inside of the block."""
    trans_real._translations[LANGUAGE] = _Bracketed()  # type: ignore[attr-defined]  # where Django keeps its catalogs
    try:
        with translation.override(LANGUAGE):
            yield
    finally:
        del trans_real._translations[LANGUAGE]  # type: ignore[attr-defined]


class _Reader(HTMLParser):
    """Collects what a page says outside of the brackets: its text, and the attributes that are read out or shown."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.depth = 0
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in EMPTY:
            silent = tag in MUTE or "material-symbols-outlined" in (given.get("class") or "")
            self.open.append(f"{tag}!" if silent else tag)
        spoken = [given.get(name) for name in SPOKEN]
        if tag == "input" and given.get("type") in ("submit", "button"):
            spoken.append(given.get("value"))
        for text in filter(None, spoken):
            self.outside += _outside(text, 0)[0]

    def handle_endtag(self, tag: str) -> None:
        if tag in (name.rstrip("!") for name in self.open):
            while self.open.pop().rstrip("!") != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not any(name.endswith("!") for name in self.open):
            pieces, self.depth = _outside(data, self.depth)
            self.outside += pieces


def _outside(text: str, depth: int) -> tuple[list[str], int]:
    """The pieces of a text that no bracket surrounds, and how many brackets are open after it."""
    pieces = [""]
    for letter in text:
        if letter == OPEN:
            depth += 1
            pieces.append("")
        elif letter == CLOSE:
            depth -= 1
        elif depth == 0:
            pieces[-1] += letter
    return [piece.strip() for piece in pieces if piece.strip()], depth


def data_of_the_world() -> str:
    """Every value in the database, one after the other: what a page may show as it is."""
    values = (
        str(value)
        for model in apps.get_models()
        for row in model._default_manager.values_list()  # type: ignore[attr-defined]  # every model has one
        for value in row
    )
    return "\n".join(values)


def untranslated(page: str, data: str, *, names: Iterable[str] = ()) -> list[str]:
    """What the page says that is neither translated, nor in the data, nor one of the names (of products, of units)."""
    reader = _Reader()
    reader.feed(page)
    known = set(names)
    found = []
    for piece in reader.outside:
        words = [word for word in BETWEEN.split(piece) if SAID.search(word)]
        if _is_known(piece, data, known) or all(_is_known(word, data, known) for word in words):
            continue
        found.append(piece)
    assert reader.depth == 0, "a translated text was cut, so that its end is missing"
    return list(dict.fromkeys(found))


def spoken(markup: str) -> list[str]:
    """The words that a piece of HTML says to people, in its text and in the attributes that are shown or read out."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return [piece for piece in reader.outside if SAID.search(piece)]


def _is_known(text: str, data: str, names: set[str]) -> bool:
    """Whether it is in the data, perhaps written small there: headings begin with a capital."""
    return text in names or text in data or text[:1].lower() + text[1:] in data


CLASSES = re.compile(r"\bp-[\w-]+")  # of the style sheet
FALLBACKS = re.compile(r"""\|(?:default|default_if_none|yesno|add|pluralize)(?::(["'])(?P<said>[^"']*)\1)?""")
GIVEN = re.compile(r"""\w+=(["'])(?P<said>[^"']*[^\W\d_]{2}[^"']*)\1""")


def literals(token: Token) -> list[str]:
    """The texts in a tag of a template that it would print as they are; `pluralize` counts, whatever it says."""
    if token.token_type == TokenType.VAR:
        found = list(FALLBACKS.finditer(token.contents))
        return [one[0] for one in found if "pluralize" in one[0] or SAID.search(CLASSES.sub("", one["said"] or ""))]
    if token.token_type == TokenType.BLOCK and token.contents.startswith("include "):
        return [one["said"] for one in GIVEN.finditer(token.contents) if " " in one["said"] or one["said"].istitle()]
    return []
