"""What sentences about failures have in common: “Ticket 123 is gone” and “Ticket 124 is gone” have one shape.

Pure. A shape is a sentence in which each id, number, moment and address became “…”. It must stay a sentence that a
person understands, so what is no id stays: status codes, names such as `ABC 2`, fields such as `address2`.
"""

from __future__ import annotations

import re

GAP = "…"
LONGEST = 300

# What stays comes before what goes; of two that fit at one place the first counts.
_STAYS = (
    r"\b[A-Z]{3,} \d{1,3}\b(?![\w.\-:]*\d)",  # a status or a product: HTTP 404, ABC 2
    r"\b(?:status|code|error|line|port|version) \d{1,5}\b(?![\w.\-:]*\d)",
    r"\b[a-z][a-z_]+\d{1,2}\b(?![\-:.]\w)",  # a field or a protocol: address2, ipv4
    r"\b[Uu][Tt][Ff]-\d{1,2}\b",
    rf"„{GAP}[“”]|«{GAP}»",
)
_GOES = (
    r"https?://[^\s”\"')>,;]*[^\s”\"')>,;.]",
    r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+",  # a person's address
    r"“[^”]{31,}”",  # what somebody wrote; short quotations are names of fields and values
    r"„[^“”]{31,}[“”]",  # the same where a translation quotes in its own way
    r"«[^»]{31,}»",
    r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z| ?UTC|[+\-]\d\d:?\d\d)?",
    r"#?[\w\-]*\d\w*(?:[\-.,:/_]\w+)*",
)
_TOLD = re.compile(f"(?P<stays>{'|'.join(_STAYS)})|(?P<kind>\\b[A-Za-z_]+:)?(?P<goes>{'|'.join(_GOES)})")
_GAPS = re.compile(rf"{GAP}(?:(?:, | and | or | |, and ){GAP})+")
_SPACE = re.compile(r"\s+")


def shape_of(sentence: str) -> str:
    """The sentence without what tells one record from another. The shape of a shape is itself."""
    text = _TOLD.sub(_without, _SPACE.sub(" ", sentence).strip())
    text = _GAPS.sub(GAP, text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip(f'{GAP} ')}{GAP}"


def _without(found: re.Match[str]) -> str:
    if found["stays"]:
        return found["stays"]
    goes = found["goes"]
    return f"{found['kind'] or ''}{f'{goes[0]}{GAP}{goes[-1]}' if goes[0] in '“„«' else GAP}"
