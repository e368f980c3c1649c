"""Webhooks as API users subscribe them (fact sheet, section 8), and the instance's settings and metadata."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

from integrations.vendors.simulation import Reply, Request

from .bodies import parsed
from .lists import page
from .refusals import invalid, refused
from .values import KINDS, TYPES
from .world import ENTITIES, FIELDS, Record, User

if TYPE_CHECKING:
    from .espocrm import EspocrmSimulator

MOST = 50  # of one user
_EVENT = re.compile(r"(\w+)\.(create|update|delete|fieldUpdate)(?:\.(\w+))?")
_INTERNAL = re.compile(r"https?://(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|\[)")


def create(espocrm: EspocrmSimulator, request: Request, user: User) -> Reply:
    """201, with the secret that EspoCRM made. The same can be subscribed twice, and is sent twice."""
    with espocrm.lock:
        return Reply.of(_named(espocrm, subscribe(espocrm, user, parsed(request))), status=201, committed=True)


def subscribe(espocrm: EspocrmSimulator, user: User, body: Record, *, secret: str = "") -> Record:
    """Raises Refused."""
    if not user.may_subscribe:
        raise refused(403, "No create access.")
    found = _EVENT.fullmatch(str(body.get("event", "")))
    if found is None or (found[2] == "fieldUpdate") != (found[3] is not None):
        raise refused(403, "Not supported event.")
    if found[1] not in ENTITIES:
        raise refused(403, "Entity type is forbidden.")
    if found[3] is not None and found[3] not in (*FIELDS, *(kind.field for kind in KINDS)):
        raise refused(403, "Field does not exist.")  # an attribute such as emailAddressData is none
    url = str(body.get("url", ""))
    if not url:
        raise invalid("Webhook", "url", "required")
    if not espocrm.internal_urls and _INTERNAL.match(url):
        raise invalid("Webhook", "url", "notInternal")
    if sum(1 for one in espocrm.data.webhooks.values() if one["createdById"] == user.id) >= MOST:
        raise refused(403, f"Webhook max count exceeded ({MOST}).")
    stamp = espocrm.data.clock.stamp()
    webhook: Record = {
        "id": espocrm.data.new_id(),
        "deleted": False,
        "event": body["event"],
        "url": url,
        "isActive": True,
        "entityType": found[1],
        "type": found[2],
        "field": found[3],
        "secretKey": secret or secrets.token_hex(16),
        "skipOwn": bool(body.get("skipOwn", False)),
        "createdAt": stamp,
        "modifiedAt": stamp,
        "createdById": user.id,
        "modifiedById": None,
    }
    espocrm.data.webhooks[webhook["id"]] = webhook
    return webhook


def _named(espocrm: EspocrmSimulator, webhook: Record) -> Record:
    shown = {name: value for name, value in webhook.items() if name != "modifiedById"}
    return {**shown, "createdByName": espocrm.data.user_name(webhook["createdById"]), "modifiedByName": None}


def index(espocrm: EspocrmSimulator, request: Request, user: User) -> Reply:
    """Those of this user. Unverified: that a list does not show their secrets."""
    if not user.may_subscribe:
        raise refused(403, "No read access.")
    with espocrm.lock:
        rows = [
            {name: value for name, value in one.items() if name != "secretKey"}
            for one in espocrm.data.webhooks.values()
            if one["createdById"] == user.id
        ]
        return page(espocrm.data, rows, ("id", "event", "url", "createdAt", "modifiedAt"), request)


def get(espocrm: EspocrmSimulator, request: Request, user: User, webhook_id: str) -> Reply:
    with espocrm.lock:
        return Reply.of(_named(espocrm, _own(espocrm, user, webhook_id, said="does not exist")))


def delete(espocrm: EspocrmSimulator, request: Request, user: User, webhook_id: str) -> Reply:
    with espocrm.lock:
        del espocrm.data.webhooks[_own(espocrm, user, webhook_id, said="not found")["id"]]
        return Reply.of(True, committed=True)


def _own(espocrm: EspocrmSimulator, user: User, webhook_id: str, *, said: str) -> Record:
    webhook = espocrm.data.webhooks.get(webhook_id)
    if webhook is None or webhook["createdById"] != user.id:
        raise refused(404, f"Record {webhook_id} {said}.")
    return webhook


# --- what the instance says of itself ---------------------------------------------------------------------------------


def settings(espocrm: EspocrmSimulator, request: Request, user: User) -> Reply:
    with espocrm.lock:
        return Reply.of(espocrm.data.settings)


def metadata(espocrm: EspocrmSimulator, request: Request, user: User) -> Reply:
    """The types of numbers are all that it tells."""
    known = {f"entityDefs.{entity}.fields.phoneNumber.typeList": list(TYPES) for entity in ENTITIES}
    return Reply.of(known.get(request.query.get("key", "")))


ROUTES: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/Settings", settings),
    ("GET", "/Metadata", metadata),
    ("POST", "/Webhook", create),
    ("GET", "/Webhook", index),
    ("GET", r"/Webhook/([^/]+)", get),
    ("DELETE", r"/Webhook/([^/]+)", delete),
)
