"""iTop's REST services. Source: the fact sheet of iTop 3.2 and recorded answers.

Strange and dealt with here: all tickets share one room of ids, so a ticket is found without knowing its class, but
changed only by its real one; "Found: 0" is said of what is gone and of what this account must not see; an attachment's
name comes only with its content; a write shows everything unless told otherwise, for an attachment its content too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from integrations.texts import gettext
from integrations.transport.errors import ConfigurationError, MalformedResponseError
from integrations.transport.session import Session
from integrations.vendors import Step

from . import objects, oql, pictures, schemas, times
from .answers import NotAllowed, TooLarge, objects_in
from .calls import COMMENT, PATH, Calls
from .schemas import Attachment, File, ListedTicket, LogEntry, Named, Ticket
from .steps import connection_steps

PAGE = 200  # objects of one answer
MAX_FILE_MB = "40"
DRAFTS_LIVE = timedelta(days=1)  # a file of a form that nobody saved
LOGS = ("private_log", "public_log")
_LISTED = "ref,last_update,finalclass"
_HUNG = "item_class,item_id,item_org_id,creation_date,user_id"
_CONTENT = "item_class,item_id,contents"


class ItopApi:
    """One account of one iTop. Raises the errors of `transport.errors` and of `answers`; ids are integers.

    A class is named as iTop does (`UserRequest`). Writes take the real class of a ticket, reads also `Ticket`.
    """

    def __init__(
        self,
        session: Session,
        *,
        base_url: str,
        credentials: Mapping[str, str],
        settings: Mapping[str, Any],
        facts: MutableMapping[str, Any],
    ) -> None:
        self._settings = settings
        root = base_url.rstrip("/").removesuffix(f"/{PATH}").removesuffix("/pages/UI.php").rstrip("/")
        self.calls = Calls(
            session,
            root,
            username=credentials["username"].strip(),
            password=credentials["password"],
            version=str(settings.get("version") or ""),
        )
        self._objects = objects.Objects(self.calls, lambda: self.zone)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone of the instance. Raises ConfigurationError."""
        return times.zone_of(str(self._settings.get("time_zone") or ""))

    @property
    def told_at(self) -> datetime | None:
        """When the last answer was sent, by the clock of iTop's web server."""
        return self.calls.last.date() if self.calls.last else None

    def test_connection(self) -> Iterator[Step]:
        """Login and REST profile, tickets, classes, writing, persons, attachments, administrator, clock, time zone."""
        return connection_steps(self)

    # --- the account --------------------------------------------------------------------------------------------

    def operations(self) -> tuple[str, ...]:
        """What the REST services offer; the least that needs a login and the REST profile."""
        listed = self.calls.read("list_operations", about="what the REST services offer").get("operations")
        if not isinstance(listed, list):
            raise MalformedResponseError(gettext("iTop's answer has no list of operations."))
        return tuple(schemas.cleaned(str(one.get("verb"))) for one in listed if isinstance(one, dict))

    def check_credentials(self, username: str, password: str) -> bool:
        """Whether iTop knows a user of this name and password."""
        asked = {"user": username, "password": password}
        body = self.calls.read("core/check_credentials", about="check of credentials", **asked)
        return body.get("authorized") is True

    def count(self, class_name: str, *conditions: str) -> int:
        """How many objects this account sees. Raises NotAllowed, UnknownClass."""
        return self._objects.get(class_name, oql.select(class_name, *conditions), "id", limit=1)[1]

    # --- tickets ------------------------------------------------------------------------------------------------

    def ticket(self, ticket_id: int, class_name: str = "Ticket") -> Ticket:
        """One ticket with everything it has, whatever its class. Raises NotFoundError: gone, or not shown."""
        return self._objects.ticket(self._objects.one(class_name, ticket_id, "*+"))

    def changed_tickets(
        self, class_name: str, since: datetime | None, cursor: str = "", *, limit: int = PAGE
    ) -> tuple[list[ListedTicket], str]:
        """A page of the tickets that changed at `since` (aware) or later, by id, and where the next begins.

        Attachments do not count as changes (`new_attachments`). What changes while pages are read may be missed by
        this pass: the next one starts from when this one began.
        """
        bound = f"last_update >= {oql.quoted(times.asked_from(since, self.zone))}" if since else ""
        return self._objects.page(ListedTicket, class_name, (bound,), _LISTED, cursor, limit)

    def tickets_where(self, class_name: str, attribute: str, value: str) -> list[ListedTicket]:
        """The tickets whose attribute has this value: how what was sent is looked up. At most a page."""
        condition = f"{oql.name(attribute)} = {oql.quoted(value)}"
        return self._objects.page(ListedTicket, class_name, (condition,), _LISTED, "", PAGE)[0]

    def tickets_titled(self, class_name: str, part: str) -> list[ListedTicket]:
        """The tickets whose title holds this text as it stands. At most a page."""
        if not part.strip():
            raise ValueError("every title holds nothing")
        condition = f"title LIKE {oql.quoted(f'%{part}%')}"
        query = oql.select(class_name, condition)
        found, _ = self._objects.get(class_name, query, f"{_LISTED},title", limit=PAGE)
        # To LIKE, a percent sign and a line are wildcards.
        hits = [one for one in found if part.lower() in str(one.fields.get("title")).lower()]
        return [self._objects.read(ListedTicket, one) for one in sorted(hits, key=lambda one: one.id)]

    def create_ticket(self, class_name: str, fields: Mapping[str, Any], *, comment: str = COMMENT) -> Ticket:
        """Sent at most once; the ticket as iTop stored it. iTop has no key against doubles: look it up first.

        A log among the fields fires no webhook. Raises RejectedError, UnknownOutcomeError.
        """
        return self._objects.create(class_name, _checked(fields), comment=comment)

    def update_ticket(
        self, class_name: str, ticket_id: int, fields: Mapping[str, Any], *, comment: str = COMMENT
    ) -> Ticket:
        """Set these fields; the ticket as iTop stored it. What is as it was fires no webhook."""
        found = self._objects.change("core/update", class_name, ticket_id, _checked(fields), comment=comment)
        with objects.whose_answer_counts(f"a change of {class_name} {ticket_id}"):
            return self._objects.ticket(found)

    def apply_stimulus(
        self, class_name: str, ticket_id: int, stimulus: str, fields: Mapping[str, Any], *, comment: str = COMMENT
    ) -> Ticket:
        """Set these fields and have the ticket take one step of its life (`lifecycle`); the ticket after it.

        Raises WrongState, MissingFields, NotDone (a veto), and Crashed, which iTop 3.2.0 does for ever when an
        Incident is assigned from escalated_tto.
        """
        found = self._objects.change(
            "core/apply_stimulus", class_name, ticket_id, _checked(fields), comment=comment, stimulus=oql.name(stimulus)
        )
        with objects.whose_answer_counts(f"{stimulus} of {class_name} {ticket_id}"):
            return self._objects.ticket(found)

    def append_log(
        self,
        class_name: str,
        ticket_id: int,
        html: str,
        *,
        log: str = "private_log",
        author: str = "",
        at: datetime | None = None,
        comment: str = COMMENT,
    ) -> tuple[LogEntry, ...]:
        """Add an entry; the log as iTop shows it right after, oldest first.

        An `author`'s name and a date may be given by administrators alone (else NotAllowed). iTop writes the whole log
        anew: an entry of somebody else in the same moment can swallow this one, so read again and see.
        """
        if log not in LOGS or not html.strip():
            raise ValueError("an entry needs a log and something to say")  # iTop would store debris of its parser
        entry: dict[str, Any] = {"message": html, "format": "html"}
        if author:
            entry |= {"user_id": 0, "user_login": author}
        if at is not None:
            entry["date"] = times.spoken(at, self.zone)
        added = {log: {"add_item": entry}}
        found = self._objects.change("core/update", class_name, ticket_id, added, comment=comment, output_fields=log)
        with objects.whose_answer_counts(f"an entry of {class_name} {ticket_id}"):
            return schemas.log_of(found.fields.get(log), self.zone)

    # --- attachments and pictures -------------------------------------------------------------------------------

    def attachments_of(self, class_name: str, ticket_id: int) -> list[Attachment]:
        """What hangs on a ticket of that real class, by id, without contents; empty also for what is not shown."""
        where = (f"item_class = {oql.quoted(class_name)}", f"item_id = {int(ticket_id)}")
        found: list[Attachment] = []
        cursor = ""
        while True:
            rows, cursor = self._objects.page(Attachment, "Attachment", where, _HUNG, cursor, PAGE)
            found += rows
            if not cursor:
                return found

    def new_attachments(
        self, since: datetime | None, cursor: str = "", *, limit: int = PAGE
    ) -> tuple[list[Attachment], str]:
        """A page of the attachments uploaded at `since` (aware) or later, by id, drafts among them.

        A draft keeps its date when its form is saved: overlap by `DRAFTS_LIVE`.
        """
        bound = f"creation_date >= {oql.quoted(times.asked_from(since, self.zone))}" if since else ""
        return self._objects.page(Attachment, "Attachment", (bound,), _HUNG, cursor, limit)

    def attachment(self, attachment_id: int) -> Attachment:
        """One attachment without its content. Raises NotFoundError: gone, or not shown."""
        return self._objects.read(Attachment, self._objects.one("Attachment", attachment_id, _HUNG))

    def download_attachment(self, attachment_id: int, spool: BinaryIO, target: BinaryIO) -> File:
        """Write an attachment's content to `target`; `spool` is a temporary file. Raises NotFoundError, TooLarge."""
        return self._download("Attachment", attachment_id, spool, target)

    def download_picture(self, picture_id: int, spool: BinaryIO, target: BinaryIO, *, secret: str = "") -> File:
        """The same for a picture inside a log or a description.

        Only administrators may read it as an object; with its `secret` (`pictures`) it is handed out to anybody, from
        this iTop's own address. Raises NotAllowed where neither goes.
        """
        try:
            return self._download("InlineImage", picture_id, spool, target)
        except NotAllowed:
            if not secret:
                raise
        media_type = self.calls.read_picture(picture_id, secret, target, max_bytes=self._most_bytes())
        return File(picture_id, pictures.name_of(picture_id, media_type), media_type, target.seek(0, 2))

    def create_attachment(
        self,
        ticket: Ticket,
        content: BinaryIO,
        *,
        name: str,
        size: int,
        content_type: str,
        comment: str = COMMENT,
    ) -> int:
        """Hang a file on a ticket, read from `content` as it goes out; its id. Sent at most once.

        iTop checks next to nothing: read it back and compare. Raises TooLarge, UnknownOutcomeError.
        """
        fields = {
            "item_class": ticket.ticket_class,
            "item_id": ticket.id,
            "item_org_id": ticket.org_id,  # without it accounts of one organisation alone do not see the file
            "contents": self._contents(name, size, content_type),
        }
        asked = {"class": "Attachment", "output_fields": "item_id", "fields": fields}
        about = f"file {name[:100]} on ticket {ticket.id}"
        body = self.calls.write_file("core/create", asked, content, size, comment=comment, about=about)
        with objects.whose_answer_counts("a new attachment"):
            return objects.made(body, "Attachment").id

    def replace_attachment(
        self,
        attachment_id: int,
        content: BinaryIO,
        *,
        name: str,
        size: int,
        content_type: str,
        comment: str = COMMENT,
    ) -> None:
        """Give an attachment another content and name; its id stays. Read it back, as for a new one.

        Its date stays too, so no list tells of it (fact sheet, section 5). Raises NotFoundError, TooLarge,
        UnknownOutcomeError.
        """
        fields = {"contents": self._contents(name, size, content_type)}
        asked = {"class": "Attachment", "key": int(attachment_id), "output_fields": "item_id", "fields": fields}
        about = f"file {name[:100]} in the place of attachment {attachment_id}"
        body = self.calls.write_file("core/update", asked, content, size, comment=comment, about=about)
        with objects.whose_answer_counts(f"another content of attachment {attachment_id}"):
            objects.only(objects_in(body, "Attachment"), "Attachment", attachment_id)

    def delete_attachment(self, attachment_id: int, *, comment: str = COMMENT) -> None:
        """Delete one attachment. The only thing the portal ever deletes in an iTop, and only by its id.

        One that is gone already is no error.
        """
        asked = {"class": "Attachment", "key": int(attachment_id), "output_fields": "id"}
        self.calls.write("core/delete", comment=comment, about=f"attachment {attachment_id}", **asked)

    def _download(self, class_name: str, number: int, spool: BinaryIO, target: BinaryIO) -> File:
        limit = self._most_bytes()
        path = ("objects", f"{class_name}::{int(number)}", "fields", "contents", "data")
        asked = {"class": class_name, "key": int(number), "output_fields": _CONTENT}
        # Base64 is a third longer, and PHP writes a slash as two characters.
        size, body = self.calls.read_file(asked, spool, target, path=path, max_bytes=limit * 3 + 1_000_000)
        found = objects.only(objects_in(body, class_name), class_name, number)
        file = schemas.file_of(number, found.fields, size or 0)
        if file.size > limit:
            raise TooLarge(self._too_large(file.name or f"{class_name} {number}"))
        return file

    def _contents(self, name: str, size: int, content_type: str) -> dict[str, str]:
        """A file as iTop is told of it, its content left out. Raises TooLarge."""
        if size > self._most_bytes():
            raise TooLarge(self._too_large(name))
        return {"mimetype": content_type, "filename": name, "data": ""}

    # --- whom and what tickets name -----------------------------------------------------------------------------

    def named(self, class_name: str, number: int) -> Named:
        """One Organization, Person, Team, Service … Raises NotFoundError."""
        return self._objects.read(Named, self._objects.one(class_name, number, "*"))

    def all_named(self, class_name: str, *, org_id: int = 0) -> list[Named]:
        """Those of one organisation, or of all, by id; at most a page."""
        where = f"org_id = {int(org_id)}" if org_id else ""
        return self._objects.page(Named, class_name, (where,), "*", "", PAGE)[0]

    def _most_bytes(self) -> int:
        text = str(self._settings.get("max_file_mb") or MAX_FILE_MB).strip()
        if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= 100_000):
            raise ConfigurationError(gettext("Largest file on the connection must be a whole number of megabytes."))
        return int(text) * 1_000_000

    def _too_large(self, name: str) -> str:
        return gettext("“{name}” is larger than the connection allows ({megabytes} MB).").format(
            name=name[:100], megabytes=self._most_bytes() // 1_000_000
        )


def _checked(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Raises ValueError for what iTop would do, and nobody wants."""
    if "status" in fields:
        raise ValueError("a status that is written runs no part of the lifecycle: apply a stimulus")
    if any(isinstance(fields.get(log), dict) and "items" in fields[log] for log in LOGS):
        raise ValueError("`items` replaces a whole log: append to it")
    return fields
