"""What becomes of a phone number that is written (fact sheet, section 4): normalised, kept as it is, or refused.

The real one uses libphonenumber; here only what was observed is done: the national zero goes, what is between the
digits goes, and a number counts as possible by its length.
"""

from __future__ import annotations

import re

LONGEST = 36
_PLAIN = re.compile(r"[0-9A-Za-z_@:#+().\- ]+")
_EXTENSION = re.compile(r"\s*(?:ext\.?|x|#|;ext=)\s*([0-9]{1,7})\s*$", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s()./\-]+")


def normal(text: str, *, international: bool, extensions: bool) -> str | None:
    """The number as it is stored; None where it is refused."""
    if len(text) > LONGEST:
        return None
    if not international:
        return text if _PLAIN.fullmatch(text) else None
    extension = _EXTENSION.search(text)
    bare = text[: extension.start()] if extension else text
    digits = _BETWEEN.sub("", bare.replace("(0)", ""))
    if not re.fullmatch(r"\+[1-9][0-9]{3,15}", digits):
        return None
    digits = re.sub(r"^\+490", "+49", digits)
    return f"{digits} ext. {extension[1]}" if extension and extensions else digits


def is_normal(text: str, *, international: bool) -> bool:
    """Whether a stored number is one that could be written."""
    return not international or re.fullmatch(r"\+[1-9][0-9]{3,15}(?: ext\. [0-9]+)?", text) is not None
