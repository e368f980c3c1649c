"""What of a backup tool's raw text may stand in a ticket: readable sentences, no stack traces, no dumps. Pure.

A ticket is a signal, not a log file (design, 5A.6). Left out are: stack frames (Python, Java, .NET, JavaScript, PHP,
Ruby, Go, PowerShell, native), hex dumps, long runs of encoded data, and XML, HTML or JSON documents. The sentence that
names the error is kept, and a remark says that something was left out; the whole text stays on the run's page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

LEFT_OUT = "(technical details left out)"
LOOKED_AT = 50_000  # characters of a text that are looked at; far more than a ticket holds

# Bidirectional overrides could make a title read as something else; surrogates and controls are no text at all.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff\ud800-\udfff]"
)
_NEWLINES = re.compile("\r\n|\r|\u2028|\u2029|\x85|\x0b|\x0c")

_FRAME = re.compile(
    r"""
      # Java, .NET, JavaScript
      \s* at \s+ (?:async\s+)? [A-Za-z_$<\[] [\w.$<>`+\[\],~/\s:-]* \( [^()]* \) (?: \s* (?:in\s|\[|~\[) .* )? \s*
    | \s* at \s+ \S+ :\d+:\d+ \s*                        # JavaScript without a function
    | \s* File \s+ "[^"]*", \s+ line \s+ \d+ .*          # Python
    | \s* \.\.\. \s+ \d+ \s+ (?:more|common\s+frames\s+omitted) \s*
    | \s* --- \s* End \s+ of .* ---  \s*                 # .NET
    | At \s+ (?:line|.*\.psm?1) :\d+ \s+ char:\d+ .*     # PowerShell
    | \s* \+ \s+ (?:CategoryInfo|FullyQualifiedErrorId|~|.*~~) .*
    | \s* \#\d+ \s+ (?:0x[0-9a-fA-F]+|/|\{main\}|[A-Za-z]:\\|\[internal) .*  # PHP, native
    | \s* from \s+ \S+:\d+:in \s .*                      # Ruby
    | \s* goroutine \s+ \d+ \s+ \[ .*                    # Go
    | \s* (?:Stack\s?trace|StackTrace|Call\s+stack|Backtrace) \s* :? \s*
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PYTHON_TRACE = re.compile(r"\s*Traceback \(most recent call last\):?\s*", re.IGNORECASE)
_HEX_DUMP = re.compile(r"\s*(?:0x)?[0-9a-fA-F]{4,16}[:|]?\s+(?:[0-9a-fA-F]{2,8}[\s-]+){4,}.*")
_ENCODED = re.compile(r"[A-Za-z0-9+/=_-]{80,}")
_DOCUMENT = re.compile(r"\s*(?:<\?xml|<!doctype|<html|<soap|</?s:envelope).*", re.IGNORECASE)
_JSON_OPEN, _JSON_CLOSE = re.compile(r"[\[{]\s*"), re.compile(r"[\]}][,;]?\s*")


def clean(text: str) -> str:
    """The text with plain line ends and without characters that are no text."""
    return _UNPRINTABLE.sub("", _NEWLINES.sub("\n", text)).strip()


def one_line(text: str) -> str:
    """The cleaned text with every run of white space as one blank."""
    return " ".join(clean(text).split())


def readable(text: str) -> str:
    """The lines of the text that are for people, and `LEFT_OUT` where others were dropped."""
    lines = clean(text[:LOOKED_AT]).split("\n")
    kept = [_ENCODED.sub("…", line).rstrip() for line in _without_dumps(lines)]
    result = "\n".join(kept).strip()
    if len(kept) < len(lines):
        result = f"{result}\n{LEFT_OUT}" if result else LEFT_OUT
    return re.sub(r"\n{3,}", "\n\n", result)


def _without_dumps(lines: Iterable[str]) -> Iterator[str]:
    in_trace = in_json = False
    for line in lines:
        if _DOCUMENT.fullmatch(line):
            return  # documents have no end that could be trusted
        if in_json or _JSON_OPEN.fullmatch(line):
            in_json = not _JSON_CLOSE.fullmatch(line)
            continue
        if _PYTHON_TRACE.fullmatch(line):
            in_trace = True
            continue
        if in_trace and line[:1].isspace():
            continue  # a frame's source line; the first line that is not indented names the error
        in_trace = False
        if not _FRAME.fullmatch(line) and not _HEX_DUMP.fullmatch(line):
            yield line


def length(text: str) -> int:
    """How long Autotask finds the text: it counts UTF-16 units, so an emoji is two."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, limit: int) -> str:
    """The text, at most `limit` UTF-16 units long, with an ellipsis where it was cut."""
    if length(text) <= limit:
        return text
    head = text.encode("utf-16-le")[: max(limit - 1, 0) * 2].decode("utf-16-le", errors="ignore")
    return head.rstrip() + "…" if limit > 0 else ""
