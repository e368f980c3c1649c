"""HTML from Python's format strings: Django's `format_html` without its price, for what a page has fifty of (M9)."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from django.utils.safestring import SafeString

from integrations.texts import Text

NOTHING = SafeString("")


def filled(template: str, **values: object) -> SafeString:
    """The template with the values in it. Whatever is not marked as safe is escaped, as `format_html` does it."""
    return SafeString(template.format(**{name: escaped(value) for name, value in values.items()}))


def worded(template: str, **words: Text) -> str:
    """The template with our own words in it, in the language of the page; places for values stay, theirs too."""
    for name, word in words.items():
        template = template.replace(f"{{{name}}}", escaped(word))
    return template


def escaped(value: object) -> SafeString:
    """Escaped for text and attributes, unless it is safe already; for what is shown more than once."""
    return value if isinstance(value, SafeString) else SafeString(escape(str(value)))


def joined(parts: Iterable[SafeString], between: SafeString = NOTHING) -> SafeString:
    """One after the other; only what is safe already."""
    return SafeString(between.join(parts))
