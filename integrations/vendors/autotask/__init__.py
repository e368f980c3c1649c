"""Autotask PSA."""

from __future__ import annotations

from integrations.texts import gettext_lazy as _
from integrations.vendors import Field, Limits, Vendor

from .api import AutotaskApi
from .tenant import endpoint_of
from .webhooks import WEBHOOKS

VENDOR = Vendor(
    slug="autotask",
    label="Autotask",
    api=AutotaskApi,
    preparation=(
        _(
            "Make an API user for the portal alone (Admin, Resources/Users, New API User), with a security level "
            "that may read companies and tickets, and create and edit tickets and their notes."
        ),
        _(
            "Generate its key (API username) and secret, and choose a tracking identifier: one of an integration "
            "vendor, or a custom one."
        ),
        _("Keep other programs from writing the external ID of the tickets that the portal makes: its key is there."),
    ),
    credentials=(
        Field("username", _("API username"), _("The API user's login, shaped like an e-mail address.")),
        Field("secret", _("API password"), _("The API user's secret."), secret=True),
        Field(
            "integration_code", _("Tracking identifier"), _("27 characters, from the API user's record."), secret=True
        ),
    ),
    base_url_label=_("Zone lookup host"),
    base_url_default="https://webservices.autotask.net",
    endpoint_of=endpoint_of,
    simulator="integrations.vendors.autotask.simulator",
    webhooks=WEBHOOKS,
    limits=Limits(in_flight_per_endpoint=2, calls_per_hour=5000),
)
