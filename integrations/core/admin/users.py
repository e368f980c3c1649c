"""People and roles."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.forms import AdminPasswordChangeForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from integrations.core import labels, password_links, roles
from integrations.core.models import PasswordLink, User

from .base import HouseAdmin
from .user_forms import NewPersonForm, PersonForm

admin.site.unregister(Group)
# The tables of single sign-on (an optional extra) have pages that know neither our roles nor write-only secrets.
admin.site.unregister(
    [model for model in admin.site._registry if model._meta.app_label in ("account", "socialaccount")]
)


@admin.register(User)
class PersonAdmin(HouseAdmin, UserAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Roles say what a person may do, clients whose records they see. Only superusers touch superusers."""

    form = PersonForm
    add_form = NewPersonForm
    change_password_form = AdminPasswordChangeForm
    change_form_outer_before_template = "admin/portal/user_panel.html"
    list_display = ("username", "full_name", "email", "state", "role_names", "sees", "last_login")
    list_filter = ("is_active", "groups", "all_clients")
    filter_horizontal = ()
    autocomplete_fields = ("clients",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email", "confirm_password")}),
        (_("May do"), {"fields": ("is_active", "groups")}),
        (_("May see"), {"fields": ("all_clients", "clients")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "first_name", "last_name", "email")}),
        (_("May do"), {"fields": ("groups",)}),
        (_("May see"), {"fields": ("all_clients", "clients")}),
        (_("Sign-in"), {"fields": ("usable_password", "password1", "password2")}),
    )
    readonly_fields = ("last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        live = PasswordLink.objects.filter(purpose=PasswordLink.Purpose.INVITATION, over_at=None)
        invitations = Prefetch("password_links", live.select_related("made_by"), to_attr="invitations")
        people: QuerySet[User] = super().get_queryset(request).prefetch_related("groups", invitations)
        return people

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.request = request  # type: ignore[attr-defined]  # the forms of this class have it
        return form

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None and not settings.MAIL_IS_SET_UP:
            return (*fieldsets[:-1], (gettext("Sign-in"), {"fields": ("password1", "password2")}))
        if obj is not None and request.user.is_superuser:
            return (*fieldsets, (gettext("Superuser"), {"fields": ("is_superuser",), "classes": ("collapse",)}))
        return fieldsets

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        obj.is_staff = True  # everybody works in the admin; "active" is the switch that keeps people out
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data:
            password_links.end_links(obj)  # what went to the old address

    def response_add(self, request: HttpRequest, obj: User, post_url_continue: str | None = None) -> HttpResponse:
        answer: HttpResponse = super().response_add(request, obj, post_url_continue)
        if not obj.has_usable_password():
            self._invite(request, obj)
        return answer

    # --- invitations: POST only, never part of saving a form

    def get_urls(self) -> list[URLPattern]:
        def door(name: str, view: Any) -> URLPattern:
            wrapped: Any = self.admin_site.admin_view(view)
            pattern: URLPattern = path(f"<int:pk>/{name}/", wrapped, name=f"core_user_{name}")
            return pattern

        return [door("invite", self.invite_view), door("revoke", self.revoke_view), *super().get_urls()]

    @method_decorator(require_POST)
    def invite_view(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        """Mail an invitation, or another one, which takes the place of the first."""
        person = self._person(request, pk)
        self._invite(request, person)
        return HttpResponseRedirect(reverse("admin:core_user_change", args=[pk]))

    @method_decorator(require_POST)
    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        """Take an invitation back: the link is dead, the person no longer active."""
        person = self._person(request, pk)
        if person.invitations:  # type: ignore[attr-defined]  # prefetched
            password_links.revoke(person, by=request.user)  # type: ignore[arg-type]  # signed in
            said = gettext(
                "The invitation of {person} is taken back: its link opens nothing, and they are no longer active."
            ).format(person=person)
            self.message_user(request, said, messages.SUCCESS)
        else:
            self.message_user(
                request, gettext("{person} has no invitation to take back.").format(person=person), messages.WARNING
            )
        return HttpResponseRedirect(reverse("admin:core_user_change", args=[pk]))

    def _person(self, request: HttpRequest, pk: int) -> User:
        person: User | None = self.get_object(request, str(pk))
        if person is None:
            raise Http404
        if not self.has_change_permission(request, person):
            raise PermissionDenied
        return person

    def _invite(self, request: HttpRequest, person: User) -> None:
        try:
            password_links.invite(person, by=request.user)  # type: ignore[arg-type]  # signed in
        except ValueError as reason:
            self.message_user(
                request, gettext("No invitation was sent. {reason}").format(reason=reason), messages.WARNING
            )
        else:
            self.message_user(
                request, gettext("An invitation goes to {email}. It is good for three days.").format(email=person.email)
            )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        person = self.get_object(request, object_id)
        extra: dict[str, Any] = {}
        if person is not None and not person.has_usable_password():
            extra = {
                "state": self.state(person),
                "invitation": next(iter(person.invitations), None),
                "obstacle": password_links.obstacle(person),
                "may_invite": self.has_change_permission(request, person),
            }
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            return forms.ModelMultipleChoiceField(
                Group.objects.all(),
                label=gettext("Roles"),
                required=False,
                widget=UnfoldAdminCheckboxSelectMultipleWidget(),
                help_text=gettext("Admin sets up, Operator works, Reporter looks."),
            )
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @admin.display(description=_("name"))
    def full_name(self, row: User) -> str:
        return row.get_full_name()

    @admin.display(description=_("state"), ordering="is_active")
    def state(self, row: User) -> SafeString:
        return labels.label(*password_links.state_of(row, next(iter(row.invitations), None)))  # type: ignore[attr-defined]

    @admin.display(description=_("roles"))
    def role_names(self, row: User) -> str:
        names = [group.name for group in row.groups.all()]
        return ", ".join([*names, gettext("superuser")] if row.is_superuser else names) or gettext("none")

    @admin.display(description=_("sees"), ordering="all_clients")
    def sees(self, row: User) -> str:
        return gettext("all clients") if row.all_clients else gettext("some clients")


@admin.register(Group)
class RoleAdmin(HouseAdmin, GroupAdmin):
    """The portal's own roles are kept from one table after every update; only superusers add others."""

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        if obj is not None and obj.name in roles.ROLES:
            return False
        return request.user.is_superuser and super().has_change_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser and super().has_add_permission(request)
