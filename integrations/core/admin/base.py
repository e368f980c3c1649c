"""The classes every admin page of the portal is built on; the look (Unfold) is behind them and nowhere else.

`PortalModelAdmin` limits everything to what the person may see: lists, pages, search, autocomplete, exports, bulk
actions, filters and the choices of related records, by the model's `objects.visible_to(user)`. Nothing can be
deleted unless a class says so. Where a model keeps a history, its history page shows who changed what.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Field, ForeignKey, ManyToManyField, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from integrations.core import guides
from integrations.core.models import Client
from integrations.core.models.scoping import ScopedQuerySet

from .history import versions
from .navigation import name_of

HISTORY_LENGTH = 200  # versions shown on a history page, newest first


def limited(queryset: QuerySet[Any], request: HttpRequest) -> QuerySet[Any]:
    """The queryset, limited to what the person may see if its records belong to clients."""
    return queryset.visible_to(request.user) if isinstance(queryset, ScopedQuerySet) else queryset


def sees_the_house(request: HttpRequest) -> bool:
    """Whether the person is not limited to some clients."""
    return bool(getattr(request.user, "all_clients", False))


def with_choice(request: HttpRequest, **chosen: str) -> str:
    """The query string of this request with what was chosen added."""
    query = request.GET.copy()
    for name, value in chosen.items():
        query[name] = value
    return query.urlencode()


class ScopedRelatedFilter(admin.RelatedFieldListFilter):
    """A filter by a related record that offers only the records the person may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[Any]:
        model = field.remote_field.model
        related = limited(model._default_manager.all(), request)
        if model is not Client and (path := getattr(model, "client_path", "")):
            related = related.select_related(path)  # a record's name begins with its client's
        return [(str(record.pk), str(record)) for record in related]


class Scoping:
    """Limits records and the choices of related records; for admins and their inlines."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return limited(super().get_queryset(request), request)  # type: ignore[misc]  # a mixin

    def get_field_queryset(self, db: str | None, db_field: Field[Any, Any], request: HttpRequest) -> Any:
        """The choices of a related field; Django's admin asks here for foreign keys and many-to-many alike."""
        chosen = super().get_field_queryset(db, db_field, request)  # type: ignore[misc]  # a mixin
        if chosen is None and isinstance(db_field, ForeignKey | ManyToManyField):
            chosen = db_field.remote_field.model._default_manager.using(db).all()
        return None if chosen is None else limited(chosen, request)


class PortalModelAdmin(Scoping, ModelAdmin):  # type: ignore[misc]  # Unfold publishes no types
    """The base of every admin class: limited to visible records, no delete, history where there is one."""

    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = True
    warn_unsaved_form = True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [self._scoped_filter(entry) for entry in super().get_list_filter(request)]

    def _scoped_filter(self, entry: Any) -> Any:
        if not isinstance(entry, str):
            return entry
        field = get_fields_from_path(self.model, entry)[-1]
        return (entry, ScopedRelatedFilter) if field.is_relation else entry

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The help of important fields leads to their section of the guides."""
        page = f"{self.opts.app_label}_{self.opts.model_name}"
        for name, field in context["adminform"].form.fields.items():
            field.help_text = guides.help_of(page, name, field.help_text) or field.help_text
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """A list is called as in the sidebar, or by what is in it; not by what to do ("Select job to view")."""
        name = name_of(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        title = name or capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})  # type: ignore[no-any-return]  # Unfold's

    def history_records(self, record: Any) -> list[Any]:
        """The records whose versions the history page of this one shows."""
        return [record]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Every version of the record with what changed; Django's own log for models without a history."""
        if not hasattr(self.model, "history"):
            return super().history_view(request, object_id, extra_context)  # type: ignore[no-any-return]
        record = self.get_object(request, unquote(object_id))
        if record is None:
            raise Http404
        if not self.has_view_or_change_permission(request, record):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("History of {record}").format(record=record),
            "opts": self.model._meta,
            "original": record,
            "versions": versions(self.history_records(record), limit=HISTORY_LENGTH),
            "limit": HISTORY_LENGTH,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/portal/history.html", context)


class HouseAdmin(PortalModelAdmin):
    """For what belongs to the whole house and to no client: only for people who see all clients."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return sees_the_house(request) and super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return sees_the_house(request) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return sees_the_house(request) and super().has_change_permission(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return sees_the_house(request) and super().has_module_permission(request)


class ReadOnlyAdmin(PortalModelAdmin):
    """For records that the portal writes and people only look at."""

    warn_unsaved_form = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyHouseAdmin(ReadOnlyAdmin, HouseAdmin):
    """For what the portal writes about itself; only for people who see all clients."""


class PortalTabularInline(Scoping, TabularInline):  # type: ignore[misc]  # Unfold publishes no types
    """Related records as rows of a page, limited to visible ones."""

    extra = 0
    can_delete = False
    show_change_link = True

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Named by its column, whose heading is nobody's label."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs.setdefault("aria-label", capfirst(field.label))
        return field


class PortalStackedInline(Scoping, StackedInline):  # type: ignore[misc]  # Unfold publishes no types
    """Related records as panels of a page, limited to visible ones."""

    extra = 0
    can_delete = False
