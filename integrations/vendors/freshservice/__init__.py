"""Freshservice."""

from __future__ import annotations

from integrations.texts import gettext_lazy as _
from integrations.vendors import Field, Limits, Vendor

from .api import MAX_FILE_MB, FreshserviceApi
from .hosts import DEFAULT_HOSTS
from .plans import OUR_SHARE, PER_MINUTE, PLANS, STARTER, calls_per_minute, endpoint_of
from .webhooks import WEBHOOKS

__all__ = ["OUR_SHARE", "PER_MINUTE", "VENDOR"]

IN_FLIGHT = 4  # no source names a limit

VENDOR = Vendor(
    slug="freshservice",
    label="Freshservice",
    api=FreshserviceApi,
    preparation=(
        _(
            "Make an agent for the portal alone; what the portal may read is what this agent sees. Take the API key "
            "from its profile."
        ),
        _(
            "Find the plan of the account: it says how many calls a minute are allowed, of which the portal uses "
            "four fifths."
        ),
    ),
    credentials=(
        Field(
            "api_key", _("API key"), _("Of an agent made for the portal alone: its writes appear as his."), secret=True
        ),
    ),
    settings=(
        Field(
            "workspace_ids",
            _("Workspaces"),
            _("Their ids, separated by commas; empty for the primary one. Tickets of other workspaces are not read."),
            required=False,
        ),
        Field(
            "attachment_hosts",
            _("Hosts of files"),
            _(
                "From where files may be fetched, separated by commas; *. stands for any host below. By https only, "
                "but for a host with a port, which may be used by http too: for rehearsals."
            ),
            default=DEFAULT_HOSTS,
        ),
        Field("plan", _("Plan"), _("How many calls a minute the account may make."), default=STARTER, choices=PLANS),
        Field("max_file_mb", _("Largest file"), _("In megabytes; larger ones are not fetched."), default=MAX_FILE_MB),
    ),
    base_url_label=_("Site"),
    base_url_help=_("Such as https://example.freshservice.com; an address of your own that leads there does not work."),
    endpoint_of=endpoint_of,
    webhooks=WEBHOOKS,
    simulator="integrations.vendors.freshservice.simulator",
    limits=Limits(in_flight_per_endpoint=IN_FLIGHT),
    limits_for=lambda settings: Limits(IN_FLIGHT, calls_per_minute=calls_per_minute(settings)),
)
