"""What "Test connection" tries, one step after the other. Nothing is changed in iTop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from integrations.texts import gettext
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
            (gettext("Login"), steps.login),
            (gettext("Tickets"), steps.tickets),
            (gettext("Classes"), steps.classes),
            (gettext("Changes"), steps.changes),
            (gettext("Persons"), steps.persons),
            (gettext("Attachments"), steps.attachments),
            (gettext("Administrator"), steps.administrator),
            (gettext("Clock"), steps.clock),
            (gettext("Time zone"), steps.time_zone),
        )
    )


class _Steps:
    def __init__(self, api: ItopApi) -> None:
        self._api = api

    def login(self) -> str:
        if missing := sorted(NEEDED - set(self._api.operations())):
            raise ConfigurationError(
                gettext("The REST services of this iTop do not offer {missing}.").format(missing=", ".join(missing))
            )
        return gettext("Accepted; the account may use the REST services.")

    def tickets(self) -> str:
        number = self._api.count("Ticket")
        if not number:
            return gettext(
                "They may be read; there is none that this account sees. See which organisations it is allowed."
            )
        return gettext("{number} can be read.").format(number=number)

    def classes(self) -> str:
        """A class may be missing (its module is not installed), or be closed to the account."""
        readable: list[str] = []
        others: list[str] = []
        for name in lifecycle.CLASSES:
            try:
                self._api.count(name)
            except UnknownClass:
                others.append(gettext("{name} is not installed").format(name=name))
            except NotAllowed:
                others.append(gettext("{name} is not allowed").format(name=name))
            else:
                readable.append(name)
        if not readable:
            raise ConfigurationError(
                gettext("No class of tickets can be read: {others}.").format(others="; ".join(others))
            )
        return gettext("Readable: {readable}.").format(readable=", ".join(readable)) + (
            f" {'; '.join(others)}." if others else ""
        )

    def changes(self) -> str:
        """The right to change is asked before the ticket is looked for; this one does not exist."""
        name = lifecycle.CLASSES[0]
        asked = {"class": name, "key": NOBODY, "output_fields": "id", "fields": {}}
        try:
            self._api.calls.write("core/update", comment=COMMENT, about="may tickets be changed", **asked)
        except (NotFoundError, RejectedError):
            return gettext("{name} may be changed.").format(name=name)
        raise ConfigurationError(
            gettext("iTop changed a ticket that cannot exist: is the address of the connection iTop's own?")
        )

    def persons(self) -> str:
        return gettext("{number} persons can be read.").format(number=self._api.count("Person"))

    def attachments(self) -> str:
        return gettext("{number} files can be read.").format(number=self._api.count("Attachment"))

    def administrator(self) -> str:
        """Nobody else may read pictures of logs as objects, or write entries in another name."""
        try:
            self._api.count("InlineImage")
        except NotAllowed:
            return gettext(
                "The account is none: what is said in a log appears under its own name, with the author's put before "
                "it, and pictures are fetched by their addresses."
            )
        return gettext("The account is one: authors of log entries are kept, pictures can be read.")

    def clock(self) -> str:
        """Who reads what changed since a moment may miss what happened by a clock that is behind."""
        told = self._api.told_at
        if told is None:
            return gettext("The web server of this iTop does not say what time it is.")
        ahead = told - datetime.now(UTC)
        if abs(ahead) > SKEW:
            said = gettext(
                "The clock of iTop's web server is {minutes:.1f} minutes behind the portal's: have both set by NTP, or "
                "changes are missed."
            )
            if ahead > timedelta():
                said = gettext(
                    "The clock of iTop's web server is {minutes:.1f} minutes ahead of the portal's: have both set by "
                    "NTP, or changes are missed."
                )
            raise ConfigurationError(said.format(minutes=abs(ahead) / timedelta(minutes=1)))
        return gettext("iTop's web server and the portal agree on the time.")

    def time_zone(self) -> str:
        """A stamp later than iTop's own clock cannot be; an earlier one may be right or not, so it is shown."""
        zone = self._api.zone
        now = datetime.now(UTC) if self._api.told_at is None else self._api.told_at.astimezone(UTC)
        rows, _ = self._api.changed_tickets("Ticket", now - timedelta(hours=26))
        if not rows:
            return gettext("{zone}; no ticket changed lately by which it could be judged.").format(zone=zone.key)
        newest = max(row.last_update for row in rows)
        if newest > now + TOLERATED:
            hours = (newest - now) / timedelta(hours=1)
            raise ConfigurationError(
                gettext(
                    "By {zone} the newest change would be {hours:.1f} hours ahead of iTop's clock, so its zone is so "
                    "much further east, or more: enter the one of iTop's configuration."
                ).format(zone=zone.key, hours=hours)
            )
        minutes = max(0, round((now - newest) / timedelta(minutes=1)))
        return gettext(
            "{zone}: the newest change would be {minutes} minutes ago. If that is wrong, the zone is."
        ).format(zone=zone.key, minutes=minutes)
