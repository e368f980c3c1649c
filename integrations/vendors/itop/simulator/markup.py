"""What iTop does to HTML before it stores it, and the text it makes of it. Source: fact sheet, sections 3 and 6,
captures."""

from __future__ import annotations

import html
import re

import nh3

DOWNLOAD = "pages/ajax.document.php?operation=download_inlineimage&id="
DEBRIS = (  # what is stored of an entry without a message
    '<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.0 Transitional//EN" "http://www.w3.org/TR/REC-html40/loose.dtd">\n'
    '<?xml encoding="UTF-8"?>\n'
)
_BLOCKS = "p|div|ul|ol|table|h[1-6]|blockquote|pre|figure|hr"
_FIRST_BLOCK = re.compile(rf"<(?:{_BLOCKS})[\s>/]", re.IGNORECASE)
_IMG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_OWN_ATTRIBUTES = re.compile(r'\s(?:data-img-id|data-img-secret)="[^"]*"')
_TAGS = {
    *("p", "br", "b", "i", "u", "em", "strong", "strike", "s", "span", "div", "a", "img", "ul", "ol", "li", "table"),
    *("thead", "tbody", "tr", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "code", "hr"),
    *("figure", "figcaption", "sub", "sup"),
}


def sanitised(text: str, root: str) -> str:
    """As it is stored: without scripts and handlers, bare text in a paragraph, line breaks left raw.

    A picture of this instance's own is marked by its id and secret; the marks of another's are taken away.
    """
    clean = nh3.clean(
        text,
        tags=_TAGS,
        clean_content_tags={"script", "style", "iframe"},
        attributes={
            "*": {"style", "class"},
            "a": {"href", "target"},
            "img": {"src", "alt", "width", "height", "data-img-id", "data-img-secret"},
        },
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,
    )
    return _IMG.sub(lambda tag: _marked(tag[0], root), _wrapped(clean))


def _wrapped(clean: str) -> str:
    block = _FIRST_BLOCK.search(clean)
    lead = clean[: block.start()] if block else clean
    return f"<p>{lead}</p>{clean[len(lead) :]}" if lead.strip() else clean


def _marked(tag: str, root: str) -> str:
    source = html.unescape((re.search(r'src="([^"]*)"', tag) or ["", ""])[1])
    own = re.search(re.escape(DOWNLOAD) + r"([0-9]+)&s=([0-9a-f]+)", source)
    if own is None:
        return tag
    bare = _OWN_ATTRIBUTES.sub("", tag)
    if not source.startswith(root):
        return bare
    return f'{bare[:-1]} data-img-id="{own[1]}" data-img-secret="{own[2]}">'


def escaped(text: str) -> str:
    """A log entry of the format text."""
    return html.escape(text, quote=False).replace("\r\n", "\n").replace("\n", "<br/>")


def text_of(stored: str) -> str:
    """The text of stored HTML: pictures are missing, raw line breaks are blanks, paragraphs stand apart."""
    without = re.sub(r"<!DOCTYPE[^>]*>|<\?xml[^>]*>", "", stored)
    flat = re.sub(r"\s+", " ", without)
    broken = re.sub(r"<br\s*/?>", "\n", re.sub(rf"</(?:{_BLOCKS})>", "\n\n", flat, flags=re.IGNORECASE))
    return html.unescape(re.sub(r"<[^>]*>", "", broken)).strip()


def picture_tag(root: str, number: int, secret: str) -> str:
    """As the editor of iTop's console leaves it."""
    source = html.escape(f"{root}{DOWNLOAD}{number}&s={secret}")
    return f'<img src="{source}" data-img-id="{number}" data-img-secret="{secret}">'
