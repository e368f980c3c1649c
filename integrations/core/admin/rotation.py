"""“New secrets” of a connection: a form for those that change, tried at the vendor before the old ones go."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminPasswordWidget

from integrations.core import rotating
from integrations.core.crypto import UnreadableSecret
from integrations.core.login import is_own_password
from integrations.core.models import Connection
from integrations.vendors import Step, Vendor

from .connection_form import set_by
from .connection_test import steps_of


class RotationForm(forms.Form):
    """One empty input for each secret of the vendor; an empty one keeps what is stored."""

    def __init__(self, *args: Any, connection: Connection, vendor: Vendor, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.names = [declared.name for declared in vendor.credentials if declared.secret]
        for declared in vendor.credentials:
            if declared.secret:
                self.fields[declared.name] = _secret(
                    str(declared.label),
                    " ".join((set_by(connection, declared.name), gettext("Leave empty to keep it."))),
                    "new-password",
                )
        self.fields["confirm_password"] = _secret(gettext("Your password"), "", "current-password", required=True)

    def clean_confirm_password(self) -> str:
        password: str = self.cleaned_data["confirm_password"]
        if not is_own_password(self.request, password):
            raise forms.ValidationError(gettext("That is not your password."))
        return password

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not self.secrets():
            raise forms.ValidationError(gettext("Enter at least one new secret."))
        return cleaned

    def secrets(self) -> dict[str, str]:
        """What was typed in, by name."""
        return {name: value for name in self.names if (value := self.cleaned_data.get(name))}


def tried(connection: Connection, secrets: dict[str, str], *, user: Any) -> list[Step]:
    """What each step saw with the new secrets; they are stored when all of them worked."""
    try:
        steps = steps_of(rotating.trial(connection, secrets, user=user), user=user, is_trial=True)
        if steps and all(step.ok for step in steps):
            rotating.swap(connection, secrets, user=user)
    except UnreadableSecret as problem:
        return [
            Step(
                gettext("Open the stored secrets"),
                False,
                gettext("{problem} Enter all of them anew on the connection's page.").format(problem=problem),
            )
        ]
    return steps


def _secret(label: str, help_text: str, autocomplete: str, *, required: bool = False) -> forms.CharField:
    widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": autocomplete}, render_value=False)
    return forms.CharField(label=label, help_text=help_text, required=required, strip=False, widget=widget)
