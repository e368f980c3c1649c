"""Alert channels: where alerts are told, whether they arrive, and a test."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminPasswordWidget

from integrations.core import labels
from integrations.core.alerts.delivery import NO_MAIL, SECRET
from integrations.core.alerts.sending import send_test
from integrations.core.alerts.wording import subject_of
from integrations.core.crypto import Sealed
from integrations.core.login import is_own_password
from integrations.core.models import AlertChannel, AlertMessage
from integrations.core.opening import SHORTEST_SECRET

from .base import PortalModelAdmin, sees_the_house

MESSAGES_SHOWN = 10
TONES = {
    AlertMessage.State.SENDING: "info",
    AlertMessage.State.SENT: "good",
    AlertMessage.State.FAILED: "bad",
}


class ChannelForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """The secret is write-only. Whoever changes it, or where a webhook goes, enters their own password again."""

    request: HttpRequest

    new_secret = forms.CharField(
        label=_("Webhook secret"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}, render_value=False),
        help_text=_(
            "The signature is made with it, the receiver checks it. A long random text. Empty keeps what is set."
        ),
    )
    confirm_password = forms.CharField(
        label=_("Your password"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
        help_text=_("Needed only when you change the webhook's address, its secret or the private-address switch."),
    )

    class Meta:
        model = AlertChannel
        fields = ("name", "client", "minimum_severity", "emails", "url", "allow_private_address", "is_enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "client" in self.fields and not sees_the_house(self.request):
            self.fields["client"].required = True

    def clean_new_secret(self) -> str:
        secret: str = self.cleaned_data["new_secret"]
        if secret and len(secret) < SHORTEST_SECRET:
            raise forms.ValidationError(
                gettext("Use at least {length} characters; nobody has to remember it.").format(length=SHORTEST_SECRET)
            )
        return secret

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("url") and not cleaned.get("new_secret") and not self.instance.secret:
            self.add_error("new_secret", gettext("A webhook is signed; give a secret."))
        guarded = {"url", "allow_private_address", "new_secret"} & set(self.changed_data)
        if guarded and self.instance.pk and not is_own_password(self.request, cleaned.get("confirm_password", "")):
            self.add_error(
                "confirm_password", gettext("Enter your own password: you change where alerts go, or their secret.")
            )
        return cleaned

    def save(self, commit: bool = True) -> AlertChannel:
        channel: AlertChannel = self.instance
        if secret := self.cleaned_data.get("new_secret"):
            channel.secret = Sealed.of({SECRET: secret})
        if self.changed_data:
            channel.problem, channel.problem_since = "", None
        saved: AlertChannel = super().save(commit)
        return saved


@admin.register(AlertChannel)
class AlertChannelAdmin(PortalModelAdmin):
    form = ChannelForm
    list_display = ("name", "receives", "goes_to", "state", "last_sent_at")
    list_filter = ("client", "is_enabled")
    list_select_related = ("client",)
    search_fields = ("name",)
    change_form_outer_before_template = "admin/portal/channel_panel.html"
    fieldsets = (
        (None, {"fields": ("name", "client", "minimum_severity", "is_enabled")}),
        (_("By e-mail"), {"fields": ("emails",)}),
        (_("Or by webhook"), {"fields": ("url", "new_secret", "allow_private_address")}),
        (_("Confirm"), {"fields": ("confirm_password",)}),
    )

    def get_form(
        self, request: HttpRequest, obj: AlertChannel | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if self.has_change_permission(request, obj):
            kwargs["form"] = type("RequestChannelForm", (ChannelForm,), {"request": request})
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: AlertChannel | None = None) -> Any:
        if obj is None:
            return self.fieldsets[:-1]
        return self.fieldsets

    @admin.display(description=_("gets"), ordering="minimum_severity")
    def receives(self, row: AlertChannel) -> str:
        return gettext("{severity} and worse, of {client}").format(
            severity=row.get_minimum_severity_display(), client=row.client or gettext("everything")
        )

    @admin.display(description=_("to"))
    def goes_to(self, row: AlertChannel) -> str:
        return row.url.partition("?")[0] or ", ".join(row.addresses)

    @admin.display(description=_("state"))
    def state(self, row: AlertChannel) -> SafeString:
        return channel_state(row)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        rows = row.messages.order_by("-pk")[:MESSAGES_SHOWN] if row else ()
        lately = [
            (
                message,
                labels.label(message.get_state_display().lower(), TONES[AlertMessage.State(message.state)]),
                subject_of(message.content),
            )
            for message in rows
        ]
        extra = {
            "lately": lately,
            "state": channel_state(row) if row else "",
            "no_mail": NO_MAIL if row and row.addresses and not settings.MAIL_IS_SET_UP else "",
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, extra)  # type: ignore[no-any-return]

    def get_urls(self) -> list[URLPattern]:
        view: Any = self.admin_site.admin_view(self.test_view)
        return [path("<int:pk>/test/", view, name="core_alertchannel_test"), *super().get_urls()]

    @method_decorator(require_POST)
    def test_view(self, request: HttpRequest, pk: int) -> HttpResponseRedirect:
        """Send a test with what is stored, and say what came of it."""
        channel = self.get_object(request, str(pk))
        if channel is None:
            raise Http404
        if not self.has_change_permission(request, channel):
            raise PermissionDenied
        message = send_test(channel, by=request.user.get_username())
        arrived = message.state == AlertMessage.State.SENT
        said = (
            gettext("The test was sent. {outcome}").format(outcome=message.outcome)
            if arrived
            else gettext("The test was not sent: {outcome}").format(outcome=message.outcome)
        )
        self.message_user(request, said, messages.SUCCESS if arrived else messages.ERROR)
        return HttpResponseRedirect(reverse("admin:core_alertchannel_change", args=[pk]))


def channel_state(row: AlertChannel) -> SafeString:
    if not row.is_enabled:
        return labels.label(gettext("off"), "neutral")
    if row.problem:
        return labels.label(gettext("alerts do not arrive"), "bad", title=row.problem)
    return (
        labels.label(gettext("works"), "good")
        if row.last_sent_at
        else labels.label(gettext("nothing sent yet"), "neutral")
    )
