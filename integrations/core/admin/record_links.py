"""Which records are the same: found by the id of either side; a pair's page tells its story."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from integrations.core.models import Connection, RecordLink
from integrations.core.timeline import of_link

from .base import ReadOnlyAdmin
from .timeline import told


@admin.register(RecordLink)
class RecordLinkAdmin(ReadOnlyAdmin):
    list_display = ("object_type", "left_id", "right_id", "state", "integration", "created_at")
    list_filter = ("state", "integration")
    list_select_related = ("integration__client",)
    search_fields = ("=left_id", "=right_id")
    search_help_text = _("The whole id of either side.")
    show_full_result_count = False
    ordering = ("-id",)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        link = self.get_object(request, object_id)
        if link is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        if not self.has_view_permission(request, link):
            raise PermissionDenied
        played = Connection.objects.filter(roles__integration=link.integration)
        context = {
            **self.admin_site.each_context(request),
            "title": str(link),
            "subtitle": str(link.integration),
            "opts": self.opts,
            "link": link,
            "base": {name: value for name, value in link.base.items() if not isinstance(value, dict | list)},
            **told(request, of_link(link)),
            "connections": played if request.user.has_perm("core.view_apicall") else [],
        }
        return TemplateResponse(request, "admin/portal/record_link.html", context)
