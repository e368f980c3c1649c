"""`POST /webhooks/<client>/<connection>/<event>`: believe the sender, store the call and its job, answer 202.

A vendor may have fixed paths beside it, where the secret alone tells the connection.

Cheap refusals come first: the address and the announced size, the secret where the call brings it along, then the body.
202 means that the row and the job are committed; trouble of our own is 503, so that the sender comes again.
"""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt

from integrations.core import registry
from integrations.core.crypto import UnreadableSecret, digests
from integrations.core.login import client_ip
from integrations.core.models import Connection
from integrations.core.opening import WEBHOOK_SECRET
from integrations.transport.deadlines import Watch
from integrations.vendors.webhooks import Received, Unreadable, Webhooks, presented

from . import receiving, trouble

logger = logging.getLogger("portal.webhooks")

PREFIX = "/webhooks/"
RETRY_AFTER = 30  # seconds, when the trouble is ours
SAID_EVERY = 60.0  # seconds between two log lines about refused calls of one address
USUAL_HEADERS = frozenset({"content-type", "content-length", "user-agent"})
_UNKNOWN = "There is no such address, or the secret is wrong."


class Refusal(Exception):
    """The call is answered with this status and sentence; nothing is kept."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class DoorMiddleware:
    """Calls of machines go straight to their view: sessions, sign-in and page policies are for people."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info.rstrip("/")  # some senders end an address with a slash
        if path[1:] in fixed_paths():
            return webhook_by_secret(request, path[1:])
        if not path.startswith(PREFIX):
            return self.get_response(request)
        try:
            match = resolve(path)
        except Resolver404:
            return self.get_response(request)
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return response


@csrf_exempt  # no cookie counts here, only the secret
def webhook(request: HttpRequest, owner: str, slug: str, event: str) -> HttpResponse:
    """Take one call of a vendor. 202 with how many records it was about; else a status and a sentence."""
    return _taken(request, f"{owner}/{slug}/{event}", lambda: _source(owner, slug, event))


def webhook_by_secret(request: HttpRequest, path: str) -> HttpResponse:
    """The same at a fixed path: of the connections whose vendor has it, the one that has the secret calls."""
    return _taken(request, path, lambda: _source_by_secret(path, request))


def _taken(request: HttpRequest, address: str, find: Callable[[], Source]) -> HttpResponse:
    try:
        source = find()
        received = _received(request, source)
        taken = receiving.take(source.connection_id, received, source.webhooks, ip=client_ip(request) or None)
        if source.in_trouble:
            trouble.heard(source.connection_id)
    except Refusal as refusal:
        _say_refused(address, refusal, client_ip(request))
        return JsonResponse({"error": str(refusal)}, status=refusal.status)
    except Unreadable as problem:
        return JsonResponse({"error": str(problem)}, status=400)
    except (DatabaseError, UnreadableSecret) as error:
        logger.error("a webhook to %s was not taken (%s); its sender shall come again", address, error)
        return JsonResponse(
            {"error": "The portal cannot take it just now. Send the same again later."},
            status=503,
            headers={"Retry-After": str(RETRY_AFTER)},
        )
    return JsonResponse({"accepted": taken}, status=202)


# --- who calls --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """The connection an address belongs to, as far as the door needs it."""

    connection_id: int
    digest: str
    webhooks: Webhooks
    event: str
    in_trouble: bool  # its webhooks had stopped


def _source(owner: str, slug: str, event: str) -> Source:
    """Raises `Refusal`: the same for an address that does not exist as for a wrong secret."""
    statement, values = (_OF_THE_HOUSE, [slug]) if owner == "house" else (_OF_A_CLIENT, [slug, owner])
    with connection.cursor() as cursor:  # by hand: every call pays for it, and the ORM doubles its price
        cursor.execute(statement, values)
        row = cursor.fetchone()
    vendor = registry.vendors().get(row[1]) if row else None
    if row is None or vendor is None or vendor.webhooks is None or not row[2]:
        raise Refusal(401, _UNKNOWN)
    if event not in dict(vendor.webhooks.events):
        raise Refusal(401, _UNKNOWN)
    return Source(row[0], row[2], vendor.webhooks, event, in_trouble=row[3] is not None)


_FOUND = "SELECT one.id, one.vendor, one.webhook_digest, one.webhook_trouble_at FROM core_connection one"
_OF_THE_HOUSE = f"{_FOUND} WHERE one.slug = %s AND one.client_id IS NULL"
_OF_A_CLIENT = f"""
    {_FOUND} JOIN core_client client ON client.id = one.client_id
    WHERE one.slug = %s AND client.slug = %s AND client.is_active
"""


