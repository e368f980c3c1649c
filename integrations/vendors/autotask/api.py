"""Autotask's REST API. Facts and their sources: the vendor's help (developer section) and what live tenants answer.

Strange and dealt with here: validation comes as 500 with an `errors` array; a missing record as 200 with
`{"item": null}`; an exceeded thread limit under any status; queue, source, status and priority are picklists of
Tickets, string values in the metadata and integers on the record; company 0 is the provider itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, TypeAdapter, ValidationError

from integrations.transport.errors import (
    ConfigurationError,
    MalformedResponseError,
    NotFoundError,
    VendorError,
)
from integrations.transport.session import Answer, Session
from integrations.vendors import Step

from .answers import problem_in, refuse, unknown
from .schemas import (
    Company,
    PicklistValue,
    Ticket,
    TicketDraft,
    WireCompany,
    WireEntity,
    WireField,
    WireThreshold,
    WireTicket,
    WireZone,
    Zone,
)

ZONE_HOURS = 12
PAGE = 500
CHUNK = 200  # values of one `in`
OPERATORS = frozenset(
    [
        "eq",
        "noteq",
        "gt",
        "gte",
        "lt",
        "lte",
        "beginsWith",
        "endsWith",
        "contains",
        "exist",
        "notExist",
        "in",
        "notIn",
        "and",
        "or",
    ]  # the vendor's words
)
PICKLISTS = {"queue": "queueID", "source": "source", "status": "status", "priority": "priority"}
TITLE, DESCRIPTION, EXTERNAL_ID = 255, 8000, 50  # longer values are cut by some tenants, refused by others
_VENDOR_ZONE = re.compile(r"webservices[0-9]+\.autotask\.net", re.IGNORECASE)
_COMPANY_FIELDS = ["id", "companyName", "companyNumber", "isActive"]
_TICKET_FIELDS = [
    *("id", "ticketNumber", "title", "companyID", "status", "queueID", "source", "priority", "externalID"),
    *("createDate", "completedDate"),
]
Wire = TypeVar("Wire", bound=BaseModel)


def endpoint_of(method: str, path: str) -> str:
    """The entity of the path: the vendor counts parallel calls per entity. "" (zone look-up) is not limited."""
    found = re.search(r"/v1\.0/([A-Za-z]+)", path)
    entity = found.group(1).lower() if found else ""
    return "" if entity == "zoneinformation" else entity


def condition(field: str, op: str, value: Any = None) -> dict[str, Any]:
    """One filter condition. A misspelt operator would be ignored by the vendor and return too many rows."""
    if op not in OPERATORS:
        raise ValueError(f"unknown Autotask operator {op!r}")
    return {"op": op, "field": field} if op in ("exist", "notExist") else {"op": op, "field": field, "value": value}


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
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._settings = settings
        self._facts = facts
        self._username = credentials["username"].strip()
        self._headers = {
            "UserName": self._username,
            "Secret": credentials["secret"].strip(),  # pasted line ends answer 401
            "ApiIntegrationCode": credentials["integration_code"].strip(),
        }

    # --- zone ---------------------------------------------------------------------------------------------------

    def zone(self) -> Zone:
        """Where this tenant lives; looked up once in twelve hours, the answer proves only that the user exists."""
        kept = self._facts.get("zone")
        if isinstance(kept, dict) and kept.get("for") == [self._base_url, self._username]:
            age = datetime.now(UTC) - datetime.fromisoformat(kept["at"])
            if 0 <= age.total_seconds() < ZONE_HOURS * 3600:
                return self._trusted(Zone(kept["name"], kept["url"], kept["web_url"]))
        return self._discover()

    def _discover(self) -> Zone:
        url = f"{self._base_url}/atservicesrest/v1.0/zoneInformation"
        answer = self._session.call("GET", url, params={"user": self._username}, about="zone look-up")
        if answer.status == 500 and problem_in(answer):
            raise ConfigurationError(
                f"Autotask knows no API user with this name: {problem_in(answer)} Check the API username.", status=500
            )
        wire = _read(WireZone, self._checked(answer, safe=True))
        parts = urlsplit(wire.url)
        own = (parts.scheme, parts.netloc) == urlsplit(self._base_url)[:2]
        if not own and (parts.scheme != "https" or not _VENDOR_ZONE.fullmatch(parts.netloc)):
            raise ConfigurationError(f"The zone look-up named a host that is not Autotask's: {parts.hostname}.")
        web = wire.web_url or f"{parts.scheme}://{parts.netloc.replace('webservices', 'ww', 1)}"
        if urlsplit(web).scheme not in ("https", parts.scheme):
            raise ConfigurationError("The zone look-up named a web address that is not https.")
        zone = Zone(wire.zone_name, wire.url.rstrip("/"), web.rstrip("/") + "/")
        self._facts["zone"] = {
            "for": [self._base_url, self._username],
            "at": datetime.now(UTC).isoformat(),
            "name": zone.name,
            "url": zone.url,
            "web_url": zone.web_url,
        }
        return self._trusted(zone)

    def _trusted(self, zone: Zone) -> Zone:
        self._session.trust(zone.url, self._headers)
        return zone

    # --- test connection ----------------------------------------------------------------------------------------

    def test_connection(self) -> Iterator[Step]:
        """Zone, credentials with quota, permissions on tickets, and whether tickets can be found by our key."""
        steps = (
            ("Zone look-up", self._test_zone),
            ("Credentials", self._test_credentials),
            ("Permissions on tickets", self._test_permissions),
            ("Finding tickets by externalID", self._test_external_id),
        )
        for name, step in steps:
            try:
                done = Step(name, True, step())
            except VendorError as error:
                done = Step(name, False, error.message)
            yield done
            if not done.ok:
                return

    def _test_zone(self) -> str:
        zone = self._discover()
        return f"The tenant lives in zone {zone.name} ({zone.url})."

    def _test_credentials(self) -> str:
        quota = _read(WireThreshold, self._call("GET", "ThresholdInformation", about="test connection"))
        return f"Accepted. {quota.used} of {quota.limit} calls used in the last {quota.minutes} minutes."

    def _test_permissions(self) -> str:
        body = self._call("GET", "Tickets/entityInformation", about="test connection")
        info = _read(WireEntity, body.get("info"))
        none = ("0", 0, "None")
        if not info.can_create or info.access_create in none or info.access_query in none:
            raise ConfigurationError("This API user may not create or read tickets; change its security level.")
        return "Tickets can be created and read."

    def _test_external_id(self) -> str:
        if not any(field.name.lower() == "externalid" and field.is_queryable for field in self._ticket_fields()):
            raise ConfigurationError("Tickets cannot be searched by externalID; lost answers could not be recovered.")
        return "externalID can be searched."

    # --- reference data and companies ---------------------------------------------------------------------------

    def ticket_picklists(self) -> dict[str, tuple[PicklistValue, ...]]:
        """Queues, sources, statuses and priorities of tickets, inactive ones included, in the vendor's order."""
        fields = {field.name.lower(): field for field in self._ticket_fields()}
        lists: dict[str, tuple[PicklistValue, ...]] = {}
        for key, name in PICKLISTS.items():
            field = fields.get(name.lower())
            if field is None or field.picklist is None:
                raise MalformedResponseError(f"Autotask's description of tickets has no list of values for {name}.")
            try:
                values = [value.picklist_value() for value in field.picklist]
            except ValueError:
                raise MalformedResponseError(f"A value of {name} in Autotask's description is no number.") from None
            lists[key] = tuple(sorted(values, key=lambda value: value.sort_order))
        return lists

    def _ticket_fields(self) -> list[WireField]:
        body = self._call("GET", "Tickets/entityInformation/fields", about="reference data")
        return _read_all(WireField, body.get("fields"))

    def search_companies(self, text: str, *, limit: int = 25) -> list[Company]:
        """Active companies whose name contains the text, at most `limit`."""
        wanted = [condition("companyName", "contains", text), condition("isActive", "eq", True)]
        rows = self._page("Companies", wanted, _COMPANY_FIELDS, records=limit)
        return [wire.company() for wire in _read_all(WireCompany, rows)][:limit]

    def get_company(self, company_id: int) -> Company:
        """Raises NotFoundError: deleted, or no longer readable for this API user."""
        return _read(WireCompany, self._item("Companies", company_id, "company")).company()

    def companies_by_id(self, ids: Iterable[int]) -> list[Company]:
        """Those that exist and are readable, ascending by id; what is missing is simply not there."""
        return [wire.company() for wire in self._all_in(WireCompany, "Companies", "id", ids, _COMPANY_FIELDS)]

    # --- tickets ------------------------------------------------------------------------------------------------

    def create_ticket(self, draft: TicketDraft) -> int:
        """Create one ticket, sent at most once, and return its id.

        Raises UnknownOutcomeError when no usable answer came: look the ticket up by its key before deciding.
        """
        values: dict[str, Any] = {
            "companyID": draft.company_id,
            "title": draft.title[:TITLE],
            "description": draft.description[:DESCRIPTION],
            "queueID": draft.queue,
            "source": draft.source,
            "status": draft.status,
            "priority": draft.priority,
            "externalID": draft.external_id[:EXTERNAL_ID],
        }
        if draft.due_at is not None:
            values["dueDateTime"] = draft.due_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        about = f"ticket {draft.external_id}"
        return self._written(self._send("POST", "Tickets", json=values, safe=False, about=about))

    def _written(self, answer: Answer) -> int:
        try:
            body = self._checked(answer, safe=False)
            ticket_id = body.get("itemId")
        except MalformedResponseError:
            ticket_id = None
        if isinstance(ticket_id, int) and not isinstance(ticket_id, bool) and ticket_id > 0:
            return ticket_id
        raise unknown(answer)

    def get_ticket(self, ticket_id: int) -> Ticket:
        """Raises NotFoundError: deleted, or no longer readable for this API user."""
        return _read(WireTicket, self._item("Tickets", ticket_id, "ticket")).ticket()

    def find_tickets_by_key(self, keys: Iterable[str]) -> list[Ticket]:
        """Tickets whose externalID is one of our keys, ascending by id."""
        rows = self._all_in(WireTicket, "Tickets", "externalID", keys, _TICKET_FIELDS)
        return [wire.ticket() for wire in rows]

    def find_ticket_by_number(self, number: str) -> Ticket | None:
        rows = self._page("Tickets", [condition("ticketNumber", "eq", number.strip())], _TICKET_FIELDS, records=2)
        found = [wire.ticket() for wire in _read_all(WireTicket, rows)]
        # Compared once more: a filter that got lost would return somebody else's ticket.
        return next((ticket for ticket in found if ticket.number.lower() == number.strip().lower()), None)

    def ticket_url(self, ticket_id: int) -> str:
        web = self.zone().web_url
        return f"{web}Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenTicketDetail&TicketID={ticket_id}"

    # --- calls --------------------------------------------------------------------------------------------------

    def _all_in(
        self, schema: type[Wire], entity: str, field: str, values: Iterable[Any], fields: Sequence[str]
    ) -> list[Wire]:
        wanted = list(dict.fromkeys(values))
        rows: dict[int, Wire] = {}
        for start in range(0, len(wanted), CHUNK):
            chunk = condition(field, "in", wanted[start : start + CHUNK])
            for wire in _read_all(schema, list(self._pages(entity, [chunk], fields))):
                rows[wire.id] = wire  # type: ignore[attr-defined]  # every schema queried here has an id
        return [rows[key] for key in sorted(rows)]

    def _pages(self, entity: str, conditions: list[dict[str, Any]], fields: Sequence[str]) -> Iterator[Any]:
        last: int | None = None
        while True:
            after = [] if last is None else [condition("id", "gt", last)]
            rows = self._page(entity, conditions + after, fields, records=PAGE)
            yield from rows
            if len(rows) < PAGE:
                return
            reached = rows[-1].get("id") if isinstance(rows[-1], dict) else None
            if not isinstance(reached, int) or (last is not None and reached <= last):
                raise MalformedResponseError(f"Autotask's pages of {entity} are not in ascending order of id.")
            last = reached

    def _page(self, entity: str, conditions: list[dict[str, Any]], fields: Sequence[str], *, records: int) -> list[Any]:
        search = {
            "MaxRecords": records,
            "IncludeFields": list(fields),
            "filter": [{"op": "and", "items": conditions}],
        }
        rows = self._call("POST", f"{entity}/query", json=search, about=f"search {entity}").get("items")
        if not isinstance(rows, list):
            raise MalformedResponseError(f"Autotask's answer to a search of {entity} has no list of items.")
        return rows

    def _item(self, entity: str, record_id: int, word: str) -> Any:
        body = self._call("GET", f"{entity}/{record_id}", about=f"{word} {record_id}")
        if "item" not in body:
            raise MalformedResponseError(f"Autotask's answer for {word} {record_id} has no item.")
        if body["item"] is None:
            raise NotFoundError(f"Autotask has no {word} {record_id}, or this API user may not read it.", status=200)
        if not isinstance(body["item"], dict) or body["item"].get("id") != record_id:
            raise MalformedResponseError(f"Autotask answered with another record than {word} {record_id}.")
        return body["item"]

    def _call(self, method: str, path: str, *, json: Any = None, about: str = "") -> dict[str, Any]:
        """A reading call; queries are read by POST and may be repeated."""
        return self._checked(self._send(method, path, json=json, safe=True, about=about), safe=True)

    def _send(self, method: str, path: str, *, json: Any, safe: bool, about: str) -> Answer:
        zone = self.zone()
        answer = self._session.call(method, f"{zone.url}/v1.0/{path}", json=json, safe=safe, about=about)
        # A tenant that moved answers 401: look again, once; with the same zone it is the credentials (never retried,
        # repeated bad logins lock the user).
        if answer.status == 401 and (moved := self._discover()).url != zone.url:
            answer = self._session.call(method, f"{moved.url}/v1.0/{path}", json=json, safe=safe, about=about)
        return answer

    def _checked(self, answer: Answer, *, safe: bool) -> dict[str, Any]:
        refuse(answer, safe=safe)
        body = answer.json()
        if not isinstance(body, dict):
            raise MalformedResponseError("Autotask's answer is not an object.", excerpt=answer.excerpt())
        return body


def _read(schema: type[Wire], value: Any) -> Wire:
    try:
        return schema.model_validate(value)
    except (ValidationError, OverflowError) as error:
        raise _malformed(error) from None


def _read_all(schema: type[Wire], value: Any) -> list[Wire]:
    try:
        return TypeAdapter(list[schema]).validate_python(value)  # type: ignore[valid-type]  # built from the argument
    except (ValidationError, OverflowError) as error:
        raise _malformed(error) from None


def _malformed(error: Exception) -> MalformedResponseError:
    where = ""
    if isinstance(error, ValidationError):
        where = ": " + ", ".join(".".join(str(part) for part in one["loc"]) or "all" for one in error.errors()[:3])
    return MalformedResponseError(f"Autotask's answer does not have the expected fields{where}.")
