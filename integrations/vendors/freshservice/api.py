"""Freshservice's REST API, version 2. Source: the fact sheet of public clients, recorded answers and vendor pages.

Strange and dealt with here: there is no read of one conversation (405), so all of a ticket are listed; their order is
not dependable; another page exists only where the `Link` header says so; a 404 has no body; without `updated_since` a
list shows the tickets of the last 30 days; deleted and spam tickets are in no list but their own.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

from integrations.texts import gettext
from integrations.transport.answers import raise_for_status
from integrations.transport.errors import (
    ConfigurationError,
    MalformedResponseError,
    NotFoundError,
)
from integrations.transport.session import Answer, Session
from integrations.vendors import Step, tried

from . import paging, schemas
from .answers import ExpiredUrl, ForeignPicture, OtherWorkspace, TooLarge, inside, refuse, rows_in
from .hosts import FileHosts
from .inline import with_ending
from .plans import compared
from .schemas import Attachment, CategoryChoice, Conversation, Group, Listed, ListedTicket, Person, Ticket, Workspace

ROOT = "/api/v2"
FILE_DEADLINE = 300.0  # seconds
MAX_FILE_MB = "40"  # what Freshservice allows all files of a ticket together
_FIELDS = ("ticket_fields", "ticket_form_fields")  # which of the two envelopes is not settled
_EXPIRED = frozenset({403, 404, 410})  # what a file's host says of a signature that is over, or forged


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file as it arrived; `name` has the ending of its type where it had none."""

    name: str
    size: int
    content_type: str


