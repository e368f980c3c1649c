"""EspoCRM."""

from __future__ import annotations

from integrations.texts import gettext_lazy as _
from integrations.vendors import Field, Limits, Vendor

from .api import ENTITY, NUMBER_FIELD, EspocrmApi
from .webhooks import WEBHOOKS

__all__ = ["VENDOR"]

IN_FLIGHT = 4  # nobody names a limit, and none was met in a thousand calls

VENDOR = Vendor(
    slug="espocrm",
    label="EspoCRM",
    api=EspocrmApi,
    preparation=(
        _(
            "Make a role that may read and edit the entity of parties and has Webhooks, and an API user with that "
            "role for the portal alone."
        ),
        _("The entity needs a field with the party number (a whole number), or the pairs come from a file."),
        _(
            "Switch optimistic concurrency control on for the entity (Entity Manager): then EspoCRM refuses a write "
            "that would overwrite somebody's."
        ),
    ),
    credentials=(
        Field(
            "api_key",
            _("API key"),
            _("Of an API user made for the portal alone: what this user does is left out of the webhooks."),
            secret=True,
        ),
        Field(
            "secret_key",
            _("Secret key"),
            _("Only if the API user's authentication method is HMAC; else leave it empty."),
            secret=True,
            required=False,
        ),
    ),
    settings=(
        Field(
            "entity",
            _("Entity of parties"),
            _("Its name as the Entity Manager shows it; those of your own begin with a C."),
            default=ENTITY,
        ),
        Field(
            "number_field",
            _("Field of the party number"),
            _("The field of that entity by which a party is known outside EspoCRM."),
            default=NUMBER_FIELD,
        ),
    ),
    base_url_label=_("Site"),
    base_url_help=_("The address at which people open EspoCRM, such as https://crm.example.com."),
    endpoint_of=lambda method, path: "rest",
    webhooks=WEBHOOKS,
    simulator="integrations.vendors.espocrm.simulator",
    limits=Limits(in_flight_per_endpoint=IN_FLIGHT),
)
