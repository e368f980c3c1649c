"""The filters above the list of runs; they stand in the address, so a view can be kept and shared."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Layout
from crispy_forms.utils import render_crispy_form
from django import forms
from django.http import QueryDict
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from integrations.backup_tickets.checks_list import SHOW, TICKET, Filters, choices, implied
from integrations.backup_tickets.models import Run
from integrations.core.models import Client, User

BUTTONS = """<div class="p-row">
<button class="p-button p-primary">Apply</button>{% if query %}<a class="p-button" href="?">Clear</a>{% endif %}
</div>"""


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


Clients = tuple[tuple[int, str], ...]


def clients_of(user: User) -> Clients:
    """The clients this person may choose among."""
    return tuple(Client.objects.visible_to(user).values_list("pk", "name"))


@lru_cache(maxsize=256)
def drawn(query: str, clients: Clients, filtered: str) -> SafeString:
    """The form of an address as HTML; kept, because it is the same for all who look at the same (M9)."""
    html: SafeString = render_crispy_form(FilterForm(QueryDict(query), clients=clients), context={"query": filtered})
    return html


class FilterForm(forms.Form):
    """Read from the address; whatever is not understood there is left out, with its message shown."""

    q = _text("Search", placeholder="Customer, job, ticket number or external id")
    show = _select("Show", {}, "")
    status = _select("Status", dict(Run.Status.choices), "Any status")
    ticket = _select("Ticket", TICKET, "Any ticket state")
    customer = _text("Customer")
    job = _text("Job")
    since = _day("From")
    until = _day("Until")
    client = forms.TypedChoiceField(
        label="Client", required=False, coerce=int, empty_value=None, widget=UnfoldAdminSelectWidget()
    )

    def __init__(self, data: QueryDict, *, clients: Clients) -> None:
        super().__init__(data)
        if len(clients) > 1:
            self.fields["client"].choices = [("", "All clients"), *clients]  # type: ignore[attr-defined]
        else:
            del self.fields["client"]
        default = implied(ticket=data.get("ticket", ""), q=data.get("q", "").strip())
        if data.get("show") == default:
            self.data = data.copy()
            self.data["show"] = ""
        others = {name: label for name, label in SHOW.items() if name != default}
        self.fields["show"].choices = choices(others, SHOW[default])  # type: ignore[attr-defined]
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        more = [name for name in self.fields if name not in ("q", "show")]
        opened = " open" if any(data.get(name) for name in more) else ""
        self.helper.layout = Layout(
            Div("q", "show", HTML(BUTTONS), css_class="rc-find"),
            HTML(f'<details class="rc-more"{opened}><summary>More filters</summary>'),
            Div(*more, css_class="rc-filters"),
            HTML("</details>"),
        )

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
