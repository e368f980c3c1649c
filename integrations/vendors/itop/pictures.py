"""Pictures inside iTop's HTML: of its own (`InlineImage`), in the text itself (`data:`), or of somebody else's site.

An own one looks so: `<img src="…/pages/ajax.document.php?operation=download_inlineimage&amp;id=1&amp;s=SECRET"
data-img-id="1" data-img-secret="SECRET">`. The HTML is a stranger's: it is walked tag by tag, in time that grows with
its length alone, and no address in it is believed.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote_to_bytes

MOST_PICTURES = 500
LARGEST_ID = 2**63 - 1
# Possessive, so that what does not fit is found out in one pass. A tag that does not end takes all that follows.
_TAG = re.compile(r"<!--.*?-->|<img(?=[\s/>])(?:[^>\"']|\"[^\"]*+\"|'[^']*+')*+>", re.IGNORECASE | re.DOTALL)
_START = re.compile(r"<!--|<img(?=[\s/>])", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([^\s\"'<>/=]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'=<>`]++)))?+")
_ID = re.compile(r"[0-9]{1,19}")
_DATA = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[^;,]*)*),(.*)", re.IGNORECASE | re.DOTALL)
_ENDINGS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/bmp": ".bmp",
    "image/svg+xml": ".svg",
    "image/tiff": ".tif",
}


class Kind(StrEnum):
    INLINE = "inline"  # an InlineImage of this iTop, by its id
    DATA = "data"  # its bytes stand in the text
    FOREIGN = "foreign"  # an address of somebody else's: never fetched


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture, as it stands in the text. `repr` shows neither address nor secret."""

    kind: Kind
    id: int = 0
    secret: str = field(default="", repr=False)
    source: str = field(default="", repr=False)

    def content(self) -> tuple[str, bytes]:
        """Media type and bytes of a picture in the text. Raises ValueError for another kind and for broken ones."""
        found = _DATA.fullmatch(self.source) if self.kind is Kind.DATA else None
        if found is None:
            raise ValueError("no picture in the text")
        media_type = (found[1] or "text/plain").lower()
        if ";base64" not in found[2].lower():
            return media_type, unquote_to_bytes(found[3])
        text = re.sub(r"\s+", "", found[3])
        try:
            return media_type, base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        except binascii.Error:
            raise ValueError("the picture in the text is not base64") from None


def pictures_in(text: str) -> tuple[Picture, ...]:
    """The pictures of a piece of HTML, in their order, as often as they stand there. Never raises."""
    return tuple(picture for _, _, picture in _walk(text))


def with_notes(text: str, note: Callable[[Picture], str]) -> str:
    """The HTML with each picture's tag replaced by what `note` says of it, which is HTML itself."""
    parts: list[str] = []
    at = 0
    for start, end, picture in _walk(text):
        parts += [text[at:start], note(picture)]
        at = end
    return "".join([*parts, text[at:]])


def name_of(number: int, media_type: str) -> str:
    """A file name for a picture that has none."""
    return f"picture-{number}{_ENDINGS.get(media_type.partition(';')[0].strip().lower(), '')}"


def _walk(text: str) -> Iterator[tuple[int, int, Picture]]:
    at = count = 0
    while count < MOST_PICTURES and (start := _START.search(text, at)):
        tag = _TAG.match(text, start.start())
        if tag is None:
            return
        at = tag.end()
        if not tag[0].startswith("<!--"):
            count += 1
            yield tag.start(), tag.end(), _picture(_attributes(tag[0]))


def _attributes(tag: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in _ATTRIBUTE.finditer(tag, len("<img")):
        value = next((part for part in one.groups()[1:] if part is not None), "")
        found.setdefault(one[1].lower(), html.unescape(value))  # of two the first counts, as in a browser
    return found


def _picture(attributes: dict[str, str]) -> Picture:
    number, source = attributes.get("data-img-id", "").strip(), attributes.get("src", "").strip()
    if _ID.fullmatch(number) and 0 < int(number) <= LARGEST_ID:
        return Picture(Kind.INLINE, int(number), attributes.get("data-img-secret", "").strip(), source)
    if source[:5].lower() == "data:":
        return Picture(Kind.DATA, source=source)
    return Picture(Kind.FOREIGN, source=source)
