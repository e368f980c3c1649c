"""`POST /api/v1/runs`: backup products report runs here (spec, section 2). `GET /api/v1/openapi.json` describes it.

Cheap refusals come first: the token before the body, the size before reading, the type before parsing.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from typing import Any

from django.db import DatabaseError
from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from integrations.core.models import ApiToken

from . import openapi
from .intake import take_runs

log = logging.getLogger(__name__)

MAX_BYTES = 5_000_000
MAX_ITEMS = 1_000
RETRY_AFTER = 30  # seconds, when the trouble is ours
USED_EVERY = dt.timedelta(minutes=1)  # how often a token's last use is written


class Refusal(Exception):
    """The call is answered with this status and sentence."""

    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@csrf_exempt  # no cookie counts here, only the token
@never_cache
def runs(request: HttpRequest) -> JsonResponse:
    """Take the runs in the body. 200 when at least one was taken, 422 when none, else what `openapi` says."""
    try:
        if request.method != "POST":
            raise Refusal(405, "Send runs with POST.", Allow="POST")
        token = _token(request)
        items = _items(_body(request))
        result = take_runs(token.client, items)
    except Refusal as refusal:
        return _problem(refusal)
    except DatabaseError:
        log.exception("Runs could not be stored.")
        return _problem(
            Refusal(
                503, "The portal cannot store runs just now. Send the same again later.", Retry_After=str(RETRY_AFTER)
            )
        )
    answer = {
        "created": result.created,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "errors": [error._asdict() for error in result.errors],
    }
    return JsonResponse(answer, status=200 if result.taken else 422)


def description(request: HttpRequest) -> JsonResponse:
    """The OpenAPI document; open to all, as it holds nothing of anybody."""
    if request.method not in ("GET", "HEAD"):
        return _problem(Refusal(405, "Read this with GET.", Allow="GET, HEAD"))
    return JsonResponse(openapi.description(items=MAX_ITEMS, size=MAX_BYTES))


def _problem(refusal: Refusal) -> JsonResponse:
    return JsonResponse({"error": str(refusal)}, status=refusal.status, headers=refusal.headers)


def _token(request: HttpRequest) -> ApiToken:
    """The caller's token. It is found by its digest, so no comparison's time tells anything about a valid one."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given.strip():
        raise Refusal(401, "Give the client's token as “Authorization: Bearer …”.", WWW_Authenticate="Bearer")
    digest = ApiToken.digest_of(given.strip())
    known = ApiToken.objects.select_related("client").filter(digest=digest, revoked_at=None, client__is_active=True)
    token: ApiToken | None = known.first()
    if token is None:
        raise Refusal(
            401,
            "The token is not valid or was revoked; ask an admin for a new one.",
            WWW_Authenticate='Bearer error="invalid_token"',
        )
    now = timezone.now()
    unseen = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_EVERY)
    ApiToken.objects.filter(unseen, pk=token.pk).update(last_used_at=now)
    return token


def _body(request: HttpRequest) -> bytes:
    if request.content_type != "application/json":
        raise Refusal(415, "Send JSON, with the content type application/json.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refusal(415, "Send the JSON as it is, without a content encoding.")
    too_large = Refusal(413, f"A call carries at most {MAX_BYTES // 1_000_000} MB; send the runs in several calls.")
    try:
        announced = int(request.headers.get("Content-Length") or 0)
    except ValueError:
        raise Refusal(400, "The Content-Length is not a number.") from None
    if announced > MAX_BYTES:
        raise too_large
    body = request.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise too_large
    return body


def _items(body: bytes) -> list[Any]:
    """The runs in the body: `{"runs": […]}`, a list, or a single run."""
    value = _json(body)
    if isinstance(value, dict) and "runs" in value:
        if extra := sorted(value.keys() - {"runs"}):
            raise Refusal(400, f"Beside “runs” nothing is expected; remove {', '.join(map(ascii, extra))}.")
        value = value["runs"]
        if not isinstance(value, list):
            raise Refusal(400, "“runs” must be a list of runs.")
    elif isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        raise Refusal(400, 'Send {"runs": […]}, a list of runs, or a single run.')
    if not value:
        raise Refusal(400, "There is no run in the list; send at least one.")
    if len(value) > MAX_ITEMS:
        raise Refusal(413, f"A call carries at most {MAX_ITEMS:,} runs; send them in several calls.")
    return value


def _json(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise Refusal(400, f"The body is not UTF-8: byte {error.start + 1} cannot be read.") from None
    except json.JSONDecodeError as error:
        raise Refusal(400, f"The body is not JSON: {error.msg}, line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise Refusal(400, "The JSON is nested too deeply.") from None
    except ValueError as error:  # a constant or a number beyond all measure
        raise Refusal(400, f"The body is not JSON: {error}") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value.")
