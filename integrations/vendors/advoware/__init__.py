"""Advoware."""

from __future__ import annotations

from integrations.texts import gettext_lazy as _
from integrations.vendors import Field, Limits, Vendor

from .api import API_PATH, AdvowareApi
from .kinds import MIRRORS
from .limits import CALLS_A_MINUTE, IN_FLIGHT, LONGEST_TEXT, endpoint_of, limits_for
from .webhooks import WEBHOOKS

__all__ = ["VENDOR"]

VENDOR = Vendor(
    slug="advoware",
    label="Advoware",
    api=AdvowareApi,
    preparation=(
        _(
            "Ask the vendor (api@advoware.de) for an App-ID and an API key, and to enable the App-ID for the firm's "
            "Kanzleikennung."
        ),
        _("Make an employee for the portal alone: its writes appear as his. The firm's advoware Manager has to run."),
        _(
            "Note the number of one party with contact data: the test reads it, because Advoware has no list of "
            "parties."
        ),
    ),
    credentials=(
        Field("kanzlei", _("Kanzlei"), _("The firm's code (Kanzleikennung), in the spelling in which it was given.")),
        Field("database", _("Database"), _("The name of the firm's database in Advoware."), default="ADVOWARE"),
        Field(
            "user",
            _("Employee"),
            _("The short code (Kürzel) of an employee made for the portal alone: its writes appear as his."),
        ),
        Field("password", _("Password"), _("That employee's."), secret=True),
        Field(
            "app_id",
            _("App-ID"),
            _(
                "From the vendor (api@advoware.de), who has to enable it for this firm. The firm's advoware Manager "
                "has to run."
            ),
        ),
        Field("api_key", _("API key"), _("From the vendor, with the App-ID; base64."), secret=True),
    ),
    settings=(
        Field(
            "probe_party",
            _("Party for the test"),
            _("Number of a party that is read when the connection is tested; Advoware has no list of parties."),
            required=False,
        ),
        Field(
            "connector_hosts",
            _("Hosts of the connector"),
            _(
                "Where the firm runs a connector of its own, the names of its hosts, separated by commas. The hosts "
                "of the vendor need no entry."
            ),
            required=False,
        ),
        Field(
            "calls_per_minute",
            _("Calls a minute"),
            _("How many the portal makes at most. It decides how long a round of all parties takes."),
            default=CALLS_A_MINUTE,
        ),
        Field(
            "longest_text",
            _("Longest text"),
            _("Characters of a value or a remark; a longer one is not sent, because Advoware might cut it."),
            default=LONGEST_TEXT,
        ),
        Field(
            "mirror_fields",
            _("Fields of the party"),
            _(
                "Advoware does not tell the kind of a value; these fields of a party repeat its first value of a kind "
                "(kommKz)."
            ),
            default=MIRRORS,
        ),
        Field("api_path", _("Path of the API"), _("Behind the address that the configurator names."), default=API_PATH),
    ),
    base_url_label=_("Configurator"),
    base_url_help=_("It names the addresses at which the firm's Advoware is reached."),
    base_url_default="https://www2.advo-net.net",
    endpoint_of=endpoint_of,
    webhooks=WEBHOOKS,
    simulator="integrations.vendors.advoware.simulator",
    limits=Limits(in_flight_per_endpoint=IN_FLIGHT),
    limits_for=limits_for,
)
