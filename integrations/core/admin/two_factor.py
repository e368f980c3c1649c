"""The pages “Two-factor”: set it up, give it at sign-in, remove it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from integrations.core import two_factor
from integrations.core.login import is_own_password

TRY_AGAIN = _("That code does not fit. Codes change every 30 seconds; after a wrong one, wait a moment and try again.")


@never_cache
@sensitive_post_parameters("password", "code")
def settings_page(request: HttpRequest) -> HttpResponse:
    """What the person has, and its one next step."""
    answers = {"start": _start, "confirm": _confirm, "remove": _remove}
    answer = answers.get(request.POST.get("do", "")) if request.method == "POST" else None
    return answer(request) if answer else _page(request)


def _page(request: HttpRequest, **extra: Any) -> HttpResponse:
    user = request.user
    enrolled = two_factor.is_enrolled(user)
    device = None if enrolled else two_factor.pending(user)
    context = {
        **admin.site.each_context(request),
        "title": gettext("Two-factor sign-in"),
        "enrolled": enrolled,
        "demanded": two_factor.must_enrol(user),
        "codes_left": two_factor.codes_left(user) if enrolled else 0,
        "device": device,
        **extra,
    }
    if device is not None:
        context["qr_width"], context["qr_path"] = two_factor.qr_squares(device)
        context["key"] = two_factor.key_for_typing(device)
    return TemplateResponse(request, "admin/portal/two_factor.html", context)


def _start(request: HttpRequest) -> HttpResponse:
    if not two_factor.is_enrolled(request.user):
        two_factor.start(request.user)
    return redirect("admin:two_factor")


def _confirm(request: HttpRequest) -> HttpResponse:
    device = two_factor.pending(request.user)
    codes = two_factor.confirm(request, device, request.POST.get("code", "")) if device else []
    return _page(request, codes=codes) if codes else _page(request, problem=TRY_AGAIN)


def _remove(request: HttpRequest) -> HttpResponse:
    if not is_own_password(request, request.POST.get("password", "")):
        return _page(request, problem=gettext("That is not your password. Nothing was removed."))
    two_factor.remove(request.user)
    messages.success(request, gettext("Two-factor sign-in is off. Your password alone opens the portal again."))
    return redirect("admin:two_factor")


@never_cache
@sensitive_post_parameters("code")
def verify_page(request: HttpRequest) -> HttpResponse:
    """The second step of signing in."""
    problem = ""
    if request.method == "POST":
        if two_factor.verify(request, request.POST.get("code", "")):
            return redirect("admin:index")
        problem = str(TRY_AGAIN)
    context = {**admin.site.each_context(request), "title": gettext("Second step"), "problem": problem}
    return TemplateResponse(request, "admin/portal/two_factor_verify.html", context)
