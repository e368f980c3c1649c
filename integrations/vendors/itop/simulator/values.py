"""What becomes of a value that is written to an attribute: references, codes, HTML, logs, files (fact sheet, sections 3
to 6).

REST enforces less than the forms do; what it does enforce, and its sentences, are here.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from typing import Any

from . import queries
from .accounts import Actor
from .markup import DEBRIS, escaped, sanitised
from .model import Attribute
from .refusals import Refused, thrown, unexpected
from .world import Blob, Record, World

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9]{2}:[0-9]{2}:[0-9]{2})?")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")


class Values:
    """Reads the fields of a write by somebody, who sees what his account sees."""

    def __init__(self, world: World, actor: Actor) -> None:
        self._world, self._actor = world, actor

    def stored(self, record: Record, fields: Any) -> Record:
        """What is to be stored of these fields. Raises Refused."""
        if not isinstance(fields, dict):
            return {}
        known = self._world.attributes(record["class"])
        found: Record = {}
        for name, value in fields.items():
            if name not in known:
                raise thrown(f"{name}: Unknown attribute")
            if known[name].kind == "read":
                continue
            found[name] = self._value(record, known[name], value)
        return found

    def check(self, record: Record, names: set[str]) -> None:
        """What the data model says before it stores. Raises Refused."""
        for name in names:
            attribute, value = self._world.attributes(record["class"])[name], record[name]
            why = ""
            if attribute.kind == "enum" and value not in attribute.values:
                why = f"Value not allowed [{value}]"
            elif attribute.is_required and value in ("", 0, None):
                why = "Null not allowed"
            elif attribute.longest and len(str(value)) > attribute.longest:
                why = f"String too long (found {len(str(value))}, limited to {attribute.longest})"
            if why:
                raise unexpected(record["class"], record["id"], attribute.label, name, why)

    def _value(self, record: Record, attribute: Attribute, value: Any) -> Any:
        if attribute.kind == "key":
            return self.reference(attribute, value)
        if attribute.kind == "log":
            return self._log(record[attribute.name], attribute.name, value)
        if attribute.kind == "file":
            return _blob(attribute.name, value)
        if attribute.kind == "html":
            return sanitised(str(value or ""), self._world.root)
        if attribute.kind == "date":
            return self._date(attribute.name, value)
        if attribute.kind == "plain":
            return value
        if isinstance(value, dict | list):
            raise thrown(f"{attribute.name}: Unexpected value")
        return "" if value is None else str(value)

    def _date(self, name: str, value: Any) -> str:
        text = "" if value is None else str(value)
        if text and not _DATE.fullmatch(text):
            raise thrown(f"{name}: Wrong format for the date: {text}")
        return text

    # --- references ---------------------------------------------------------------------------------------------

    def reference(self, attribute: Attribute, value: Any) -> int:
        """The id that an id, criteria or a query name; 0 clears. Raises Refused."""
        name, of = attribute.name, attribute.of
        if isinstance(value, dict):
            return self._by_criteria(name, of, value)
        text = str(0 if value in (None, "") else value).strip()
        if text.lstrip("-").isdigit():
            if int(text) and (self._world.get(of, int(text)) is None or self.is_hidden(of, int(text))):
                raise thrown(f"{name}: Invalid object {of}::{text}")
            return int(text)
        query = queries.parse(text, self._world.attributes)
        found = [one for one in self.seen(query.class_name) if query.fits(lambda n, one=one: self._world.shown(one, n))]  # type: ignore[misc]
        if not found:
            raise thrown(f"{name}: No item found for query: {text}")
        if len(found) > 1:
            raise thrown(f"{name}: Several items found ({len(found)}) for query: {text}")
        return int(found[0]["id"])

    def _by_criteria(self, name: str, of: str, criteria: dict[str, Any]) -> int:
        found = self.matching(of, criteria)
        told = ", ".join(f"{key}: {value} ({value})" for key, value in criteria.items())
        if not found:
            raise thrown(f"{name}: No item found with criteria: {told}")
        if len(found) > 1:
            raise thrown(f"{name}: Several items found ({len(found)}) with criteria: {told}")
        return int(found[0]["id"])

    def matching(self, class_name: str, criteria: dict[str, Any]) -> list[Record]:
        """What this account sees of a class, and has these values."""
        for key in criteria:
            if key != "id" and key not in self._world.attributes(class_name):
                raise thrown(f"{key}: Unknown attribute")
        return [
            one
            for one in self.seen(class_name)
            if all(str(self._world.shown(one, key)) == str(value) for key, value in criteria.items())
        ]

    def seen(self, class_name: str) -> list[Record]:
        return [one for one in self._world.all(class_name) if not self.is_hidden(one["class"], one["id"])]

    def is_hidden(self, class_name: str, number: int) -> bool:
        """Whether the account is limited to organisations, and this belongs to none of them."""
        orgs, record = self._actor.account.orgs, self._world.get(class_name, number)
        if not orgs or record is None:
            return False
        org = record["id"] if class_name == "Organization" else record.get("item_org_id", record.get("org_id"))
        return org is not None and int(org or 0) not in orgs

    # --- logs ---------------------------------------------------------------------------------------------------

    def _log(self, entries: list[dict[str, Any]], name: str, value: Any) -> list[dict[str, Any]]:
        """The whole log as it is written anew."""
        if isinstance(value, str):
            if not value.strip():
                return entries
            return [*entries, self._entry(sanitised(value, self._world.root), {})]
        if isinstance(value, dict) and isinstance(value.get("items"), list):
            return [self._imported(one) for one in value["items"]]
        item = value.get("add_item") if isinstance(value, dict) else None
        if not isinstance(item, dict) or "message" not in item:
            raise thrown(f"{name}: Missing mandatory property 'message'")
        return [*entries, self._added(name, item)]

    def _added(self, name: str, item: dict[str, Any]) -> dict[str, Any]:
        if "user_id" in item and not self._actor.account.is_admin:
            raise Refused(1, f"{name}: Only administrators can set the user id", thrown=True)
        if "date" in item and not _is_moment(item["date"]):
            raise thrown(f"{name}: Invalid date: {item['date']}")
        message = str(item["message"])
        if item.get("format") == "text":
            return self._entry(escaped(message), item)
        return self._entry(sanitised(message, self._world.root) if message.strip() else DEBRIS, item)

    def _entry(self, html: str, item: dict[str, Any]) -> dict[str, Any]:
        """An author's name alone is ignored; with the id 0 it is kept, with another id it is that user's."""
        account, stamp = self._actor.account, str(item.get("date") or "")
        if "user_id" not in item:
            return self._world.entry(html, account.name, str(account.user_id), stamp)
        if int(item["user_id"] or 0) == 0:
            return self._world.entry(html, str(item.get("user_login") or ""), 0, stamp)
        others = (one for one in self._world.accounts.values() if one.user_id == int(item["user_id"]))
        other = next(others, account)
        return self._world.entry(html, other.name, str(other.user_id), stamp)

    def _imported(self, item: dict[str, Any]) -> dict[str, Any]:
        """Stored as it is: neither sanitised nor judged."""
        entry = self._world.entry(str(item.get("message") or ""), str(item.get("user_login") or ""), 0)
        return entry | {"date": str(item.get("date") or entry["date"])}


def _is_moment(value: Any) -> bool:
    try:
        datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 — a wall clock's time, as iTop has them
    except ValueError:
        return False
    return True


def _blob(name: str, value: Any) -> Blob:
    """Almost anything is taken: nothing at all, no name, and base64 that is none becomes other bytes."""
    if isinstance(value, str):
        raise thrown(f"{name}: Wrong format for a document")
    given = value if isinstance(value, dict) else {}
    media_type, file_name = given.get("mimetype"), given.get("filename")
    return Blob(
        decoded(str(given.get("data") or "")),
        None if media_type is None else str(media_type),
        None if file_name is None else str(file_name),
    )


def decoded(text: str) -> bytes:
    """As PHP does it: what is no base64 is passed over."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        bare = _NOT_BASE64.sub("", text)
        bare = bare[: len(bare) - (len(bare) % 4 == 1)]
        return base64.b64decode(bare + "=" * (-len(bare) % 4))
