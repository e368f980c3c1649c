"""Secrets out of everything that is kept or shown: by value (whatever form it took) and by name.

By value is the promise: a secret we were given never passes, wherever it stands. By name is the net below it, for
secrets we were never told (a token the vendor just issued, a cookie).
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import quote, quote_plus

MASK = "[redacted]"
SHORTEST_SECRET = 4  # below this, masking by value would eat ordinary text
LONG_ENOUGH_TO_MEAN_IT = 8

_NAME = (
    r"authorization|secret|passwo?r?d|passwd|pwd|passphrase|token|api[-_ ]?key|cookie|credential"
    r"|integration[-_]?code|private[-_ ]?key|access[-_ ]?key|session[-_]?id|signature|hmac"
)
_SENSITIVE = re.compile(_NAME, re.IGNORECASE)
_WORTH_A_LOOK = re.compile(_NAME + r"|[?&;]s(?:ig)?=", re.IGNORECASE)
# A JSON member whose name is sensitive; the quote may be escaped (JSON inside JSON), the value may be cut off.
_JSON_MEMBER = re.compile(
    r'(?P<name>(?<!\\)(?P<quote>\\{0,7}")[^"\\]{0,80}?(?:' + _NAME + r')[^"\\]{0,80}(?P=quote)\s*:\s*)'
    r"(?:(?P=quote)(?:(?!(?P=quote))(?:\\.|[^\\]))*(?:(?P=quote)|\Z)"
    r"|\[[^\]]*(?:\]|\Z)|\{[^{}]*(?:\}|\Z)|(?!null|true|false)[^\s,}\]\[{\"\\]+)",
    re.IGNORECASE | re.DOTALL,
)
# name=value in a query or a form body. Whether the name is sensitive is asked afterwards: one pattern for both would
# take cubic time on hostile text.
_PARAMETER = re.compile(r"(?<![\w.\-\[\]])(?P<name>[\w.\-\[\]]{1,200})=(?!\\{0,7}[\"'])[^&\s\"'<>]+")
# The same as an attribute of a tag; its quote may be escaped (HTML inside JSON).
_ATTRIBUTE = re.compile(
    r"(?<![\w.\-\[\]])(?P<name>[\w.\-]{1,200})=(?P<quote>\\{0,7}[\"'])[^\"'\\<>]+",
)
SIGNATURES = frozenset({"s", "sig"})  # what some vendors call the parameter that opens a file to everybody
_AUTH_SCHEME = re.compile(r"\b(Basic|Bearer|Digest)\s+[A-Za-z0-9+/=_.\-]{8,}", re.IGNORECASE)


@lru_cache(maxsize=1000)  # the same few headers with every call
def is_sensitive_name(name: str) -> bool:
    """Whether a header, field or parameter of this name holds a secret by its name alone."""
    return _SENSITIVE.search(name) is not None


def _without_value(hit: re.Match[str]) -> str:
    before = hit.string[hit.start() - 1 : hit.start()]
    signs = hit["name"].lower() in SIGNATURES and before in ("", "?", "&", ";")
    return f"{hit['name']}={MASK}" if signs or is_sensitive_name(hit["name"]) else hit.group()


def _without_quoted(hit: re.Match[str]) -> str:
    return f"{hit['name']}={hit['quote']}{MASK}" if is_sensitive_name(hit["name"]) else hit.group()


def _base64_forms(raw: bytes) -> Iterable[str]:
    """The part of the base64 text that depends on the secret alone, for each of its three alignments."""
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + raw).decode("ascii").rstrip("=")
        first = -(-lead * 8 // 6)  # first character that holds no bit of what stands before
        last = (lead + len(raw)) * 8 // 6  # characters from here also hold bits of what follows
        core = encoded[first:last]
        if len(core) >= SHORTEST_SECRET:
            yield core
            yield core.translate(str.maketrans("+/", "-_"))


def _percent_forms(secret: str) -> Iterable[str]:
    for form in (quote(secret, safe=""), quote(secret), quote_plus(secret), quote(secret, safe="~()*!'")):
        yield form
        yield re.sub(r"%[0-9A-F]{2}", lambda hit: hit.group().lower(), form)


def _json_forms(secret: str) -> Iterable[str]:
    for ascii_only in (True, False):
        form = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield form
        yield form.replace("/", "\\/")
        yield json.dumps(form, ensure_ascii=ascii_only)[1:-1]  # JSON inside JSON
    yield repr(secret)[1:-1]


def forms_of(secret: str) -> frozenset[str]:
    """Every spelling of one secret that is searched for."""
    raw = secret.encode("utf-8", "surrogatepass")
    forms = {secret, raw.hex(), raw.hex().upper(), html.escape(secret), html.escape(secret, quote=False)}
    forms.update(_base64_forms(raw), _percent_forms(secret), _json_forms(secret))
    return frozenset(form for form in forms if len(form) >= SHORTEST_SECRET)


class Redactor:
    """Masks the given secrets, and whatever is secret by name, in texts and headers.

    Secrets shorter than four characters are ignored: masking them would make every text unreadable.
    """

    __slots__ = ("_forms", "_longest")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        found: set[str] = set()
        for secret in secrets:
            for variant in (secret, secret.strip()):
                if len(variant) >= SHORTEST_SECRET:
                    found |= forms_of(variant)
        self._forms = tuple(sorted(found, key=lambda form: (-len(form), form)))
        self._longest = max((len(form) for form in found), default=0)

    def __repr__(self) -> str:
        return "Redactor()"

    def knows(self, text: str) -> bool:
        """Whether one of the secrets stands in the text, in any form that is too long to stand there by chance."""
        return any(form in text for form in self._forms if len(form) >= LONG_ENOUGH_TO_MEAN_IT)

    def by_value(self, text: str) -> str:
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        return text

    def text(self, text: str) -> str:
        """The text without secrets: values first, then JSON members, parameters and authorization by name."""
        text = self.by_value(text)
        if _WORTH_A_LOOK.search(text):
            text = _JSON_MEMBER.sub(lambda hit: f"{hit['name']}{hit['quote']}{MASK}{hit['quote']}", text)
            text = _ATTRIBUTE.sub(_without_quoted, text)
            text = _PARAMETER.sub(_without_value, text)
        return _AUTH_SCHEME.sub(lambda hit: f"{hit.group(1)} {MASK}", text)

    def cut(self, text: str, limit: int) -> str:
        """The redacted beginning of a long text; a secret that stands across the cut does not show its first half."""
        if len(text) <= limit:
            return self.text(text)
        shown = self.text(text[: limit + self._longest])
        return shown[: min(limit, max(0, len(shown) - self._longest))] + " …"

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {
            self.by_value(name): MASK if is_sensitive_name(name) else self.text(value)
            for name, value in headers.items()
        }
