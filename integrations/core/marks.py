"""How a portal notices that its database was put back: by a count that stands in the database and beside it.

The count in the database goes on while the portal works: every minute, and before a write to a vendor when it is older
than ten seconds. *After* it is committed, each machine writes it into a small file (`MARK_FILE`). So a file is never
ahead of the database, unless the database went back.

No false alarm: a file that lags behind (a second machine, one that was switched off) says nothing, a missing file
(a new machine, a new container) says nothing, and a new database has another name in the file. What it cannot notice: a
backup that was put back within ten seconds, or file and database put back together, as by a snapshot of the whole
machine. For these, and for a database that moves to a new machine, there is `manage.py restored`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from .models import DatabaseMark

logger = logging.getLogger("portal.restoring")

AGE = timedelta(seconds=10)  # how old the count may be when a write leaves
LEAP = 1_000_000  # after a restore the count goes on so far ahead that no machine's file is beyond it
KEPT = 20  # databases one file remembers


def remembered() -> dict[str, int]:
    """The highest count of each database that this machine has seen; read it *before* the database's."""
    try:
        read = json.loads(_file().read_text())
        return {str(name): int(mark) for name, mark in read.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def row() -> DatabaseMark:
    """The database's own; made when it is asked for first."""
    made: DatabaseMark = DatabaseMark.objects.get_or_create(pk=DatabaseMark.ONLY)[0]
    return made


def keep_up(known: DatabaseMark, seen: dict[str, int], *, age: timedelta = AGE) -> None:
    """Count on when the count is older than `age`, and have this machine remember it. `seen` is what it remembers.

    Within a transaction nothing is done: what is not committed must not be remembered.
    """
    if transaction.get_connection().in_atomic_block:
        return
    if timezone.now() - known.moved_at >= age:
        move(known)
    if seen.get(str(known.installation), -1) < known.mark:
        remember(known)


def move(known: DatabaseMark, *, by: int = 1) -> None:
    """Count on."""
    with transaction.atomic():
        DatabaseMark.objects.filter(pk=known.pk).update(mark=F("mark") + by, moved_at=timezone.now())
        known.refresh_from_db()


def remember(known: DatabaseMark) -> None:
    """Write the count into this machine's file, unless it has a higher one. Call it after the commit.

    A folder that cannot be written costs no work, only the notice (`check --deploy` says so).
    """
    try:
        with _alone():
            marks = remembered()
            marks[str(known.installation)] = max(known.mark, marks.pop(str(known.installation), -1))
            newest = dict(list(marks.items())[-KEPT:])
            fresh = _file().with_suffix(".new")
            fresh.write_text(json.dumps(newest))
            os.replace(fresh, _file())
    except OSError as error:
        logger.warning("MARK_FILE cannot be written (%s): a restored database would not be noticed.", error.strerror)


def _file() -> Path:
    return Path(settings.MARK_FILE)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One process of this machine at a time."""
    _file().parent.mkdir(parents=True, exist_ok=True)
    with open(_file().with_suffix(".lock"), "wb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield
