"""Signing in whom a provider vouches for, and the page for whom it does not."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext

from integrations.core import two_factor
from integrations.texts import Text

from .people import Claims, Refused, person_of

BACKEND = "django.contrib.auth.backends.ModelBackend"


def admit(request: HttpRequest, claims: Claims) -> HttpResponse:
    """A new session for the person, or the page that says why not."""
    try:
        user = person_of(claims)
    except Refused as reason:
        return refusal(request, str(reason))
    login(request, user, backend=BACKEND)
    if settings.OIDC_SECOND_FACTOR:
        two_factor.given_elsewhere(request)
    return redirect("admin:index")


def refusal(request: HttpRequest, reason: Text) -> HttpResponse:
    shown = {**admin.site.each_context(request), "title": gettext("Not signed in"), "reason": reason}
    return TemplateResponse(request, "admin/portal/single_sign_on.html", shown, status=403).render()
