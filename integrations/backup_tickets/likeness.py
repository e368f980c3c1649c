"""How like two names of organisations are, so that a company can be proposed for a customer. Pure.

Compared are words without case, accents, punctuation and legal forms, in any order. Of two companies that are equally
like, none is proposed: that choice is not a machine's.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

LEAST = 75  # of 100; below it names are merely alike in some letters
COMMON = 200  # companies that share a word; a word of more than these finds none by itself
NOT_TELLING = frozenset(  # legal forms, and words that many names have
    [
        *(
            "bv",
            "nv",
            "vof",
            "cv",
            "ab",
            "as",
            "aps",
            "oy",
            "oyj",
            "sa",
            "sas",
            "sarl",
            "srl",
            "spa",
            "snc",
            "lda",
            "sl",
        ),
        *("gmbh", "ag", "kg", "ohg", "ug", "ev", "mbh", "co", "ltd", "limited", "llc", "llp", "plc", "inc", "corp"),
        *(
            "sl",
            "corporation",
            "company",
            "pty",
            "the",
            "de",
            "het",
            "holding",
            "group",
            "stichting",
            "and",
            "en",
            "und",
            "et",
        ),
    ]
)
_WORD = re.compile(r"[^\W_]+")
_DOTTED = re.compile(r"\b(?:\w\.){2,}")


@dataclass(frozen=True)
class Name:
    """A company's id and name, and what of the name is compared."""

    id: int
    name: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        return words_of(self.name)


@dataclass(frozen=True, slots=True)
class Match:
    """The company that is most like a name, and how like, of 100."""

    id: int
    name: str
    likeness: int


def words_of(name: str) -> tuple[str, ...]:
    """The words that tell organisations apart, sorted; all words where only legal forms are left."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter)).replace("ß", "ss")
    plain = _DOTTED.sub(lambda found: found[0].replace(".", ""), plain + " ")
    words = _WORD.findall(plain)
    telling = [word for word in words if word not in NOT_TELLING]
    return tuple(sorted(telling or words))


def likeness(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Of 100: equal words, else the likeness of their letters, never 100."""
    if not one or not other:
        return 0
    if one == other:
        return 100
    return min(99, round(100 * SequenceMatcher(None, " ".join(one), " ".join(other), autojunk=False).ratio()))


class Companies:
    """Many companies, so kept that those with a word in common with a name are found without reading all."""

    def __init__(self, companies: Iterable[Name]) -> None:
        self._by_words: dict[tuple[str, ...], list[Name]] = defaultdict(list)
        self._by_word: dict[str, list[Name]] = defaultdict(list)
        self.count = 0
        for company in companies:
            self.count += 1
            self._by_words[company.words].append(company)
            for word in set(company.words):
                self._by_word[word].append(company)

    def best(self, name: str, *, without: frozenset[int] = frozenset()) -> Match | None:
        """The one company most like the name; None when none is like enough, or several are equally like."""
        words = words_of(name)
        equal = [company for company in self._by_words.get(words, ()) if company.id not in without]
        candidates = equal or [company for company in self._alike(words) if company.id not in without]
        scored = sorted(((likeness(words, one.words), -one.id, one) for one in candidates), reverse=True)[:2]
        if not scored or scored[0][0] < LEAST or (len(scored) == 2 and scored[0][0] == scored[1][0]):
            return None
        best, _, company = scored[0]
        return Match(company.id, company.name, best)

    def _alike(self, words: tuple[str, ...]) -> list[Name]:
        found: dict[int, Name] = {}
        for word in words:
            sharing = self._by_word.get(word, [])
            if len(sharing) <= COMMON:
                found |= {company.id: company for company in sharing}
        return list(found.values())
