"""What "Test connection" tries, one step after the other. Nothing is changed in iTop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from integrations.transport.errors import ConfigurationError, NotFoundError, RejectedError
from integrations.vendors import Step, tried

from . import lifecycle
from .answers import NotAllowed, UnknownClass
from .calls import COMMENT

if TYPE_CHECKING:
    from .api import ItopApi

NEEDED = frozenset({"core/get", "core/create", "core/update", "core/apply_stimulus", "core/delete"})
TOLERATED = timedelta(minutes=5)  # between iTop's clock and the stamps on its tickets
SKEW = timedelta(minutes=1)  # between iTop's clock and the portal's
NOBODY = 0  # an id that no object has


def connection_steps(api: ItopApi) -> Iterator[Step]:
    """The first step that fails is the last."""
    steps = _Steps(api)
    return tried(
        (
            ("Login", steps.login),
            ("Tickets", steps.tickets),
            ("Classes", steps.classes),
            ("Changes", steps.changes),
            ("Persons", steps.persons),
            ("Attachments", steps.attachments),
            ("Administrator", steps.administrator),
            ("Clock", steps.clock),
            ("Time zone", steps.time_zone),
        )
    )


class _Steps:
    def __init__(self, api: ItopApi) -> None:
        self._api = api

    def login(self) -> str:
        if missing := sorted(NEEDED - set(self._api.operations())):
            raise ConfigurationError(f"The REST services of this iTop do not offer {', '.join(missing)}.")
        return "Accepted; the account may use the REST services."

    def tickets(self) -> str:
        number = self._api.count("Ticket")
        if not number:
            return "They may be read; there is none that this account sees. See which organisations it is allowed."
        return f"{number} can be read."

    def classes(self) -> str:
        """A class may be missing (its module is not installed), or be closed to the account."""
        readable: list[str] = []
        others: list[str] = []
        for name in lifecycle.CLASSES:
            try:
                self._api.count(name)
            except UnknownClass:
                others.append(f"{name} is not installed")
            except NotAllowed:
                others.append(f"{name} is not allowed")
            else:
                readable.append(name)
        if not readable:
            raise ConfigurationError(f"No class of tickets can be read: {'; '.join(others)}.")
        return f"Readable: {', '.join(readable)}." + (f" {'; '.join(others)}." if others else "")

    def changes(self) -> str:
        """The right to change is asked before the ticket is looked for; this one does not exist."""
        name = lifecycle.CLASSES[0]
        asked = {"class": name, "key": NOBODY, "output_fields": "id", "fields": {}}
        try:
            self._api.calls.write("core/update", comment=COMMENT, about="may tickets be changed", **asked)
        except (NotFoundError, RejectedError):
            return f"{name} may be changed."
        raise ConfigurationError(
            "iTop changed a ticket that cannot exist: is the address of the connection iTop's own?"
        )

    def persons(self) -> str:
        return f"{self._api.count('Person')} persons can be read."

    def attachments(self) -> str:
        return f"{self._api.count('Attachment')} files can be read."

    def administrator(self) -> str:
        """Nobody else may read pictures of logs as objects, or write entries in another name."""
        try:
            self._api.count("InlineImage")
        except NotAllowed:
            return (
                "The account is none: what is said in a log appears under its own name, with the author's put before "
                "it, and pictures are fetched by their addresses."
            )
        return "The account is one: authors of log entries are kept, pictures can be read."

    def clock(self) -> str:
        """Who reads what changed since a moment may miss what happened by a clock that is behind."""
        told = self._api.told_at
        if told is None:
            return "The web server of this iTop does not say what time it is."
        ahead = told - datetime.now(UTC)
        if abs(ahead) > SKEW:
            minutes, way = abs(ahead) / timedelta(minutes=1), "ahead of" if ahead > timedelta() else "behind"
            raise ConfigurationError(
                f"The clock of iTop's web server is {minutes:.1f} minutes {way} the portal's: have both set by NTP, or "
                "changes are missed."
            )
        return "iTop's web server and the portal agree on the time."

    def time_zone(self) -> str:
        """A stamp later than iTop's own clock cannot be; an earlier one may be right or not, so it is shown."""
        zone = self._api.zone
        now = datetime.now(UTC) if self._api.told_at is None else self._api.told_at.astimezone(UTC)
        rows, _ = self._api.changed_tickets("Ticket", now - timedelta(hours=26))
        if not rows:
            return f"{zone.key}; no ticket changed lately by which it could be judged."
        newest = max(row.last_update for row in rows)
        if newest > now + TOLERATED:
            hours = (newest - now) / timedelta(hours=1)
            raise ConfigurationError(
                f"By {zone.key} the newest change would be {hours:.1f} hours ahead of iTop's clock, so its zone is so "
                "much further east, or more: enter the one of iTop's configuration."
            )
        minutes = max(0, round((now - newest) / timedelta(minutes=1)))
        return f"{zone.key}: the newest change would be {minutes} minutes ago. If that is wrong, the zone is."
