"""A timeline as a page shows it, read back as lines."""

from __future__ import annotations

import re
from html import unescape

CHAIN = re.compile(r'<ol class="p-timeline">(.*?)</ol>', re.S)
STEP = re.compile(r"<li [^>]*>(.*?)</li>", re.S)
TAG = re.compile(r"<time[^>]*>.*?</time>|<[^>]+>", re.S)


def chains(page: str) -> list[list[str]]:
    """Chain by chain, newest first, and in each one its steps as text, the first one first."""
    return [[_text(step) for step in STEP.findall(chain)] for chain in CHAIN.findall(page)]


def labels(chain: list[str]) -> list[str]:
    """What each step is, in a word or two; several calls in a row are one."""
    known = ("Webhook", "Job", "Decision", "Call", "Outcome", "Echo recognised", "Looked at again", "Asked for", "Held")
    said = [next((one for one in known if step.startswith(one)), step.split()[0]) for step in chain]
    return [one for at, one in enumerate(said) if at == 0 or one != said[at - 1]]


def links(page: str) -> set[str]:
    """The kinds of pages that the timeline leads to."""
    told = page.partition('id="timeline"')[2]
    return set(re.findall(r"/admin/core/(\w+)/\d+/change/", told))


def _text(html: str) -> str:
    return " ".join(unescape(TAG.sub(" ", html)).split())  # tags first: what was escaped stays
