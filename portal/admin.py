"""The admin site: the portal's look, its sidebar, its sign-in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from unfold.sites import UnfoldAdminSite


class PortalAdminSite(UnfoldAdminSite):  # type: ignore[misc]  # Unfold publishes no types
    site_title = "Integration portal"
    site_header = "Integration portal"
    index_title = "Overview"
    enable_nav_sidebar = True

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        # Imported late: the site exists before the models are loaded.
        from integrations.core.admin.navigation import sidebar

        groups = sidebar(request)
        for group in groups:
            group["items"] = self._get_navigation_items(request, group["items"])
        return groups

    def extra_urls(self) -> list[URLPattern]:
        from integrations.core.admin import two_factor

        return [
            path("two-factor/", self.admin_view(two_factor.settings_page), name="two_factor"),
            path("two-factor/verify/", self.admin_view(two_factor.verify_page), name="two_factor_verify"),
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        from integrations.core.admin.dashboard import dashboard

        shown = {"dashboard": dashboard(request.user), **(extra_context or {})}
        return super().index(request, shown)  # type: ignore[no-any-return]

    def extra_context(self, context: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
        """What every page knows besides Unfold's: the environment's label, red where a mistake would hurt."""
        context["environment"] = [settings.ENVIRONMENT, "danger" if settings.PRODUCTION else "info"]
        context["colors"] = {}  # they stand in portal.css: no inline style, so a stricter page policy
        return context
