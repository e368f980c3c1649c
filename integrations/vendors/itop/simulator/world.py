"""The objects of one simulated iTop: a made-up organisation with its people; tickets come with use."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .accounts import Account, demo_accounts
from .clock import Clock
from .markup import text_of
from .model import Attribute, attributes, below, is_ticket, root_of

Record = dict[str, Any]  # `id`, `class`, and the stored attributes
REFS = {"UserRequest": "R", "Incident": "I"}  # all others are changes
ORG, OTHER_ORG = 3, 4
CALLER, OTHER_CALLER, STRANGER = 15, 16, 30  # persons; the last one is of the other organisation
AGENT, OTHER_AGENT = 17, 18
TEAM, OTHER_TEAM = 37, 38
SERVICE = 5


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored file; name and type are None where nobody gave them."""

    content: bytes = field(repr=False)
    media_type: str | None
    name: str | None


@dataclass(slots=True)
class World:
    root: str  # the address at which people see it, with a slash at its end
    clock: Clock
    accounts: dict[str, Account]
    objects: dict[str, dict[int, Record]] = field(default_factory=dict)  # by the class that owns the ids, and id
    last_ids: dict[str, int] = field(default_factory=dict)
    last_ref: int = 0
    custom: tuple[str, ...] = ()  # text fields that the customer added to tickets

    def attributes(self, class_name: str) -> dict[str, Attribute]:
        """All attributes of a class by name."""
        known = attributes(class_name)
        return known | {name: Attribute(name) for name in self.custom} if is_ticket(class_name) else known

    def add(self, class_name: str, number: int = 0, **values: Any) -> Record:
        """A new object with the defaults of its class."""
        root = root_of(class_name)
        number = number or self.last_ids.get(root, 0) + 1
        self.last_ids[root] = max(number, self.last_ids.get(root, 0))
        defaults = {one.name: _fresh(one.default) for one in self.attributes(class_name).values() if one.kind != "read"}
        record = {"id": number, "class": class_name, **defaults}
        for one in self.attributes(class_name).values():
            if one.kind == "log":
                record[one.name] = []
        record.update(values)
        self.objects.setdefault(root, {})[number] = record
        return record

    def next_ref(self, class_name: str) -> str:
        """All tickets share one counter, which goes on although a create fails."""
        self.last_ref += 1
        return f"{REFS.get(class_name, 'C')}-{self.last_ref:06d}"

    def get(self, class_name: str, number: int) -> Record | None:
        """The object of that id, if it is of the class or of one below it."""
        record = self.objects.get(root_of(class_name), {}).get(number)
        return record if record is not None and record["class"] in below(class_name) else None

    def all(self, class_name: str) -> Iterable[Record]:
        """In the order of the class: tickets by their refs, the newest first."""
        kinds = below(class_name)
        found = [one for one in self.objects.get(root_of(class_name), {}).values() if one["class"] in kinds]
        if is_ticket(class_name):
            found.sort(key=lambda one: str(one["ref"]).rpartition("-")[2], reverse=True)
        return found

    def remove(self, record: Record) -> None:
        self.objects[root_of(record["class"])].pop(record["id"], None)

    def attachments_of(self, ticket: Record) -> list[Record]:
        return [
            one
            for one in self.all("Attachment")
            if (one["item_class"], one["item_id"]) == (ticket["class"], str(ticket["id"]))
        ]

    # --- what is shown ------------------------------------------------------------------------------------------

    def shown(self, record: Record, name: str) -> Any:
        """An attribute as REST shows it: numbers are texts, an unset reference is "0"."""
        if name == "id":
            return str(record["id"])
        attribute = self.attributes(record["class"])[name]
        value = record.get(name)
        if attribute.kind == "read":
            return self.read(record, attribute)
        if attribute.kind == "log":
            return {"entries": [dict(entry) for entry in record[name]]}
        if attribute.kind == "file":
            return self._file(value)
        return value if attribute.kind == "plain" else str(value)

    def read(self, record: Record, attribute: Attribute) -> str:
        """What belongs to another object, or to the object itself: its class, its name as people see it."""
        key, _, name = attribute.of.rpartition(".")
        target: Record | None = record
        if key:
            target = self.target(record, key)
        if target is None:
            return ""
        if name == "class":
            return str(target["class"])
        return self.label(target) if name == "label" else str(target.get(name, ""))

    def target(self, record: Record, key: str) -> Record | None:
        """The object that a reference points to."""
        return self.get(attributes(record["class"])[key].of, int(record[key] or 0))

    def label(self, record: Record) -> str:
        """The friendly name."""
        if is_ticket(record["class"]):
            return str(record["ref"])
        if record["class"] == "Person":
            return f"{record['first_name']} {record['name']}".strip()
        if root_of(record["class"]) in ("Attachment", "InlineImage"):
            return f"{record['item_class']} {record['temp_id']}"
        return str(record.get("name") or record.get("login") or "")

    def _file(self, blob: Blob | None) -> dict[str, Any] | None:
        if blob is None:
            return None
        data = base64.b64encode(blob.content).decode()
        return {"data": data, "mimetype": blob.media_type, "filename": blob.name, "downloads_count": 0}

    def entry(self, html: str, author: str, user_id: str | int, stamp: str = "") -> dict[str, Any]:
        """An entry of a log."""
        return {
            "date": stamp or self.clock.stamp(),
            "user_login": author,
            "user_id": user_id,
            "message": text_of(html),
            "message_html": html,
        }


def _fresh(default: Any) -> Any:
    return list(default) if isinstance(default, list) else default


def demo_world(*, root: str, zone: str, bridge: str, first_ticket: int) -> World:
    """An organisation that is bridged and one that is not, callers, agents, teams and a service."""
    world = World(root, Clock(zone), demo_accounts(bridge=bridge))
    world.last_ids["Ticket"] = world.last_ref = first_ticket - 1
    for number, name in ((1, "My Company"), (2, "IT Department"), (ORG, "Demo"), (OTHER_ORG, "Elsewhere")):
        world.add("Organization", number, name=name, code=name[:4].upper())
    people = (
        (CALLER, "Agatha", "Christie", ORG),
        (OTHER_CALLER, "Claude", "Monet", ORG),
        (AGENT, "Agnes", "Weber", ORG),
        (OTHER_AGENT, "Otto", "Lang", ORG),
        (STRANGER, "Emma", "Elsewhere", OTHER_ORG),
        (40, "Bridge", "Robot", ORG),
        (41, "Bridge", "Helper", ORG),
        (42, "Rest", "Only", ORG),
        (43, "Limited", "Bridge", ORG),
    )
    for number, first, last, org in people:
        mail = f"{first}.{last}@demo.com".lower()
        world.add("Person", number, first_name=first, name=last, org_id=org, email=mail)
    for number, name in ((TEAM, "Helpdesk"), (OTHER_TEAM, "Network")):
        world.add("Team", number, name=name, org_id=ORG, email=f"{name.lower()}@demo.com")
    world.add("Service", SERVICE, name="Workplace", org_id=ORG)
    for account in world.accounts.values():
        world.add("UserLocal", account.user_id, login=account.login, contactid=account.contact_id)
    return world
