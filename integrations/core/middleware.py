"""What holds for every request of a signed-in person: how long, with how many factors, under which page policy."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from .addresses import address_of
from .standing import standing_of
from .two_factor import must_enrol, was_given

Next = Callable[[HttpRequest], HttpResponse]
SIGNED_IN, SEEN = "signed_in_at", "seen_at"
STAMP_EVERY = 60  # seconds; a session is not written on every click


class SessionLimitsMiddleware:
    """Ends a session that was idle too long, or is too old however busy. Stands after authentication."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self._limit(request, time.time())
        return self.get_response(request)

    def _limit(self, request: HttpRequest, now: float) -> None:
        session = request.session
        idle = now - session.get(SEEN, now)
        age = now - session.get(SIGNED_IN, now)
        if idle > settings.SESSION_IDLE_SECONDS or age > settings.SESSION_COOKIE_AGE:
            logout(request)
            return
        if SIGNED_IN not in session:
            session[SIGNED_IN] = now
        if SEEN not in session or idle > STAMP_EVERY:
            session[SEEN] = now


class TwoFactorMiddleware:
    """Nothing else opens before the second factor was given, or set up where a role demands it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        target = self._detour(request)
        if target and request.path not in self._always_open(target):
            return redirect(target)
        return self.get_response(request)

    def _detour(self, request: HttpRequest) -> str:
        user = request.user
        if not user.is_authenticated or was_given(request):
            return ""
        standing = standing_of(user)
        request.write_hold = standing.hold  # type: ignore[attr-defined]  # the banner's, without another statement
        if standing.is_enrolled:
            return reverse("admin:two_factor_verify")
        return reverse("admin:two_factor") if must_enrol(user) else ""

    def _always_open(self, target: str) -> set[str]:
        return {target, reverse("admin:logout"), reverse("admin:jsi18n")}


class AdminPolicyMiddleware:
    """The admin's theme evaluates strings, so its pages get a policy that allows that; all others the strict one."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(address_of("admin:index")) and not hasattr(response, "_csp_replace"):
            response._csp_replace = settings.ADMIN_CONTENT_SECURITY_POLICY  # type: ignore[attr-defined]
        return response
