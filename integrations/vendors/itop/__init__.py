"""iTop."""

from __future__ import annotations

from integrations.texts import gettext_lazy as _
from integrations.vendors import Field, Limits, Vendor
from integrations.vendors.zones import zone_problem

from .api import MAX_FILE_MB, ItopApi
from .calls import VERSION
from .times import DEFAULT_ZONE
from .webhooks import WEBHOOKS

__all__ = ["VENDOR"]

IN_FLIGHT = 4  # nobody names a limit; each call costs iTop a tenth of a second of start-up alone

VENDOR = Vendor(
    slug="itop",
    label="iTop",
    api=ItopApi,
    preparation=(
        _(
            "Make a user for the bridge alone, with the profile REST Services User and either Administrator, or "
            "Support Agent and Service Desk Agent."
        ),
        _("Note the time zone of the configuration (timezone): what iTop sends does not say it."),
        _(
            "Note the ids of the organisation, caller, agent and team that stand for the other side; they are in the "
            "addresses of their pages."
        ),
    ),
    credentials=(
        Field(
            "username", _("Login"), _("Of an account made for the portal alone, with the profile REST Services User.")
        ),
        Field("password", _("Password"), secret=True),
    ),
    settings=(
        Field(
            "time_zone",
            _("Time zone"),
            _("As `timezone` in iTop's configuration has it, such as Asia/Jakarta; what iTop sends does not say."),
            default=DEFAULT_ZONE,
            problem_of=zone_problem,
        ),
        Field("version", _("Version of the REST services"), _("1.3 for every iTop since 2.2."), default=VERSION),
        Field(
            "max_file_mb",
            _("Largest file"),
            _(
                "In megabytes; larger ones are neither fetched nor sent. PHP's limits in iTop must be half as much "
                "again."
            ),
            default=MAX_FILE_MB,
        ),
    ),
    base_url_label=_("Root"),
    base_url_help=_(
        "The address at which people open iTop, such as https://itop.example.com or https://example.com/itop."
    ),
    endpoint_of=lambda method, path: "rest",
    webhooks=WEBHOOKS,
    simulator="integrations.vendors.itop.simulator",
    limits=Limits(in_flight_per_endpoint=IN_FLIGHT),
)
