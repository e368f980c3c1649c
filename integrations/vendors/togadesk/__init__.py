"""TOGaDesk: a helpdesk reached through its database and its folder of uploads."""

from __future__ import annotations

from integrations.texts import gettext_lazy as _
from integrations.vendors import Field, Vendor
from integrations.vendors.zones import zone_problem

from .api import TogadeskApi

VENDOR = Vendor(
    slug="togadesk",
    label="TOGaDesk",
    api=TogadeskApi,
    preparation=(
        _(
            "Make a database user for the portal alone, with SELECT, INSERT and UPDATE on TOGaDesk's tables; the "
            "guide names them."
        ),
        _("Let every machine whose workers run this sync see the folder of uploads under the same path."),
    ),
    credentials=(
        Field(
            "database_url",
            _("Database URL"),
            _("mysql://user:password@host:port/name; for a rehearsal sqlite:///path."),
            secret=True,
        ),
    ),
    settings=(
        Field("uploads_dir", _("Folder of uploads"), _("As this machine and each worker's sees it.")),
        Field("time_zone", _("Time zone"), _("Of the times in its tables."), default="UTC", problem_of=zone_problem),
    ),
    is_http=False,
)
