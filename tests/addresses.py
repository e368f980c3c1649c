"""Every address the resolver knows, and objects of a small world to fill their places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from model_bakery import baker

from integrations.core.models import AlertRule, ApiCall, Client, Connection, Integration, IntegrationRole


@dataclass(frozen=True, slots=True)
class Address:
    """One pattern of the resolver: its name (or its route, where it has none), its route and the owning model."""

    name: str
    route: str
    model: type[Model] | None


def addresses() -> list[Address]:
    """Sorted by name; signing out comes last, since nothing works after it."""
    found = set(_walk(get_resolver(), "", ""))
    return sorted(found, key=lambda address: (address.name == "admin:logout", address.name))


def _walk(resolver: URLResolver, route: str, namespace: str) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        here = route + str(entry.pattern)
        if isinstance(entry, URLPattern):
            owner = getattr(entry.callback, "model_admin", None)
            name = f"{namespace}{entry.name}" if entry.name and not entry.name.startswith("None") else f"/{here}"
            yield Address(name, here, _model_of(name, owner))
        else:
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry, here, inner)


def _model_of(name: str, owner: Any) -> type[Model] | None:
    if owner is not None:
        return owner.model
    for model in admin.site._registry:
        if name.startswith(f"admin:{model._meta.app_label}_{model._meta.model_name}_"):
            return model
    for model in admin.site._registry:  # the unnamed redirect of old object addresses
        if name.startswith(f"/admin/{model._meta.app_label}/{model._meta.model_name}/"):
            return model
    return None


@dataclass
class Scene:
    """One object of every model with an admin page, all of the client Elite."""

    client: Client
    connection: Connection
    made: dict[type[Model], Model]

    def object_of(self, model: type[Model]) -> Model:
        if model not in self.made:
            self.made[model] = self._make(model)
        return self.made[model]

    def _make(self, model: type[Model]) -> Model:
        """Foreign keys lead to objects of this scene, so that everything belongs to Elite."""
        given = {}
        for field in model._meta.concrete_fields:
            if field.name in self._fixed():
                given[field.name] = self._fixed()[field.name]
            elif field.is_relation and not field.null:
                given[field.name] = self.object_of(field.related_model)
        return baker.make(model, **given)

    def _fixed(self) -> dict[str, Any]:
        return {"client": self.client, "connection": self.connection, "at": timezone.now()}


def make_scene(client: Client, connection: Connection) -> Scene:
    integration = Integration.objects.create(client=client, slug="tickets", kind="backup_tickets")
    role = IntegrationRole.objects.create(integration=integration, role="autotask", connection=connection)
    call = baker.make(ApiCall, connection=connection, at=timezone.now(), method="GET", route="/")
    made: dict[type[Model], Model] = {
        Client: client,
        Connection: connection,
        Integration: integration,
        IntegrationRole: role,
        ApiCall: call,
        AlertRule: AlertRule.objects.create(slug="stream_failing"),  # a declared one
    }
    scene = Scene(client, connection, made)
    for model in admin.site._registry:
        scene.object_of(model)
    for label in ("backup_tickets.RunObject", "backup_tickets.TicketLink"):
        scene.object_of(apps.get_model(label))
    return scene