class FreshserviceApi:
    """One account of Freshservice. Raises the errors of `transport.errors` and of `answers`; ids are integers."""

    def __init__(
        self,
        session: Session,
        *,
        base_url: str,
        credentials: Mapping[str, str],
        settings: Mapping[str, Any],
        facts: MutableMapping[str, Any],
    ) -> None:
        self._session, self._settings = session, settings
        self._root = base_url.rstrip("/").removesuffix(ROOT) + ROOT
        self._last: Answer | None = None
        # Basic: the key is the user name; the password can be anything.
        key = base64.b64encode(f"{credentials['api_key'].strip()}:X".encode()).decode()
        session.trust(base_url, {"Authorization": f"Basic {key}"})

    @property
    def told_at(self) -> datetime | None:
        """When the last call was answered, by the vendor's clock; None where it does not say."""
        return self._last.date() if self._last else None

    # --- test connection ----------------------------------------------------------------------------------------

    def test_connection(self) -> Iterator[Step]:
        """The key, the filter that the catch-up needs, categories, workspaces where some are set, files, the plan."""
        steps = [
            (gettext("Credentials"), self._test_credentials),
            (gettext("Changed tickets"), self._test_changes),
            (gettext("Ticket fields"), self._test_fields),
            (gettext("Hosts of files"), self._test_hosts),
            (gettext("Plan"), self._test_plan),
        ]
        if self._workspaces():
            steps.insert(3, (gettext("Workspaces"), self._test_workspaces))
        return tried(steps)

    def _test_credentials(self) -> str:
        self._rows("tickets", {"page": "1", "per_page": "1"}, "tickets", about="test connection")
        return gettext("Accepted; tickets can be read.")

    def _test_changes(self) -> str:
        """Nothing was changed in the future; a filter that got lost would show everything."""
        rows, _ = self.tickets_updated_since(datetime.now(UTC) + timedelta(days=3650), 1)
        if rows:
            raise ConfigurationError(
                gettext("Freshservice does not heed updated_since; missed webhooks could not be found.")
            )
        return gettext("The list of changed tickets heeds its filter.")

    def _test_fields(self) -> str:
        return gettext("{count} categories can be read.").format(count=len(self.category_choices()))

    def _test_workspaces(self) -> str:
        found = {workspace.id: workspace.name for workspace in self.workspaces()}
        wanted = self._workspaces() - {0}
        if missing := sorted(wanted - found.keys()):
            seen = ", ".join(f"{number} ({name})" for number, name in sorted(found.items())) or gettext("none")
            said = gettext("The agent of the API key does not see the workspaces {missing}; it sees {seen}.")
            raise ConfigurationError(said.format(missing=", ".join(map(str, missing)), seen=seen))
        names = ", ".join(found[number] for number in sorted(wanted)) or gettext("all")
        return gettext("Readable: {names}.").format(names=names)

    def _test_hosts(self) -> str:
        return gettext("Files may come from {count} kinds of hosts.").format(count=len(self._hosts().hosts))

    def _test_plan(self) -> str:
        seen = self._last.headers.get("X-RateLimit-Total", "") if self._last else ""
        return compared(seen, self._settings)

    # --- tickets ------------------------------------------------------------------------------------------------

    def tickets_updated_since(self, since: datetime, page: int) -> tuple[list[ListedTicket], bool]:
        """One page, counted from 1, of the tickets that changed at `since` (aware) or later, and whether there is
        another.

        In no dependable order; rows shift while tickets change, so overlap and drop doubles by (id, updated_at).
        Deleted and spam tickets never show. Those of workspaces that are not set on the connection are left out.
        """
        return self._changed({}, since, page, about=f"changed tickets, page {page}")

    def tickets_put_away(self, where: str, since: datetime, page: int) -> tuple[list[ListedTicket], bool]:
        """The same of the tickets that `where`, "deleted" or "spam", says: the lists that `filter` opens.

        Raises MalformedResponseError when a row does not say it of itself: then the filter may have got lost.
        """
        rows, has_next = self._changed({"filter": where}, since, page, about=f"{where} tickets, page {page}")
        if any(getattr(row, where) is not True for row in rows):
            raise MalformedResponseError(
                gettext("Freshservice's list of {name} tickets shows one that does not say so.").format(name=where)
            )
        return rows, has_next

    def _changed(
        self, wanted: Mapping[str, str], since: datetime, page: int, *, about: str
    ) -> tuple[list[ListedTicket], bool]:
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        asked = {**wanted, "updated_since": moment, **self._of_workspaces(), **paging.page_of(page)}
        answer, raw = self._rows("tickets", asked, "tickets", about=about)
        rows = [schemas.read(ListedTicket, one) for one in raw]
        has_next = paging.another(answer, rows)
        return [row for row in rows if row.workspace_id is None or self._reads(row.workspace_id)], has_next

    def ticket(self, ticket_id: int) -> Ticket:
        """One ticket with its attachments. Raises NotFoundError (also for one made a moment ago: try again), and
        OtherWorkspace."""
        answer = self._get(f"tickets/{ticket_id}", about=f"ticket {ticket_id}", missing=f"ticket {ticket_id}")
        found = replace(schemas.read(Ticket, inside(answer, "ticket")), read_at=answer.date() or datetime.now(UTC))
        if found.id != ticket_id:
            raise MalformedResponseError(gettext("Freshservice answered with another ticket than the one asked for."))
        if not self._reads(found.workspace_id):
            raise OtherWorkspace(
                gettext("Ticket {number} is of a workspace that this connection does not read.").format(
                    number=ticket_id
                )
            )
        return found

    def conversations(self, ticket_id: int) -> list[Conversation]:
        """All replies and notes of a ticket, oldest first; one call for each hundred. Raises NotFoundError.

        Deleted ones are simply not there. A row can be missed when another is deleted between two pages: one that
        is absent has to be absent twice before it counts as deleted.
        """
        found: dict[int, Conversation] = {}
        about = f"ticket {ticket_id}: conversations"
        for raw in self._all(f"tickets/{ticket_id}/conversations", "conversations", about, f"ticket {ticket_id}"):
            one = schemas.read(Conversation, raw)
            if one.ticket_id not in (None, ticket_id):
                raise MalformedResponseError(gettext("Freshservice answered with a conversation of another ticket."))
            found[one.id] = one
        return sorted(found.values(), key=lambda one: (one.created_at, one.id))

    # --- people, groups, categories, workspaces -----------------------------------------------------------------

    def requester(self, user_id: int) -> Person:
        """A requester, or the agent of that id. Raises NotFoundError: merged into another, or forgotten."""
        try:
            return self._person(f"requesters/{user_id}", "requester", user_id)
        except NotFoundError:
            return self._person(f"agents/{user_id}", "agent", user_id)

    def _person(self, path: str, envelope: str, user_id: int) -> Person:
        answer = self._get(path, about=f"{envelope} {user_id}", missing=f"the user {user_id}")
        found = schemas.person(inside(answer, envelope), is_agent=envelope == "agent")
        if found.id != user_id:
            raise MalformedResponseError(gettext("Freshservice answered with another user than the one asked for."))
        return found

    def group(self, group_id: int) -> Group:
        """A group of agents. Raises NotFoundError."""
        answer = self._get(f"groups/{group_id}", about=f"group {group_id}", missing=f"group {group_id}")
        found = schemas.read(Group, inside(answer, "group"))
        if found.id != group_id:
            raise MalformedResponseError(gettext("Freshservice answered with another group than the one asked for."))
        return found

    def ids_of(self, listing: str, page: int) -> tuple[list[int], bool]:
        """The ids on one page, counted from 1, of the "requesters", "agents" or "groups", and whether there is
        another."""
        answer, raw = self._rows(listing, paging.page_of(page), listing, about=f"{listing}, page {page}")
        rows = [schemas.read(Listed, one) for one in raw]
        return [row.id for row in rows], paging.another(answer, rows)

    def category_choices(self) -> list[CategoryChoice]:
        """Every category, sub-category and item with its path of names, of all workspaces of the connection."""
        found: dict[int, CategoryChoice] = {}
        each = [{"workspace_id": str(number)} for number in sorted(self._workspaces() - {0})]
        for wanted in each or [{}]:
            _, fields = self._rows("ticket_form_fields", wanted, *_FIELDS, about="categories")
            named = [one for one in fields if isinstance(one, dict) and one.get("name") == "category"]
            if not named:
                raise MalformedResponseError(gettext("Freshservice's ticket fields have none of the name category."))
            for field in named:
                found |= {choice.id: choice for choice in schemas.choices(field.get("choices"))}
        return list(found.values())

    def workspaces(self) -> list[Workspace]:
        """The workspaces that the agent of the key sees."""
        return [schemas.read(Workspace, one) for one in self._all("workspaces", "workspaces", "workspaces", "")]

    # --- files --------------------------------------------------------------------------------------------------

    def download(self, attachment: Attachment, file: BinaryIO) -> Downloaded:
        """Fetch a file from its signed address into `file` (seekable, open for writing), without the API key.

        Raises ExpiredUrl (read the ticket or its conversations again for a new address), TooLarge,
        MalformedResponseError (another size than told); for a host that is not allowed, also after a redirect,
        ConfigurationError, or ForeignPicture where the address stood in the HTML, which anybody may have written.
        """
        limit, hosts = self._most_bytes(), self._hosts()
        told = f"The file {attachment.name} ({attachment.id})"
        too_large = TooLarge(
            gettext("{name} is larger than the {megabytes} MB that the connection allows.").format(
                name=told, megabytes=limit // 1_000_000
            )
        )
        if attachment.size is not None and attachment.size > limit:
            raise too_large
        try:
            answer = self._session.download(
                attachment.url,
                file,
                max_bytes=limit,
                deadline=FILE_DEADLINE,
                about=f"file {attachment.id}",
                allowed=hosts.check,
                anonymous=True,
            )
        except MalformedResponseError:  # what a download raises beyond `max_bytes`
            raise too_large from None
        except ConfigurationError as refused:
            if not attachment.is_inline:
                raise
            raise ForeignPicture(
                gettext("{name} is not fetched. {why}").format(name=told, why=refused.message)
            ) from None
        if answer.status in _EXPIRED:
            raise ExpiredUrl(
                gettext("The address of the file {name} has expired.").format(name=attachment.id), status=answer.status
            )
        raise_for_status(answer, safe=True)
        file.seek(0, 2)
        size = file.tell()
        if attachment.size is not None and size != attachment.size:
            raise MalformedResponseError(
                gettext("{name} came with {count} bytes; Freshservice says {said}.").format(
                    name=told, count=size, said=attachment.size
                )
            )
        content_type = attachment.content_type or schemas.cleaned(answer.headers.get("Content-Type", ""))
        return Downloaded(with_ending(attachment.name, content_type), size, content_type)

    def _hosts(self) -> FileHosts:
        return FileHosts.of(str(self._settings.get("attachment_hosts") or ""))

    def _most_bytes(self) -> int:
        text = str(self._settings.get("max_file_mb") or MAX_FILE_MB).strip()
        if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= 100_000):
            raise ConfigurationError(gettext("Largest file on the connection must be a whole number of megabytes."))
        return int(text) * 1_000_000

    # --- workspaces of the connection ---------------------------------------------------------------------------

    def _workspaces(self) -> set[int]:
        """The ids that are set; empty: the primary one, whose id is not known; 0: all that the agent sees."""
        parts = [part.strip() for part in str(self._settings.get("workspace_ids") or "").split(",") if part.strip()]
        if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
            raise ConfigurationError(gettext("Workspaces on the connection must be numbers, separated by commas."))
        return {int(part) for part in parts}

    def _of_workspaces(self) -> dict[str, str]:
        wanted = self._workspaces()
        return {"workspace_id": "0" if 0 in wanted else ",".join(map(str, sorted(wanted)))} if wanted else {}

    def _reads(self, workspace_id: int | None) -> bool:
        wanted = self._workspaces()
        return not wanted or 0 in wanted or workspace_id in wanted

    # --- calls --------------------------------------------------------------------------------------------------

    def _get(self, path: str, params: Mapping[str, str] | None = None, *, about: str, missing: str = "") -> Answer:
        self._last = answer = self._session.call("GET", f"{self._root}/{path}", params=params, about=about)
        refuse(answer, missing=missing)
        return answer

    def _rows(
        self, path: str, params: Mapping[str, str], *envelopes: str, about: str, missing: str = ""
    ) -> tuple[Answer, list[Any]]:
        answer = self._get(path, params, about=about, missing=missing)
        return answer, rows_in(answer, *envelopes)

    def _all(self, path: str, envelope: str, about: str, missing: str) -> Iterator[Any]:
        """The rows of all pages."""

        def read(page: int) -> tuple[Answer, list[Any]]:
            return self._rows(path, paging.page_of(page), envelope, about=about, missing=missing)

        return paging.all_rows(read)
