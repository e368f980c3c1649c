"""Autotask's REST API. Facts and their sources: the vendor's help (developer section) and what live tenants answer.

Strange and dealt with here: validation comes as 500 with an `errors` array; a missing record as 200 with
`{"item": null}`; an exceeded thread limit under any status; queue, source, status and priority are picklists of
Tickets, string values in the metadata and integers on the record; company 0 is the provider itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any

from integrations.texts import gettext
from integrations.transport.errors import ConfigurationError, MalformedResponseError
from integrations.transport.session import Session
from integrations.vendors import Step, tried

from .reading import condition, count, item, page, page_after, pages, rows_with
from .schemas import (
    Company,
    PicklistValue,
    Ticket,
    TicketDraft,
    WireCompany,
    WireDeletedTicket,
    WireDescribed,
    WireEntity,
    WireField,
    WireNote,
    WirePicklistValue,
    WireThreshold,
    WireTicket,
    Zone,
    read,
    read_all,
)
from .tenant import Tenant
from .writing import created_id, note_values, ticket_values

COMPLETE = 5  # the one status that means closed, on every tenant read
PICKLISTS = {"queue": "queueID", "source": "source", "status": "status", "priority": "priority"}
_COMPANY_FIELDS = ["id", "companyName", "companyNumber", "isActive"]
_TICKET_FIELDS = [
    *("id", "ticketNumber", "title", "companyID", "status", "queueID", "source", "priority", "externalID"),
    *("createDate", "completedDate"),
]
_NO_ACCESS = ("0", 0, "None")
_NOTE_FIELDS = ["id", "ticketID", "title", "publish"]


class AutotaskApi:
    """One connection to one Autotask tenant. Raises the errors of `transport.errors`; ids are integers."""

    def __init__(
        self,
        session: Session,
        *,
        base_url: str,
        credentials: Mapping[str, str],
        settings: Mapping[str, Any],
        facts: MutableMapping[str, Any],
    ) -> None:
        self._tenant = Tenant(session, base_url=base_url, credentials=credentials, facts=facts)

    def zone(self) -> Zone:
        """Where this tenant lives; looked up once in twelve hours, the answer proves only that the user exists."""
        return self._tenant.zone()

    # --- test connection ----------------------------------------------------------------------------------------

    def test_connection(self) -> Iterator[Step]:
        """Zone, credentials with quota, permissions on tickets, and whether tickets can be found by our key."""
        steps = (
            (gettext("Zone look-up"), self._test_zone),
            (gettext("Credentials"), self._test_credentials),
            (gettext("Permissions on tickets"), self._test_permissions),
            (gettext("Finding tickets by externalID"), self._test_external_id),
            (gettext("Permissions to resolve"), self._test_resolving),
        )
        return tried(steps)

    def _test_zone(self) -> str:
        zone = self._tenant.discover()
        return gettext("The tenant lives in zone {zone} ({url}).").format(zone=zone.name, url=zone.url)

    def _test_credentials(self) -> str:
        quota = read(WireThreshold, self._tenant.ask("GET", "ThresholdInformation", about="test connection"))
        return gettext("Accepted. {used} of {limit} calls used in the last {minutes} minutes.").format(
            used=quota.used, limit=quota.limit, minutes=quota.minutes
        )

    def _test_permissions(self) -> str:
        body = self._tenant.ask("GET", "Tickets/entityInformation", about="test connection")
        info = read(WireEntity, body.get("info"))
        if not info.can_create or info.access_create in _NO_ACCESS or info.access_query in _NO_ACCESS:
            raise ConfigurationError(
                gettext("This API user may not create or read tickets; change its security level.")
            )
        return gettext("Tickets can be created and read.")

    def _test_external_id(self) -> str:
        if not any(field.name.lower() == "externalid" and field.is_queryable for field in self._ticket_fields()):
            raise ConfigurationError(
                gettext("Tickets cannot be searched by externalID; lost answers could not be recovered.")
            )
        return gettext("externalID can be searched.")

    def _test_resolving(self) -> str:
        """Without the right to read time entries every ticket would look as if it had none."""
        may_not_read = gettext("This API user may not read time entries; tickets could not be resolved safely.")
        may_not_write = gettext("This API user may not write notes; tickets could not be resolved safely.")
        wanted = (("TimeEntries", "access_query", may_not_read), ("TicketNotes", "access_create", may_not_write))
        for entity, access, problem in wanted:
            body = self._tenant.ask("GET", f"{entity}/entityInformation", about="test connection")
            if getattr(read(WireEntity, body.get("info")), access) in _NO_ACCESS:
                raise ConfigurationError(problem)
        return gettext("Time entries can be read and notes written.")

    # --- reference data and companies ---------------------------------------------------------------------------

    def ticket_picklists(self) -> dict[str, tuple[PicklistValue, ...]]:
        """Queues, sources, statuses and priorities of tickets, inactive ones included, in the vendor's order."""
        fields = {field.name.lower(): field for field in self._ticket_fields()}
        lists: dict[str, tuple[PicklistValue, ...]] = {}
        for key, name in PICKLISTS.items():
            field = fields.get(name.lower())
            if field is None or field.picklist is None:
                raise MalformedResponseError(
                    gettext("Autotask's description of tickets has no list of values for {name}.").format(name=name)
                )
            values = [value.picklist_value() for value in read_all(WirePicklistValue, field.picklist)]
            lists[key] = tuple(sorted(values, key=lambda value: value.sort_order))
        return lists

    def _ticket_fields(self) -> list[WireField]:
        body = self._tenant.ask("GET", "Tickets/entityInformation/fields", about="reference data")
        return read_all(WireField, body.get("fields"))

    def search_companies(self, text: str, *, limit: int = 25) -> list[Company]:
        """Active companies whose name contains the text, at most `limit`."""
        wanted = [condition("companyName", "contains", text), condition("isActive", "eq", True)]
        rows = page(self._tenant, "Companies", wanted, _COMPANY_FIELDS, records=limit)
        return [wire.company() for wire in read_all(WireCompany, rows)][:limit]

    def active_companies(self, last: int | None) -> tuple[list[Company], int | None]:
        """The next 500 active companies above the id `last` (None: the first), ascending by id, by one call; and the id
        after which the next begin, None when there are no more."""
        active = [condition("isActive", "eq", True)]
        rows, following = page_after(self._tenant, "Companies", active, _COMPANY_FIELDS, last)
        found = [wire.company() for wire in read_all(WireCompany, rows)]
        return [company for company in found if company.is_active], following

    def get_company(self, company_id: int) -> Company:
        """Raises NotFoundError: deleted, or no longer readable for this API user."""
        return read(WireCompany, item(self._tenant, "Companies", company_id, "company")).company()

    def companies_by_id(self, ids: Iterable[int]) -> list[Company]:
        """Those that exist and are readable, ascending by id; what is missing is simply not there."""
        return [
            wire.company() for wire in rows_with(self._tenant, WireCompany, "Companies", "id", ids, _COMPANY_FIELDS)
        ]

    # --- tickets ------------------------------------------------------------------------------------------------

    def create_ticket(self, draft: TicketDraft) -> int:
        """Create one ticket, sent at most once, and return its id.

        Raises UnknownOutcomeError when no usable answer came: look the ticket up by its key before deciding. Any
        other VendorError says that no ticket was created; TemporaryError, that a later attempt may succeed.
        """
        values = ticket_values(draft)
        return created_id(self._tenant.write("POST", "Tickets", json=values, about=f"ticket {draft.external_id}"))

    def get_ticket(self, ticket_id: int) -> Ticket:
        """Raises NotFoundError: deleted, or no longer readable for this API user."""
        return read(WireTicket, item(self._tenant, "Tickets", ticket_id, "ticket")).ticket()

    def tickets_by_id(self, ids: Iterable[int]) -> list[Ticket]:
        """Those that exist and are readable, ascending by id; what is missing is simply not there."""
        return [wire.ticket() for wire in rows_with(self._tenant, WireTicket, "Tickets", "id", ids, _TICKET_FIELDS)]

    def find_tickets_by_key(self, keys: Iterable[str]) -> list[Ticket]:
        """Tickets whose externalID is one of our keys, ascending by id."""
        rows = rows_with(self._tenant, WireTicket, "Tickets", "externalID", keys, _TICKET_FIELDS)
        return [wire.ticket() for wire in rows]

    def tickets_with_key(self, prefix: str, *, after: int = 0) -> Iterator[list[tuple[Ticket, str]]]:
        """All tickets whose externalID begins so, each with its description, ascending by id from beyond that one; one
        call for each 500."""
        wanted = [condition("externalID", "beginsWith", prefix), condition("id", "gt", after)]
        for rows in pages(self._tenant, "Tickets", wanted, [*_TICKET_FIELDS, "description"]):
            found = [(wire.ticket(), wire.description or "") for wire in read_all(WireDescribed, rows)]
            if any(not ticket.external_id.startswith(prefix) for ticket, _ in found):
                raise MalformedResponseError(
                    gettext("Autotask's answer to a search of Tickets has records not asked for.")
                )
            yield found

    def find_ticket_by_number(self, number: str) -> Ticket | None:
        rows = page(
            self._tenant, "Tickets", [condition("ticketNumber", "eq", number.strip())], _TICKET_FIELDS, records=2
        )
        found = [wire.ticket() for wire in read_all(WireTicket, rows)]
        # Compared once more: a filter that got lost would return somebody else's ticket.
        return next((ticket for ticket in found if ticket.number.lower() == number.strip().lower()), None)

    def can_read_tickets(self) -> bool:
        """Whether this API user sees any ticket at all."""
        return bool(page(self._tenant, "Tickets", [condition("id", "gte", 0)], ["id"], records=1))

    def deleted_tickets(self, ids: Iterable[int]) -> set[int]:
        """Which of these ids the log of deleted tickets has; ConfigurationError where the API user may not read it."""
        fields = ["id", "ticketID"]
        rows = rows_with(self._tenant, WireDeletedTicket, "DeletedTicketLogs", "ticketID", ids, fields)
        return {row.ticket_id for row in rows}

    def set_status(self, ticket_id: int, status: int) -> None:
        """Change a ticket's status and nothing else. Read it back: a good answer does not mean that it stuck.

        Raises as `create_ticket` does; setting the same status twice does no harm.
        """
        # PATCH changes what is sent; PUT would set every other field to null. There is no PATCH /Tickets/{id}.
        answer = self._tenant.write(
            "PATCH", "Tickets", json={"id": ticket_id, "status": status}, about=f"ticket {ticket_id}"
        )
        created_id(answer)

    # --- notes and time entries ---------------------------------------------------------------------------------

    def add_note(self, ticket_id: int, *, title: str, text: str) -> int:
        """Write one internal note, sent at most once, and return its id. Raises as `create_ticket` does.

        It is visible to the provider's own users only, never to a customer.
        """
        values = note_values(ticket_id, title=title, text=text)
        return created_id(
            self._tenant.write("POST", f"Tickets/{ticket_id}/Notes", json=values, about=f"note on ticket {ticket_id}")
        )

    def find_notes(self, ticket_id: int, titles: Iterable[str]) -> dict[str, int]:
        """The ids of this ticket's notes with these titles, by title; of two the older."""
        wanted = set(titles)
        # By ticket alone, compared here: whether notes can be searched by title is unverified.
        rows = rows_with(self._tenant, WireNote, "TicketNotes", "ticketID", [ticket_id], _NOTE_FIELDS)
        return {row.title: row.id for row in reversed(rows) if row.title in wanted}

    def count_time_entries(self, ticket_id: int) -> int:
        """How many time entries are booked on a ticket, as far as this API user may see them."""
        return count(self._tenant, "TimeEntries", [condition("ticketID", "eq", ticket_id)])

    # --- for people ---------------------------------------------------------------------------------------------

    def ticket_url(self, ticket_id: int) -> str:
        web = self.zone().web_url
        return f"{web}Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenTicketDetail&TicketID={ticket_id}"
