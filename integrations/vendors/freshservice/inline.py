"""Pictures inside HTML: Freshservice does not list them among the attachments.

They look so (a public bug report with recorded tickets): `<img src="https://attachment.freshservice.com/inline/
attachment?token=…" class="inline-image" data-id="{attachment id}" data-store-type="1">`.

The HTML is a stranger's. It is walked tag by tag, and only the start of one `img` at a time goes to the parser: on a
whole document of malformed HTML the parser takes time that grows with the square of its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

from .schemas import Attachment

LONGEST_TAG = 8_192  # characters; a picture in the src itself is longer, and none of ours
MOST_IMAGES = 500
_START = re.compile(r"<!--|<img(?=[\s/>])", re.IGNORECASE)
_CLASS = "inline-image"
_ID = re.compile(r"[0-9]{1,19}")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}")
_EXTENSIONS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/bmp": ".bmp",
    "image/svg+xml": ".svg",
    "image/tiff": ".tif",
}


def inline_images(html: str) -> tuple[Attachment, ...]:
    """The inline images of a description or a body, in their order, each once. Never raises.

    Their names are `inline-{id}`, with an ending where the address shows one; size and type are not known before they
    are fetched.
    """
    found: dict[int, Attachment] = {}
    for _start, _end, _attributes, image in _images(html):
        found.setdefault(image.id, image)
        if len(found) == MOST_IMAGES:
            break
    return tuple(found.values())


def lasting(html: str) -> str:
    """What of the HTML is the same at each read: all but the signed part of its inline images' addresses.

    To be compared, not to be shown.
    """
    parts: list[str] = []
    done = 0
    for start, end, attributes, _image in _images(html):
        source = attributes["src"].partition("?")[0]
        parts += [html[done:start], repr(sorted((attributes | {"src": source}).items()))]
        done = end
    return "".join([*parts, html[done:]])


def with_ending(name: str, content_type: str) -> str:
    """The name with the ending of its type, unless it has one."""
    if _EXTENSION.fullmatch(name[name.rfind(".") :] if "." in name else ""):
        return name
    return name + _EXTENSIONS.get(content_type.partition(";")[0].strip().lower(), "")


def _images(html: str) -> Iterator[tuple[int, int, dict[str, str], Attachment]]:
    """Each tag of an inline image: where it begins and ends, its attributes, and the image."""
    at = 0 if _CLASS in html else len(html)
    while start := _START.search(html, at):
        if start[0] == "<!--":
            end = html.find("-->", start.end())
            if end < 0:
                return
            at = end + 3
            continue
        attributes, length = _first_tag(html[start.start() : start.start() + LONGEST_TAG])
        at = start.start() + length
        if image := _image(attributes):
            yield start.start(), at, attributes, image


class _Found(Exception):
    pass


class _FirstTag(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.attributes: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            self.attributes.setdefault(name, value or "")  # of two the first counts, as in a browser
        raise _Found


def _first_tag(html: str) -> tuple[dict[str, str], int]:
    """The attributes of the tag that this begins with, and its length; none and the whole if it does not end."""
    parser = _FirstTag()
    try:
        parser.feed(html)
    except _Found:
        return parser.attributes, len(parser.get_starttag_text() or html)
    return {}, len(html)


def _image(attributes: dict[str, str]) -> Attachment | None:
    source, number = attributes.get("src", "").strip(), attributes.get("data-id", "").strip()
    if _CLASS not in attributes.get("class", "").split() or not _ID.fullmatch(number):
        return None
    if not source.lower().startswith(("https://", "http://")) or not 0 < int(number) < 2**63:
        return None
    return Attachment(id=int(number), name=f"inline-{number}{_ending(source)}", url=source, is_inline=True)


def _ending(source: str) -> str:
    try:
        path = urlsplit(source).path
    except ValueError:
        return ""
    last = path.rpartition("/")[2]
    ending = last[last.rfind(".") :].lower() if "." in last else ""
    return ending if _EXTENSION.fullmatch(ending) else ""
