"""The forms of people: how a new one gets in, and the password again when somebody's e-mail address changes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.forms import UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminPasswordWidget

from integrations.core.login import is_own_password
from integrations.core.models import User

ENTRANCES = {
    "false": _("By an invitation: a link by e-mail to a page where they choose their password"),
    "true": _("By a password that I enter now and hand over myself"),
}


class OneAddressEach:
    """Nobody may have the address of another: mailed links, and who signs in elsewhere, are told apart by it."""

    instance: User
    cleaned_data: dict[str, Any]

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"]
        others = User.objects.exclude(pk=self.instance.pk)
        if address and others.filter(email__iexact=address).exists():
            raise forms.ValidationError(gettext("Somebody else has this address."))
        return address


class NewPersonForm(OneAddressEach, UserCreationForm):  # type: ignore[misc]  # Unfold publishes no types
    """Without a password the person is invited; that is the usual way where a mail server is set up."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not settings.MAIL_IS_SET_UP:
            del self.fields["usable_password"]
            return
        how = self.fields["usable_password"]
        how.label, how.help_text, how.initial = gettext("How they get in"), "", "false"
        how.choices = how.widget.choices = list(ENTRANCES.items())

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("set_usable_password") and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("email", gettext("Where is the invitation to go? Enter an address."))
        return cleaned


class PersonForm(OneAddressEach, UserChangeForm):  # type: ignore[misc]  # Unfold publishes no types
    """Whoever can read the mail of an address can have a new password sent there; so to change it takes one's own."""

    request: HttpRequest

    confirm_password = forms.CharField(
        label=_("Your password"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
        help_text=_("Needed only when you change the e-mail address."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "email" in self.changed_data and not self.errors:
            password = cleaned.get("confirm_password", "")
            if not password:
                self.add_error("confirm_password", gettext("Enter your own password: you change an e-mail address."))
            elif not is_own_password(self.request, password):
                self.add_error("confirm_password", gettext("That is not your password."))
        return cleaned
