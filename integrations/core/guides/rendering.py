"""A guide's Markdown as HTML for a page of the portal. Inert: HTML in it is shown as text.

Links to other guides lead to their pages, headings have the anchors that GitHub gives them, pictures have a dark twin
where there is one, and a link to what the portal does not show (a program, the change log) is its text alone. So is a
picture from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.token import Token

from integrations.core.markup import escaped, filled

from .pictures import Picture

_IMAGE = '<img class="{shown}" src="{src}" alt="{alt}" width="{width}" height="{height}" loading="lazy">'
_CELL = '<td data-label="{label}"><div>'


class Heading(NamedTuple):
    """A section: its anchor, its words, and how deep it is (2 or more)."""

    anchor: str
    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Leads:
    """Where links lead (None: the portal shows no such thing), and a picture in light and, if there is one, dark."""

    link: Callable[[str], str | None]
    picture: Callable[[str], tuple[Picture, ...]]


@dataclass(frozen=True, slots=True)
class Rendered:
    title: str
    html: SafeString
    headings: tuple[Heading, ...] = field(default=())


def rendered(text: str, leads: Leads) -> Rendered:
    """The page of a guide; its first heading is the title and stands above it."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("image", _image)
    parser.add_render_rule("table_open", lambda *_: '<table class="p-table">\n')
    parser.add_render_rule("td_open", lambda _, tokens, at, *__: filled(_CELL, label=tokens[at].meta["label"]))
    parser.add_render_rule("td_close", lambda *_: "</div></td>\n")
    tokens = parser.parse(text)
    headings = _anchored(tokens)
    _label_cells(tokens)
    title = ""
    if headings and headings[0].level == 1:
        title, headings = headings[0].text, headings[1:]
        start = next(at for at, token in enumerate(tokens) if token.type == "heading_open")
        del tokens[start : start + 3]
    for token in tokens:
        _lead(token.children or (), leads)
    return Rendered(title, SafeString(parser.renderer.render(tokens, parser.options, {})), tuple(headings))


def title_of(text: str) -> str:
    """The first heading, without rendering the rest."""
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1].strip() if found else ""


def _anchored(tokens: Sequence[Token]) -> list[Heading]:
    """Every heading gets its anchor; one that comes again is counted."""
    found: list[Heading] = []
    known: dict[str, int] = {}
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        words = _words(inline)
        anchor = anchor_of(words)
        known[anchor] = known.get(anchor, -1) + 1
        anchor = f"{anchor}-{known[anchor]}" if known[anchor] else anchor
        opening.attrSet("id", anchor)
        found.append(Heading(anchor, words, int(opening.tag[1:])))
    return found


def _label_cells(tokens: Sequence[Token]) -> None:
    """Each cell knows the heading of its column, which stands before it on a phone."""
    labels: list[str] = []
    column = 0
    for opening, inline in pairwise(tokens):
        if opening.type == "thead_open":
            labels = []
        elif opening.type == "th_open":
            labels.append(_words(inline))
        elif opening.type == "tr_open":
            column = 0
        elif opening.type == "td_open":
            opening.meta = {"label": labels[column]}
            column += 1


def _words(inline: Token) -> str:
    return "".join(part.content for part in inline.children or () if part.type in ("text", "code_inline"))


def anchor_of(words: str) -> str:
    """As GitHub makes it: small letters, no punctuation, a hyphen for each blank."""
    return re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")


def _lead(parts: Sequence[Token], leads: Leads) -> None:
    """Links and pictures of a paragraph lead where the portal has them."""
    is_shown = True
    for part in parts:
        if part.type == "link_open":
            href = leads.link(str(part.attrs["href"]))
            is_shown = href is not None
            part.attrs = {"class": "p-link", "href": href or ""}
            if href and href.startswith("http"):
                part.attrs |= {"rel": "noopener noreferrer"}
        if part.type == "image":
            part.meta = {"pictures": leads.picture(str(part.attrs["src"]))}
        if part.type in ("link_open", "link_close") and not is_shown:
            part.type, part.tag, part.nesting, part.content = "text", "", 0, ""


def _image(renderer: Any, tokens: Sequence[Token], at: int, *_: Any) -> str:
    pictures: tuple[Picture, ...] = tokens[at].meta["pictures"]
    shown = ("g-light", "g-dark") if len(pictures) > 1 else ("",)
    alt = tokens[at].content
    if not pictures:
        return escaped(alt)
    both = zip(shown, pictures, strict=True)
    return "".join(filled(_IMAGE, shown=name, alt=alt, **picture._asdict()) for name, picture in both)
