"""What waits, in groups: one statement per source, whose sentences are then brought to their shapes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Max, Min, QuerySet

from integrations.core import registry
from integrations.core.models import User

from . import explaining
from .shapes import shape_of
from .source import KEY, FailureSource, Group, Key
from .sources import all_sources, sources_for

READ = 1_000  # different sentences of a source that are looked at, those of most rows first
COUNTED = 1_000  # rows of a source that the sidebar counts


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which failures a person asked for; empty: all."""

    client: int | None = None
    integration: int | None = None
    cause: str = ""
    source: str = ""


def narrowed(rows: QuerySet[Any], wanted: Wanted) -> QuerySet[Any]:
    if wanted.client is not None:
        rows = rows.filter(f_client=wanted.client)
    if wanted.integration is not None:
        rows = rows.filter(f_integration=wanted.integration)
    return rows.filter(f_cause__in=explaining.stored_as(wanted.cause)) if wanted.cause else rows


def groups_of(sources: Iterable[FailureSource], user: User, wanted: Wanted) -> tuple[list[Group], bool]:
    """The groups, those of a source together and its largest first; and whether there are more than were looked at."""
    found: list[Group] = []
    more = False
    for source in sources:
        if wanted.source in ("", source.slug):
            groups, is_cut = _grouped(source, narrowed(source.rows(user), wanted))
            found += sorted(groups, key=lambda group: (-group.count, group.key.shape))
            more = more or is_cut
    return found, more


def _grouped(source: FailureSource, rows: QuerySet[Any]) -> tuple[list[Group], bool]:
    counted = rows.values(*KEY, "f_sentence").annotate(
        count=Count("pk"), oldest=Min("f_since"), soonest=Min("f_next"), first=Min("pk"), last=Max("pk")
    )
    read = list(counted.order_by("-count", "first")[: READ + 1])
    groups: dict[Key, Group] = {}
    for row in read[:READ]:
        key = Key(row["f_client"], row["f_integration"], row["f_what"], row["f_cause"], shape_of(row["f_sentence"]))
        mine = groups.setdefault(key, Group(source, key, 0, row["oldest"], row["soonest"], row["first"], row["last"]))
        mine.count += row["count"]
        mine.oldest = _sooner(mine.oldest, row["oldest"])
        mine.next_try = _sooner(mine.next_try, row["soonest"])
        mine.first, mine.last = min(mine.first, row["first"]), max(mine.last, row["last"])
    return list(groups.values()), len(read) > READ


def _sooner(one: Any, other: Any) -> Any:
    known = [moment for moment in (one, other) if moment is not None]
    return min(known, default=None)


def of_key(rows: QuerySet[Any], key: Key) -> QuerySet[Any]:
    """Those of the rows that may belong to the group: what the database can tell."""
    values = dict(zip(KEY, key, strict=False))
    known = {name: value for name, value in values.items() if value is not None}
    return rows.filter(**known, **{f"{name}__isnull": True for name in values if name not in known})


def ids_of(source: FailureSource, user: User, key: Key) -> list[int]:
    """The rows of this group as they are now, by their ids."""
    shapes: dict[str, str] = {}
    ids = []
    for pk, sentence in of_key(source.rows(user), key).order_by("pk").values_list("pk", "f_sentence").iterator():
        if sentence not in shapes:
            shapes[sentence] = shape_of(sentence)
        if shapes[sentence] == key.shape:
            ids.append(pk)
    return ids


# --- the sidebar's figure ---------------------------------------------------------------------------------------------


def count_for(user: User) -> int:
    """How many rows wait for somebody, in one statement; each source is counted to a thousand and one."""
    sources = [source for source in sources_for(user) if not source.quiet]
    if not sources:
        return 0
    slugs = tuple(source.slug for source in sources)
    kinds = tuple(kind.slug for kind in registry.kinds())
    with connection.cursor() as cursor:
        cursor.execute(*_statement(user.pk, user.all_clients, slugs, kinds))
        return int(cursor.fetchone()[0])


@lru_cache(maxsize=256)
def _statement(
    user_id: int, all_clients: bool, slugs: Sequence[str], kinds: Sequence[str]
) -> tuple[str, tuple[Any, ...]]:
    """The SQL and its parameters, kept: the ORM takes longer to write it than the database to answer.

    Nothing in it comes from the database: what this person may see is asked anew by every execution.
    """
    known = {source.slug: source for source in all_sources()}
    user = User(pk=user_id, all_clients=all_clients)
    parts: list[tuple[str, tuple[Any, ...]]] = [("0", ())]
    for slug in slugs:
        with suppress(EmptyResultSet):  # a source that cannot have rows
            sql, values = known[slug].rows(user).values_list("pk")[: COUNTED + 1].query.sql_with_params()
            # Only the ORM's own SQL; whatever is a value is a parameter.
            parts.append((f"(SELECT COUNT(*) FROM ({sql}) AS listed)", values))  # noqa: S608
    return f"SELECT {' + '.join(sql for sql, _ in parts)}", tuple(value for _, values in parts for value in values)
