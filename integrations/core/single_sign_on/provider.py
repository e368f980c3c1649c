"""The provider, as django-allauth speaks with it; stricter where the library leaves a choice.

The ID token's signature is always checked, it must carry the nonce of this browser's request, and what the userinfo
endpoint says counts only for the same subject. Scopes and parameters come from nowhere but here.
"""

from __future__ import annotations

import secrets
from typing import Any

import jwt
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from .admitting import admit
from .people import Claims

NONCE = "single_sign_on_nonce"
ALGORITHMS = {f"{family}{size}" for family in ("RS", "PS", "ES") for size in (256, 384, 512)} | {"EdDSA"}


class Distrusted(OAuth2Error):  # type: ignore[misc]  # the library publishes no types
    """What the provider answered is not believed; the text says why, and holds nothing of the answer."""


class StrictAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # the library publishes no types
    """One sign-in's talk with the provider."""

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return f"{settings.PORTAL_BASE_URL}{reverse('single_sign_on_callback')}"

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """Sign in whoever the provider says it is. Raises `OAuth2Error`, or the answer: the library's own flows of
        accounts (their addresses, sign-up, connecting) are passed by."""
        expected = request.session.pop(NONCE, "")
        claims = self._believed(app, kwargs["response"].get("id_token"))
        if not expected or not constant_time_compare(str(claims.get("nonce")), expected):
            raise Distrusted("The ID token answers another request.")
        said = self._fetch_user_info(token.token)
        if said.get("sub") != claims["sub"]:
            raise Distrusted("The userinfo endpoint speaks of somebody else.")
        raise ImmediateHttpResponse(admit(request, {**claims, **said}))

    def _believed(self, app: Any, id_token: object) -> Claims:
        """The claims of an ID token with the provider's signature, for us, and in its time."""
        if self.openid_config.get("issuer") != settings.OIDC_ISSUER:
            raise Distrusted("The provider calls itself by another name than OIDC_ISSUER.")
        try:
            if jwt.get_unverified_header(str(id_token)).get("alg") not in ALGORITHMS:
                raise Distrusted("The ID token is not signed with a key pair.")
            claims: dict[str, Any] = jwtkit.verify_and_decode(
                credential=id_token,
                keys_url=self.openid_config["jwks_uri"],
                issuer=settings.OIDC_ISSUER,
                audience=app.client_id,
                lookup_kid=jwtkit.lookup_kid_jwk,
            )
        except (jwt.PyJWTError, KeyError, TypeError) as problem:
            raise Distrusted("The ID token cannot be read.") from problem
        if not claims.get("sub") or "exp" not in claims:
            raise Distrusted("The ID token lacks a subject or an end.")
        return claims


class StrictProvider(OpenIDConnectProvider):  # type: ignore[misc]  # the library publishes no types
    """Asks with PKCE and a nonce."""

    oauth2_adapter_class = StrictAdapter

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        nonce = request.session[NONCE] = secrets.token_urlsafe(32)
        return {"process": "login", "scope": self.get_scope(), "auth_params": {"nonce": nonce}}