def _source_by_secret(path: str, request: HttpRequest) -> Source:
    """Raises `Refusal`; also when two connections have that secret, since nobody could tell which one calls."""
    given = presented({name.lower(): value for name, value in request.headers.items()})
    event_of = fixed_paths().get(path, {})
    rows = Connection.objects.filter(webhook_digest__in=digests(given), vendor__in=event_of)
    alive = rows.filter(Q(client=None) | Q(client__is_active=True))[:2]
    found = list(alive.values_list("pk", "vendor", "webhook_digest", "webhook_trouble_at"))
    if not given or len(found) != 1:
        raise Refusal(401, _UNKNOWN)
    pk, vendor, digest, trouble_at = found[0]
    return Source(pk, digest, *event_of[vendor], in_trouble=trouble_at is not None)


def fixed_paths() -> dict[str, dict[str, tuple[Webhooks, str]]]:
    """Each fixed path with the vendors that have it, by slug: their webhooks, and the event the path stands for."""
    found: dict[str, dict[str, tuple[Webhooks, str]]] = {}
    for vendor in registry.vendors().values():
        if vendor.webhooks is not None:
            for path, event in vendor.webhooks.paths.items():
                found.setdefault(path, {})[vendor.slug] = (vendor.webhooks, event)
    return found


def _received(request: HttpRequest, source: Source) -> Received:
    """The call, believed. Raises `Refusal`."""
    if request.method != "POST":
        raise Refusal(405, "Send it with POST.")
    size = _announced(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    signed = source.webhooks.is_signed
    if signed is None and not _is_known(presented(headers), source.digest):
        raise Refusal(401, _UNKNOWN)
    received = Received(source.event, _kept(headers, source.webhooks), _body(request, size))
    if signed is not None:
        secret = _secret(source)
        if not secret or not signed(Received(source.event, headers, received.body), secret):
            raise Refusal(401, _UNKNOWN)  # without a secret anybody could sign
    return received


def _is_known(given: str, stored: str) -> bool:
    return any(hmac.compare_digest(one, stored) for one in digests(given))


def _secret(source: Source) -> str:
    """The plain secret, which only a signature needs. Raises `UnreadableSecret`."""
    opened = Connection.objects.only("credentials").get(pk=source.connection_id).credentials.open()
    return str(opened.get(WEBHOOK_SECRET, ""))


def _kept(headers: dict[str, str], webhooks: Webhooks) -> dict[str, str]:
    return {name: value[:500] for name, value in headers.items() if name in USUAL_HEADERS | webhooks.headers}


# --- the body ---------------------------------------------------------------------------------------------------------


def _announced(request: HttpRequest) -> int:
    """The size of the body, in bytes, before a byte of it is read."""
    announced = request.META.get("CONTENT_LENGTH") or ""
    if not announced:
        raise Refusal(411, "Say how long the body is (Content-Length).")
    if not (announced.isascii() and announced.isdecimal()):
        raise Refusal(400, "The Content-Length is not a number.")
    if int(announced[:20]) > settings.WEBHOOK_MAX_BYTES:
        raise Refusal(413, f"A call may carry {settings.WEBHOOK_MAX_BYTES:,} bytes at most.")
    return int(announced)


def _body(request: HttpRequest, size: int) -> bytes:
    """The body, whole. A sender that trickles is cut off: the connection is shut down at the deadline."""
    watch = Watch(time.monotonic() + settings.WEBHOOK_SECONDS)
    sock = request.META.get("gunicorn.socket")
    watched: AbstractContextManager[Any] = nullcontext() if sock is None else watch
    with watched:
        if sock is not None:
            watch.attach(sock)
        try:
            body = request.read(size)
        except OSError:
            body = b""
    if len(body) < size:
        raise Refusal(408, "The body did not arrive whole, or not in time.")
    return body


# --- the log ----------------------------------------------------------------------------------------------------------

_said: dict[str, float] = {}


def _say_refused(address: str, refusal: Refusal, ip: str) -> None:
    """One line per address and minute: who is refused for ever must not fill the log."""
    now = time.monotonic()
    if now - _said.get(address, -SAID_EVERY) < SAID_EVERY:
        return
    if len(_said) > 1_000:
        _said.clear()
    _said[address] = now
    logger.warning("a webhook to %r from %s was refused (%d): %s", address[:200], ip, refusal.status, refusal)
