"""The integration form: one input per role of the kind, offering connections of the right vendor."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminSelectWidget

from integrations.core.models import Connection, Integration, IntegrationRole
from integrations.core.registry import IntegrationKind, Role

ROLE = "role_"


class ConnectionChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} ({obj.get_health_display()})"


class IntegrationForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """The part every kind's form shares; `form_for` adds one field per role."""

    kind: IntegrationKind
    request: HttpRequest

    class Meta:
        model = Integration
        fields = ("client", "slug", "is_enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.kind = self.kind.slug
        if self.instance.pk is None:
            self.initial.setdefault("slug", self.kind.slug.replace("_", "-"))
        chosen = dict(self.instance.roles.values_list("role", "connection")) if self.instance.pk else {}
        for role in self.kind.roles:
            self._prepare_role(role, chosen.get(role.name))

    def _prepare_role(self, role: Role, chosen: int | None) -> None:
        offered = Connection.objects.visible_to(self.request.user).filter(vendor=role.vendor.slug)
        if self.instance.pk:
            offered = offered.filter(Q(client=self.instance.client) | Q(client=None))
        # What is chosen stays choosable, also for people who may not see the house's own connections.
        field = self.fields[ROLE + role.name]
        field.queryset = (  # type: ignore[attr-defined]
            Connection.objects.filter(Q(pk__in=offered.values("pk")) | Q(pk=chosen)).select_related("client")
        )
        if chosen is None and len(only := offered.values_list("pk", flat=True)[:2]) == 1:
            chosen = only[0]  # there is no choice
        self.initial.setdefault(ROLE + role.name, chosen)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        client = cleaned.get("client") or getattr(self.instance, "client", None)
        for role in self.kind.roles:
            connection = cleaned.get(ROLE + role.name)
            if connection and client and connection.client_id not in (None, client.pk):
                self.add_error(
                    ROLE + role.name,
                    gettext("{connection} belongs to another client; choose one of {client} or of the house.").format(
                        connection=connection, client=client
                    ),
                )
        return cleaned

    def save_roles(self) -> None:
        """Store who plays which role, and make the row of the kind's own options; the integration must be saved."""
        with transaction.atomic():
            for role in self.kind.roles:
                connection = self.cleaned_data[ROLE + role.name]
                played = IntegrationRole.objects.filter(integration=self.instance, role=role.name).first()
                if played is None:
                    played = IntegrationRole(integration=self.instance, role=role.name)
                if played.pk is None or played.connection_id != connection.pk:
                    played.connection = connection
                    played.save()
            if self.kind.options is not None:
                self.kind.options._default_manager.get_or_create(integration=self.instance)


def form_for(kind: IntegrationKind, request: HttpRequest) -> type[IntegrationForm]:
    """The form class for integrations of this kind, for this request."""
    fields: dict[str, Any] = {"kind": kind, "request": request}
    for role in kind.roles:
        fields[ROLE + role.name] = ConnectionChoice(
            label=role.label,
            queryset=Connection.objects.none(),
            widget=UnfoldAdminSelectWidget(),
            help_text=gettext("A connection to {label}, of this client or shared by the house.").format(
                label=role.vendor.label
            ),
        )
    return type("KindIntegrationForm", (IntegrationForm,), fields)
