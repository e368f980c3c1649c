"""What every call of the API meets first: its token, and the shape of a refusal."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import DatabaseError
from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.utils import timezone, translation

from integrations.core.models import ApiToken

log = logging.getLogger(__name__)

RETRY_AFTER = 30  # seconds, when the trouble is ours
USED_EVERY = dt.timedelta(minutes=1)  # how often a token's last use is written
WHAT_FOR = {ApiToken.Scope.POST: "sends runs", ApiToken.Scope.READ: "reads"}


class Refusal(Exception):
    """The call is answered with this status and sentence."""

    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def answered(view: Callable[[HttpRequest], JsonResponse]) -> Callable[[HttpRequest], JsonResponse]:
    """Refusals become their answers; trouble of our own becomes 503, so that the caller comes again.

    Programs read this: it speaks English, whatever the language of the pages.
    """

    @wraps(view)
    def door(request: HttpRequest, *args: Any, **more: Any) -> JsonResponse:
        try:
            with translation.override(None):
                return view(request, *args, **more)
        except Refusal as refusal:
            return problem(refusal)
        except DatabaseError:
            log.exception("A call of the API could not be answered.")
            sentence = "The portal cannot answer just now. Send the same again later."
            return problem(Refusal(503, sentence, Retry_After=str(RETRY_AFTER)))

    return door


def problem(refusal: Refusal) -> JsonResponse:
    return JsonResponse({"error": str(refusal)}, status=refusal.status, headers=refusal.headers)


def token_of(request: HttpRequest, scope: ApiToken.Scope) -> ApiToken:
    """The caller's token, if it is for this. It is found by its digest, so no time tells anything about a valid one.

    Raises `Refusal`.
    """
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
    if token.scope != scope:
        raise Refusal(
            403,
            f"This token {WHAT_FOR[ApiToken.Scope(token.scope)]}; ask an admin for one that {WHAT_FOR[scope]}.",
            WWW_Authenticate='Bearer error="insufficient_scope"',
        )
    now = timezone.now()
    unseen = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_EVERY)
    ApiToken.objects.filter(unseen, pk=token.pk).update(last_used_at=now)
    return token
