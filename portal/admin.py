"""The admin site: the portal's look, its sidebar, its sign-in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.functional import SimpleLazyObject, cached_property
from django.utils.translation import gettext_lazy as _
from unfold.settings import get_config
from unfold.sites import UnfoldAdminSite


class PortalAdminSite(UnfoldAdminSite):  # type: ignore[misc]  # Unfold publishes no types
    site_title = _("Integration portal")
    site_header = _("Integration portal")
    index_title = _("Overview")
    enable_nav_sidebar = True

    def _get_config(self, key: str, *args: Any) -> Any:
        """Unfold merges the settings with its defaults anew for each of its forty questions a page."""
        value = self._look.get(key)
        return self._get_value(value, *args) if value else None

    @cached_property
    def _look(self) -> dict[str, Any]:
        look: dict[str, Any] = get_config(self.settings_name)
        return look

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Found out when somebody looks at it: every page is given the list, and hardly one shows it."""
        return SimpleLazyObject(lambda: super(PortalAdminSite, self).get_app_list(request, app_label))

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        # Imported late: the site exists before the models are loaded.
        from integrations.core.admin.navigation import sidebar

        return sidebar(request)

    def extra_urls(self) -> list[URLPattern]:
        from integrations.core.admin import failures, guides, passwords, two_factor

        return [
            *failures.urls(self),
            *guides.urls(self),
            path("password/forgotten/", passwords.forgotten_page, name="password_forgotten"),
            path("password/choose/", passwords.choose_page, name="password_choose"),
            path("password/<str:secret>/", passwords.link_page, name="password_link"),
            path("two-factor/", self.admin_view(two_factor.settings_page), name="two_factor"),
            path("two-factor/verify/", self.admin_view(two_factor.verify_page), name="two_factor_verify"),
        ]

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Unfold's own reads whole tables, and keeps for minutes what a person may no longer see."""
        from integrations.core.admin.search import search_page

        return search_page(self, request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        shown = {
            "mail_is_set_up": settings.MAIL_IS_SET_UP,
            "single_sign_on": settings.OIDC_LABEL if settings.SINGLE_SIGN_ON else "",
            **(extra_context or {}),
        }
        return super().login(request, shown)  # type: ignore[no-any-return]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        from integrations.core.admin.dashboard import dashboard

        shown = {"dashboard": dashboard(request), **(extra_context or {})}
        return super().index(request, shown)  # type: ignore[no-any-return]

    def extra_context(self, context: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
        """What every page knows besides Unfold's: the environment's label, red where a mistake would hurt."""
        from integrations.core.admin.navigation import drawn
        from integrations.core.admin.restores import banner
        from integrations.core.guides import guide_of

        context["guide"] = guide_of(request.resolver_match.url_name or "") if request.resolver_match else ""
        context["write_hold"] = banner(request)
        context["sidebar"] = drawn(context["sidebar_navigation"], request.path)
        context["environment"] = [settings.ENVIRONMENT, "danger" if settings.PRODUCTION else "info"]
        context["colors"] = {}  # they stand in portal.css: no inline style, so a stricter page policy
        return context
