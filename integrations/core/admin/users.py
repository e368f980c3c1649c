"""People and roles."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from integrations.core import roles
from integrations.core.models import User

from .base import HouseAdmin

admin.site.unregister(Group)


@admin.register(User)
class PersonAdmin(HouseAdmin, UserAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Roles say what a person may do, clients whose records they see. Only superusers touch superusers."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "full_name", "email", "role_names", "sees", "is_active", "last_login")
    list_filter = ("is_active", "groups", "all_clients")
    filter_horizontal = ()
    autocomplete_fields = ("clients",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("May do", {"fields": ("is_active", "groups")}),
        ("May see", {"fields": ("all_clients", "clients")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "password1", "password2")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("May do", {"fields": ("groups",)}),
        ("May see", {"fields": ("all_clients", "clients")}),
    )
    readonly_fields = ("last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people: QuerySet[User] = super().get_queryset(request).prefetch_related("groups")
        return people

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None and request.user.is_superuser:
            return (*fieldsets, ("Superuser", {"fields": ("is_superuser",), "classes": ("collapse",)}))
        return fieldsets

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        obj.is_staff = True  # everybody works in the admin; "active" is the switch that keeps people out
        super().save_model(request, obj, form, change)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            return forms.ModelMultipleChoiceField(
                Group.objects.all(),
                label="Roles",
                required=False,
                widget=UnfoldAdminCheckboxSelectMultipleWidget(),
                help_text="Admin sets up, Operator works, Reporter looks.",
            )
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @admin.display(description="name")
    def full_name(self, row: User) -> str:
        return row.get_full_name()

    @admin.display(description="roles")
    def role_names(self, row: User) -> str:
        names = [group.name for group in row.groups.all()]
        return ", ".join([*names, "superuser"] if row.is_superuser else names) or "none"

    @admin.display(description="sees", ordering="all_clients")
    def sees(self, row: User) -> str:
        return "all clients" if row.all_clients else "some clients"


@admin.register(Group)
class RoleAdmin(HouseAdmin, GroupAdmin):
    """The portal's own roles are kept from one table after every update; only superusers add others."""

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        if obj is not None and obj.name in roles.ROLES:
            return False
        return request.user.is_superuser and super().has_change_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser and super().has_add_permission(request)
