"""The connection form, built from what the vendor declares.

Secrets are write-only: their inputs are always empty, and an empty input keeps what is stored. Whoever changes a
secret or where it is sent to (base URL, private addresses) must enter their own password again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from integrations.core.crypto import Sealed, UnreadableSecret
from integrations.core.login import is_own_password
from integrations.core.markup import escaped
from integrations.core.models import Connection
from integrations.core.opening import SHORTEST_SECRET, WEBHOOK_SECRET, is_anothers_secret, set_secrets
from integrations.vendors import Field, Vendor

SECRET, IDENTITY, SETTING = "secret_", "identity_", "setting_"
WEBHOOK_FIELD = Field(
    WEBHOOK_SECRET,
    _("Webhook secret"),
    _("What the sender must know; without one, webhooks are refused. Use a long random text."),
    secret=True,
    required=False,
)
GUARDED = {"base_url", "allow_private_address"}


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """The part every vendor's form shares; `form_for` adds the vendor's own fields."""

    vendor: Vendor
    request: HttpRequest
    starts_anew = False  # nothing stored can be read any more, and all was entered anew

    confirm_password = forms.CharField(
        label=_("Your password"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
        help_text=_("Needed only when you change a secret, the base URL or the private-address switch."),
    )

    class Meta:
        model = Connection
        fields = ("client", "slug", "base_url", "environment", "allow_private_address", "is_paused", "call_log_level")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.vendor = self.vendor.slug
        self._prepare_base_url()
        self._prepare_client()
        for declared in account_of(self.vendor):
            self._prepare_credential(declared)
        for declared in self.vendor.settings:
            value = self.instance.settings.get(declared.name, declared.default)
            self.initial.setdefault(SETTING + declared.name, value)

    def _prepare_base_url(self) -> None:
        if not self.vendor.is_http:
            self.fields.pop("base_url", None)
            return
        field = self.fields["base_url"]
        field.label = self.vendor.base_url_label
        field.help_text = self.vendor.base_url_help
        field.required = True
        if self.instance.pk is None and self.vendor.base_url_default:
            self.initial.setdefault("base_url", self.vendor.base_url_default)

    def _prepare_client(self) -> None:
        if "client" in self.fields and not self.request.user.all_clients:  # type: ignore[union-attr]
            self.fields["client"].required = True  # the house's own are not theirs to make

    def _prepare_credential(self, declared: Field) -> None:
        if not declared.secret:
            self.initial.setdefault(
                IDENTITY + declared.name, self.instance.identity.get(declared.name, declared.default)
            )
            return
        field = self.fields[SECRET + declared.name]
        if declared.name in self.instance.credentials_set:
            field.required = False
            field.help_text = help_to_keep(self.instance, declared.name)

    def clean_secret_webhook_secret(self) -> str:
        secret: str = self.cleaned_data[SECRET + WEBHOOK_SECRET]
        if secret and len(secret) < SHORTEST_SECRET:
            raise forms.ValidationError(
                gettext("Use at least {length} characters; nobody has to remember it.").format(length=SHORTEST_SECRET)
            )
        if is_anothers_secret(self.instance, secret):
            raise forms.ValidationError(
                gettext("Another connection has this secret. Each needs one of its own: make a new one.")
            )
        return secret

    def clean_base_url(self) -> str:
        url: str = self.cleaned_data["base_url"].strip().rstrip("/")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise forms.ValidationError(gettext("Enter a whole address, such as https://psa.example.com."))
        if parts.username or parts.password:
            raise forms.ValidationError(
                gettext("Do not put a name or password into the address; use the fields below.")
            )
        return url

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and self.instance.pk is not None and self.touches_secrets():
            self._check_password(cleaned.get("confirm_password", ""))
        if not self.errors and self.new_secrets():
            self._check_stored_secrets()
        return cleaned

    def new_secrets(self) -> dict[str, str]:
        """The secrets that were typed in, by name."""
        names = [declared.name for declared in account_of(self.vendor) if declared.secret]
        return {name: value for name in names if (value := self.cleaned_data.get(SECRET + name))}

    def touches_secrets(self) -> bool:
        """Whether a secret changes, or where secrets are sent to."""
        return bool(self.new_secrets()) or bool(GUARDED & set(self.changed_data))

    def _check_password(self, password: str) -> None:
        if not password:
            self.add_error(
                "confirm_password",
                gettext("Enter your own password: you change a secret, or where secrets are sent to."),
            )
        elif not is_own_password(self.request, password):
            self.add_error("confirm_password", gettext("That is not your password."))

    def _check_stored_secrets(self) -> None:
        """The secrets that stay must be readable, since all are sealed together."""
        try:
            self.instance.credentials.open()
        except UnreadableSecret as problem:
            self.starts_anew = set(self.new_secrets()) >= self.vendor.secret_names()
            if not self.starts_anew:
                self.add_error(
                    None,
                    gettext("The stored secrets cannot be read: {problem}. Or enter every secret anew.").format(
                        problem=problem
                    ),
                )

    def save(self, commit: bool = True) -> Connection:
        connection: Connection = self.instance
        connection.identity = connection.identity | self._values(IDENTITY)
        connection.settings = connection.settings | self._values(SETTING)
        if new := self.new_secrets():
            if self.starts_anew:
                connection.credentials, connection.credentials_set = Sealed(), {}
                connection.webhook_digest = ""
            set_secrets(connection, new, by=self.request.user.get_username())
        if self.changed_data:
            connection.facts = {}  # what another address or account told us
            connection.health, connection.health_cause = Connection.Health.UNKNOWN, ""
        saved: Connection = super().save(commit)
        return saved

    def _values(self, prefix: str) -> dict[str, str]:
        return {
            name.removeprefix(prefix): value for name, value in self.cleaned_data.items() if name.startswith(prefix)
        }


def form_for(vendor: Vendor, request: HttpRequest) -> type[ConnectionForm]:
    """The form class for connections of this vendor, for this request."""
    fields: dict[str, Any] = {"vendor": vendor, "request": request}
    for declared in account_of(vendor):
        fields[(SECRET if declared.secret else IDENTITY) + declared.name] = _input(declared)
    for declared in vendor.settings:
        fields[SETTING + declared.name] = _input(declared)
    return type("VendorConnectionForm", (ConnectionForm,), fields)


def account_of(vendor: Vendor) -> tuple[Field, ...]:
    """The credentials a connection of this vendor is asked for, and what its webhooks are believed by."""
    return (*vendor.credentials, *([WEBHOOK_FIELD] if vendor.webhooks else []))


def _input(declared: Field) -> forms.Field:
    shared: dict[str, Any] = {"label": declared.label, "help_text": declared.help, "required": declared.required}
    if declared.secret:
        return forms.CharField(
            **shared, widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}, render_value=False)
        )
    if declared.choices:
        return forms.ChoiceField(**shared, choices=declared.choices, widget=UnfoldAdminSelectWidget())
    validators = [_refusing(declared.problem_of)] if declared.problem_of else []
    return forms.CharField(
        **shared, validators=validators, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})
    )


def _refusing(problem_of: Callable[[str], str]) -> Callable[[str], None]:
    def refuse(value: str) -> None:
        if problem := problem_of(value):
            raise forms.ValidationError(problem)

    return refuse


def help_to_keep(connection: Connection, name: str) -> SafeString:
    """The help of a secret's input. The theme takes help texts for HTML, and a provider may have named the person."""
    return escaped(" ".join((set_by(connection, name), gettext("Leave empty to keep it."))))


def set_by(connection: Connection, name: str) -> str:
    """“Set on 12 Nov 2026, by anna.”, or that it is not set."""
    stamp = connection.credentials_set.get(name)
    if not stamp:
        return gettext("Not set.")
    at = timezone.localtime(dt.datetime.fromisoformat(stamp["at"]))
    return gettext("Set on {day}, by {who}.").format(day=f"{at:%-d %b %Y}", who=stamp["by"])
