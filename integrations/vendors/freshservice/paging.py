"""Pages of Freshservice: a hundred rows each, and another one only where the `Link` header names it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from integrations.texts import gettext as _
from integrations.transport.errors import MalformedResponseError
from integrations.transport.session import Answer

PER_PAGE = 100  # the most; more is refused or cut
MOST_PAGES = 200
_NEXT = re.compile(r'<[^<>]*>\s*;[^<,]*\brel\s*=\s*"?next"?', re.IGNORECASE)


def page_of(page: int) -> dict[str, str]:
    """The parameters of a page, counted from 1."""
    return {"page": str(page), "per_page": str(PER_PAGE)}


def has_next(answer: Answer) -> bool:
    """Whether the vendor names another page. Its address is not believed: the next is asked for by its number."""
    return _NEXT.search(answer.headers.get("Link", "")) is not None


def another(answer: Answer, rows: list[Any]) -> bool:
    """The same of a page with these rows. Raises MalformedResponseError for an empty one: pages would have no end."""
    if has_next(answer) and not rows:
        raise MalformedResponseError(_("Freshservice answered with an empty page and named another one."))
    return has_next(answer)


def all_rows(read: Callable[[int], tuple[Answer, list[Any]]]) -> Iterator[Any]:
    """The rows of all pages, in the vendor's order. Raises MalformedResponseError for pages without end."""
    before: list[Any] | None = None
    for page in range(1, MOST_PAGES + 1):
        answer, rows = read(page)
        if rows == before or (has_next(answer) and not rows):
            raise MalformedResponseError(_("Freshservice answered with the same page again, or with an empty one."))
        yield from rows
        if not has_next(answer):
            return
        before = rows
    raise MalformedResponseError(_("Freshservice named more than {most} pages of one list.").format(most=MOST_PAGES))
