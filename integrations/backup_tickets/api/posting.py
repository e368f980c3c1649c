"""`POST /api/v1/runs`: backup products report runs here (spec, section 2). `GET /api/v1/openapi.json` describes it.

Cheap refusals come first: the token before the body, the size before reading, the type before parsing.
"""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from integrations.backup_tickets.intake import take_runs
from integrations.core.models import ApiToken

from . import openapi, reading
from .door import Refusal, answered, problem, token_of

MAX_BYTES = 5_000_000
MAX_ITEMS = 1_000


@csrf_exempt  # no cookie counts here, only the token
@never_cache
@answered
def runs(request: HttpRequest) -> JsonResponse:
    """Take the runs in the body: 200 when at least one was taken, 422 when none. GET shows a page of runs."""
    if request.method in ("GET", "HEAD"):
        return reading.runs(request)
    if request.method != "POST":
        raise Refusal(405, "Send runs with POST, read them with GET.", Allow="GET, HEAD, POST")
    token = token_of(request, ApiToken.Scope.POST)
    items = _items(_body(request))
    result = take_runs(token.client, items)
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
        return problem(Refusal(405, "Read this with GET.", Allow="GET, HEAD"))
    return JsonResponse(openapi.description(items=MAX_ITEMS, size=MAX_BYTES))


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
