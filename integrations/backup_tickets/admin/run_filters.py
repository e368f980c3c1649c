"""The filters above the list of runs; they stand in the address, so a view can be kept and shared."""

from __future__ import annotations

import datetime as dt
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Layout
from django import forms
from django.http import QueryDict
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from integrations.backup_tickets.checks_list import SHOW, TICKET, Filters, choices
from integrations.backup_tickets.models import Run
from integrations.core.models import Client, User

SHOW_DEFAULT = "Needs attention (or all, when searching)"


def _select(label: str, options: dict[str, str], empty: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices(options, empty), required=False, widget=UnfoldAdminSelectWidget()
    )


def _text(label: str, **attrs: str) -> forms.CharField:
    return forms.CharField(label=label, max_length=200, required=False, widget=UnfoldAdminTextInputWidget(attrs=attrs))


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label, required=False, widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}), error_messages={}
    )


class FilterForm(forms.Form):
    """Read from the address; whatever is not understood there is left out, with its message shown."""

    q = _text("Search", placeholder="Customer, job, ticket number or external id")
    show = _select("Show", SHOW, SHOW_DEFAULT)
    status = _select("Status", dict(Run.Status.choices), "Any status")
    ticket = _select("Ticket", TICKET, "Any ticket state")
    customer = _text("Customer")
    job = _text("Job")
    since = _day("From")
    until = _day("Until")
    client = forms.TypedChoiceField(
        label="Client", required=False, coerce=int, empty_value=None, widget=UnfoldAdminSelectWidget()
    )

    def __init__(self, data: QueryDict, *, user: User) -> None:
        super().__init__(data)
        clients = [(client.pk, client.name) for client in Client.objects.visible_to(user)]
        if len(clients) > 1:
            self.fields["client"].choices = [("", "All clients"), *clients]  # type: ignore[attr-defined]
        else:
            del self.fields["client"]
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(Div(*self.fields, css_class="rc-filters"))

    def filters(self) -> Filters:
        """The filters that were understood."""
        self.is_valid()
        known: dict[str, Any] = {name: value for name, value in self.cleaned_data.items() if value}
        for name in ("since", "until"):
            if (day := known.get(name)) and not dt.date(2000, 1, 1) <= day <= dt.date(2100, 1, 1):
                del known[name]
        for name in ("q", "customer", "job"):
            if name in known:
                known[name] = known[name].encode("utf-8", "replace").decode()
        return Filters(**known)
