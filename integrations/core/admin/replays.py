"""Replays: which deliveries, what it would do, how far it is, and what came of each."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import labels
from integrations.core.models import Connection, Job, Replay, WebhookDelivery
from integrations.core.webhooks import replaying

from .base import ReadOnlyAdmin, sees_the_house
from .inbox import TONES as DELIVERY_TONES

State, Delivery = Replay.State, WebhookDelivery.State
TONES = {State.SHOWN: "neutral", State.RUNNING: "info", State.DONE: "good", State.STOPPED: "warning"}
FAILED_SHOWN = 50


class ReplayForm(forms.Form):
    """Which deliveries, and how fast."""

    connection = forms.ModelChoiceField(
        Connection.objects.none(), label=_("Connection"), required=False, empty_label=_("any")
    )
    deliveries = forms.ChoiceField(
        label=_("What came of them"),
        choices=[
            ("", _("anything")),
            *((value, label) for value, label in Delivery.choices if value != Delivery.WAITING),
        ],
        required=False,
    )
    record = forms.CharField(
        label=_("Record"),
        max_length=160,
        required=False,
        help_text=_("How the record begins, such as ticket:17. Empty: any."),
    )
    since = forms.DateTimeField(label=_("Received from"), required=False)
    until = forms.DateTimeField(label=_("Received before"), required=False)
    rate = forms.TypedChoiceField(
        label=_("Records a minute"), coerce=int, choices=[(rate, f"{rate:,}") for rate in replaying.RATES], initial=60
    )

    def __init__(self, *args: Any, user: Any, **named: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **named})
        connections = Connection.objects.visible_to(user).exclude(deliveries=None).select_related("client")
        self.fields["connection"].queryset = connections.distinct()  # type: ignore[attr-defined]  # a choice of models
        for name in ("since", "until"):
            self.fields[name].widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("since") and given.get("until") and given["until"] <= given["since"]:
            self.add_error("until", gettext("The end must be after the beginning."))
        return given


@admin.register(Replay)
class ReplayAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "status", "connection", "asked_by", "records", "asked", "finished_at")
    list_filter = ("state",)
    list_select_related = ("connection__client", "asked_by")
    ordering = ("-id",)

    @admin.display(description=_("state"), ordering="state")
    def status(self, replay: Replay) -> SafeString:
        return labels.label(replay.get_state_display(), TONES[State(replay.state)])

    def get_queryset(self, request: HttpRequest) -> QuerySet[Replay]:
        """One's own; those who see the whole house see everybody's."""
        rows: QuerySet[Replay] = super().get_queryset(request)
        return rows if sees_the_house(request) else rows.filter(asked_by=request.user.pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("core.add_replay") and request.user.has_perm("core.change_webhookdelivery"))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """GET: choose. POST: what it would do is shown; nothing is done yet."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        user: Any = request.user  # signed in
        form = ReplayForm(request.POST or None, user=user, initial=request.GET.dict() | {"rate": 60})
        if request.method == "POST" and form.is_valid():
            replay = Replay.objects.create(asked_by=user, up_to=replaying.newest(), **form.cleaned_data)
            return HttpResponseRedirect(reverse("admin:core_replay_change", args=[replay.pk]))
        context = {**self.admin_site.each_context(request), "title": gettext("Replay"), "opts": self.opts, "form": form}
        return TemplateResponse(request, "admin/portal/replay_form.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """GET: what it would do, or how far it is. POST: begin, or stop."""
        replay = self.get_object(request, object_id)
        if replay is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        if not self.has_view_permission(request, replay):
            raise PermissionDenied
        if request.method == "POST":
            if not self.has_add_permission(request):
                raise PermissionDenied
            user: Any = request.user  # signed in
            if "confirm" in request.POST:
                replaying.confirm(replay, user=user)
            elif "stop" in request.POST:
                replaying.stop(replay)
            return HttpResponseRedirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Replay"),
            "subtitle": str(replay),
            "opts": self.opts,
            "replay": replay,
            "may_change": self.has_add_permission(request),
            **(_shown(replay) if replay.state == State.SHOWN else _progress(replay)),
        }
        return TemplateResponse(request, "admin/portal/replay.html", context)


def _shown(replay: Replay) -> dict[str, Any]:
    would = replaying.preview(replay)
    minutes = -(-would.records // replay.rate)
    return {"would": would, "minutes": minutes, "first": replaying.FIRST, "busy": False}


def _progress(replay: Replay) -> dict[str, Any]:
    counts = replaying.results(replay)
    failed = replay.taken.filter(state=Delivery.FAILED).defer("body", "headers").order_by("pk")
    newest = Job.objects.filter(key=f"{replaying.KIND}:{replay.pk}").order_by("-id").first()
    is_dead = replay.state == State.RUNNING and newest is not None and newest.state == Job.State.DEAD
    return {
        "counts": [(Delivery(state), counts[state], DELIVERY_TONES[Delivery(state)]) for state in counts],
        "waiting": counts.get(Delivery.WAITING, 0),
        "failed": failed[:FAILED_SHOWN],
        "failure": newest.outcome if is_dead and newest else "",
        "busy": not is_dead and (replay.state == State.RUNNING or bool(counts.get(Delivery.WAITING))),
    }
