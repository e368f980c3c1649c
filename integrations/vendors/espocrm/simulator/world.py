"""The made-up EspoCRM: its users, its parties and contacts, its webhooks; records come with use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .clock import Clock
from .values import EMAIL, KINDS, PHONE, Values

Record = dict[str, Any]
API_KEY = "0123456789abcdef0123456789abcdef"  # opens nothing but the simulator
HMAC_KEY, HMAC_SECRET = "1123456789abcdef0123456789abcdef", "2123456789abcdef0123456789abcdef"
READER_KEY = "3123456789abcdef0123456789abcdef"
PARTY, CONTACT = "CBeteiligte", "Contact"
ENTITIES = (PARTY, CONTACT)
CLOSED_ENTITIES = ("Lead", "Account")  # they exist, and the role of the API users does not include them
SYNC, HMAC_SYNC, READER, PERSON = "sync_api", "sync_hmac", "reader_api", "anna"
TEXTS = (
    "salutationName",
    "firstName",
    "lastName",
    "middleName",
    "description",
    "advowareRowId",
    *(f"address{part}" for part in ("Street", "City", "State", "Country", "PostalCode")),
)
INTEGERS = ("betnr",)
FIELDS = (*TEXTS, *INTEGERS)
FLAGS = tuple(kind.flag(name) for kind in KINDS for name in ("OptedOut", "Invalid"))
STAMPS = ("createdAt", "modifiedAt", "streamUpdatedAt")
ATTRIBUTES = frozenset(
    {*("id", "name", "deleted", "createdById", "modifiedById"), *FIELDS, *FLAGS, *STAMPS}
    | {kind.field for kind in KINDS}
)
_FIRST_ID = 0x6B02_6000_0000_0000_0
SETTINGS: dict[str, Any] = {
    "version": "9.3.10",
    "phoneNumberInternational": True,
    "phoneNumberExtensions": False,
    "emailAddressMaxCount": 10,
    "phoneNumberMaxCount": 10,
    "recordListMaxSizeLimit": 200,
}


@dataclass(frozen=True, slots=True)
class User:
    """Whoever writes. An API user shows a key, and with a secret signs by it; a person has neither."""

    id: str
    name: str
    api_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    may_edit: bool = True
    may_subscribe: bool = True


@dataclass(slots=True)
class World:
    clock: Clock = field(default_factory=Clock)
    users: dict[str, User] = field(default_factory=dict)  # by name
    records: dict[str, dict[str, Record]] = field(default_factory=lambda: {entity: {} for entity in ENTITIES})
    values: Values = field(default_factory=Values)
    webhooks: dict[str, Record] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=lambda: dict(SETTINGS))
    closed: set[str] = field(default_factory=set)  # records that the API users may not edit
    at_once: dict[str, list[Record]] = field(default_factory=dict)  # what others save in the instant of the next PUT
    next_ids: list[str] = field(default_factory=list)  # taken before made-up ones
    last_id: int = _FIRST_ID

    def new_id(self) -> str:
        if self.next_ids:
            return self.next_ids.pop(0)
        self.last_id += 1
        return f"{self.last_id:017x}"

    def add(self, entity: str, by: str, **values: Any) -> Record:
        """A new record with these plain fields, stamped now unless told otherwise."""
        stamp, user = self.clock.stamp(), self.users[by]
        record: Record = {
            "id": self.new_id(),
            **dict.fromkeys(FIELDS),
            "createdAt": stamp,
            "modifiedAt": stamp,
            "streamUpdatedAt": stamp,
            "createdById": user.id,
            "modifiedById": None,
            "versionNumber": None,
            **values,
        }
        self.records[entity][record["id"]] = record
        return record

    def remove(self, entity: str, record: str) -> None:
        del self.records[entity][record]
        self.values.forget(record)

    def user_name(self, user_id: str | None) -> str | None:
        return next((user.name for user in self.users.values() if user.id == user_id), None)

    # --- what is shown ------------------------------------------------------------------------------------------

    def row(self, record: Record) -> Record:
        """As a list shows it: without the arrays."""
        shown: Record = {"id": record["id"], "name": name_of(record), "deleted": False}
        shown |= {name: record[name] for name in ("salutationName", "firstName", "lastName", "description")}
        shown |= {kind.field: self.scalar(kind.field, record) for kind in KINDS}
        shown |= {name: record[name] for name in TEXTS if name.startswith("address")}
        shown |= {name: record[name] for name in ("createdAt", "modifiedAt", "betnr", "advowareRowId", "middleName")}
        for kind in KINDS:
            primary = self.values.primary(kind, record["id"])
            shown[kind.flag("OptedOut")] = primary.opt_out if primary else None
            shown[kind.flag("Invalid")] = primary.invalid if primary else None
        shown["streamUpdatedAt"] = record["streamUpdatedAt"]
        for who in ("created", "modified"):
            shown[f"{who}ById"] = record[f"{who}ById"]
            shown[f"{who}ByName"] = self.user_name(record[f"{who}ById"])
        return {**shown, "assignedUserId": None, "assignedUserName": None}

    def whole(self, record: Record, *, versions: bool) -> Record:
        """As a read of its own shows it."""
        shown = self.row(record)
        shown |= {kind.array: self.values.items(kind, record["id"]) for kind in KINDS}
        if versions:
            shown["versionNumber"] = record["versionNumber"]
        return {
            **shown,
            "teamsIds": [],
            "teamsNames": {},
            "isFollowed": False,
            "followersIds": [],
            "followersNames": {},
        }

    def scalar(self, field_name: str, record: Record) -> str | None:
        """The primary address or number."""
        primary = self.values.primary(EMAIL if field_name == EMAIL.field else PHONE, record["id"])
        return primary.text if primary else None


def name_of(record: Record) -> str | None:
    return " ".join(filter(None, (record["firstName"], record["middleName"], record["lastName"]))) or None


def demo_world() -> World:
    world = World()
    for user in (
        User("6b025287e8db154c9", SYNC, API_KEY),
        User("6b025287e8db154ca", HMAC_SYNC, HMAC_KEY, HMAC_SECRET),
        User("6b025287e8db154cb", READER, READER_KEY, may_edit=False, may_subscribe=False),
        User("6b025287e8db154cc", PERSON),
    ):
        world.users[user.name] = user
    return world
