"""TOGA 2."""

from __future__ import annotations

from integrations.texts import gettext_lazy as _
from integrations.vendors import Field, Limits, Vendor

from .api import TogaApi
from .dialect import AUTH_STYLES, PAGING_STYLES, SORTING, UPDATE_METHODS, WHERE_STYLES, endpoint_of

VENDOR = Vendor(
    slug="toga",
    label="TOGA 2",
    api=TogaApi,
    preparation=(
        _(
            "Have an account made for the portal alone in TOGA 2, with the client that it belongs to: it gets an API "
            "key and an API secret."
        ),
        _("It reads and writes tickets, notes, files, contacts, teams and categories of that client."),
    ),
    credentials=(
        Field("client_uuid", _("Client UUID"), _("Which client of TOGA 2 this account belongs to.")),
        Field("api_key", _("API key"), _("The account's key (the old programs called it the API UUID)."), secret=True),
        Field("api_secret", _("API secret"), secret=True),
    ),
    settings=(
        Field(
            "where_style",
            _("Filters"),
            _("How a filter is written in an address."),
            default="brackets",
            choices=WHERE_STYLES,
        ),
        Field("paging_style", _("Pages"), _("How a page is asked for."), default="page", choices=PAGING_STYLES),
        Field(
            "sorting", _("Sorting"), _("Whether lists come in the order asked for."), default="heeded", choices=SORTING
        ),
        Field(
            "auth_style",
            _("Sign-in"),
            _("How the key and the secret are sent."),
            default="headers",
            choices=AUTH_STYLES,
        ),
        Field(
            "update_method",
            _("Changes"),
            _("The method that changes a record."),
            default="PATCH",
            choices=UPDATE_METHODS,
        ),
    ),
    base_url_label=_("API root"),
    base_url_help=_("With the version, such as https://api.example.com/v2."),
    endpoint_of=endpoint_of,
    simulator="integrations.vendors.toga.simulator",
    limits=Limits(in_flight_per_endpoint=4),
)
