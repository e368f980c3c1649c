"""The way to the provider and back, and what is said when it fails."""

from __future__ import annotations

import logging
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthError
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from .admitting import refusal
from .provider import Distrusted, StrictAdapter

logger = logging.getLogger("portal.single_sign_on")

CANCELLED = _("You broke off the sign-in.")
FAILED = _("The sign-in did not work. Try it again; if it keeps failing, tell an administrator of the portal.")


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # the library publishes no types
    """Gives the library's failures the portal's own page."""

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        why = str(exception) if isinstance(exception, Distrusted) else type(exception).__name__
        logger.warning("a sign-in with %s failed: %s", settings.OIDC_LABEL, why if exception else error)
        raise ImmediateHttpResponse(refusal(request, CANCELLED if error == AuthError.CANCELLED else FAILED))


@never_cache
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """To the provider."""
    try:
        return _view(OAuth2LoginView, request)
    except OSError as problem:  # what every error of its HTTP library is
        logger.warning("%s does not answer: %s", settings.OIDC_LABEL, type(problem).__name__)
        return refusal(
            request,
            gettext("{provider} does not answer. Try it again in a while.").format(provider=settings.OIDC_LABEL),
        )


@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Back from the provider."""
    return _view(OAuth2CallbackView, request)


def _view(view: Any, request: HttpRequest) -> HttpResponse:
    answer: HttpResponse = view.adapter_view(StrictAdapter(request, settings.OIDC_ID))(request)
    return answer


urlpatterns = [
    path("", start, name="single_sign_on"),
    path("callback/", callback, name="single_sign_on_callback"),
]
