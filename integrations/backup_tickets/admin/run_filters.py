"""The filters above the list of runs; they stand in the address, so a view can be kept and shared."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any, NamedTuple

from django import forms
from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from integrations.backup_tickets.checks_list import SHOW, TICKET, Filters, choices, implied
from integrations.backup_tickets.models import Run
from integrations.core.admin.fields import field_html
from integrations.core.markup import joined
from integrations.core.models import Client, User
from integrations.texts import Text

FIND = ("q", "show")  # always in sight


def _select(label: Text, options: dict[str, Text], empty: Text) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices(options, empty), required=False, widget=UnfoldAdminSelectWidget()
    )


def _text(label: Text, **attrs: Text) -> forms.CharField:
    return forms.CharField(label=label, max_length=200, required=False, widget=UnfoldAdminTextInputWidget(attrs=attrs))


def _day(label: Text) -> forms.DateField:
    return forms.DateField(
        label=label, required=False, widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}), error_messages={}
    )


Clients = tuple[tuple[int, str], ...]


def clients_of(user: User) -> Clients:
    """The clients this person may choose among."""
    return tuple(Client.objects.visible_to(user).values_list("pk", "name"))


class Understood(NamedTuple):
    """What an address asks for, and the form as HTML: the fields that are always in sight, and the others."""

    filters: Filters
    find: SafeString
    more: SafeString
    uses_more: bool


def understood(address: QueryDict, clients: Clients) -> Understood:
    """Read the filters from an address; what is not understood there is left out and has its message at its field."""
    asked = {name: address[name] for name in FilterForm.base_fields if name in address}
    return _understood(tuple(asked.items()), clients, str(SHOW["all"]))


@lru_cache(maxsize=128)
def _understood(asked: tuple[tuple[str, str], ...], clients: Clients, language: str) -> Understood:
    """Kept, because it is the same for all who ask the same and may choose among the same clients (M9).

    It is HTML in one language, which one of its words stands for.
    """
    form = FilterForm(dict(asked), clients=clients)
    return Understood(form.filters(), form.find(), form.more(), form.uses_more())


class FilterForm(forms.Form):
    q = _text(_("Search"), placeholder=_("Customer, job, ticket number or external id"))
    show = _select(_("Show"), {}, "")
    status = _select(_("Status"), dict(Run.Status.choices), _("Any status"))
    ticket = _select(_("Ticket"), TICKET, _("Any ticket state"))
    customer = _text(_("Customer"))
    job = _text(_("Job"))
    since = _day(_("From"))
    until = _day(_("Until"))
    client = forms.TypedChoiceField(
        label=_("Client"), required=False, coerce=int, empty_value=None, widget=UnfoldAdminSelectWidget()
    )

    def __init__(self, data: dict[str, str], *, clients: Clients) -> None:
        super().__init__(data)
        if len(clients) > 1:
            self.fields["client"].choices = [("", _("All clients")), *clients]  # type: ignore[attr-defined]
        else:
            del self.fields["client"]
        default = implied(ticket=data.get("ticket", ""), q=data.get("q", "").strip())
        if data.get("show") == default:
            self.data = data | {"show": ""}
        others = {name: label for name, label in SHOW.items() if name != default}
        self.fields["show"].choices = choices(others, SHOW[default])  # type: ignore[attr-defined]

    def find(self) -> SafeString:
        return joined(field_html(self[name]) for name in FIND)

    def more(self) -> SafeString:
        return joined(field_html(self[name]) for name in self.fields if name not in FIND)

    def uses_more(self) -> bool:
        return any(self.data.get(name) for name in self.fields if name not in FIND)

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
