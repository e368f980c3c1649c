"""Signing in: whose address counts, what a locked-out person reads, and asking for the password again."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def client_ip(request: HttpRequest) -> str:
    """The caller's address as the outermost of our own proxies saw it; forged headers beyond it count nothing."""
    direct = str(request.META.get("REMOTE_ADDR", ""))
    hops: list[str] = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    proxies: int = settings.TRUSTED_PROXIES
    return hops[-proxies] if 0 < proxies <= len(hops) else direct


def is_own_password(request: HttpRequest, password: str) -> bool:
    """Whether this is the password of who is signed in. Wrong ones count towards the lock-out like any sign-in."""
    bare = HttpRequest()  # without the form that was sent: failed attempts are stored with what they sent
    bare.META = {name: request.META[name] for name in request.META if name.isupper()}
    bare.path = request.path
    return bool(authenticate(bare, username=request.user.get_username(), password=password) == request.user)


def locked_out(request: HttpRequest, response: Any, credentials: Any) -> HttpResponse:
    """The page after too many failed sign-ins; the same whether the name exists or not."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    return render(request, "portal/locked_out.html", {"minutes": minutes}, status=429)
