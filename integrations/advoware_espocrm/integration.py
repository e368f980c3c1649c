"""The declaration: contact data of a law firm's Advoware and its EspoCRM."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from integrations.core import registry, roles
from integrations.core.registry import IntegrationKind, NavigationItem, OptionRows, Role
from integrations.vendors.advoware import VENDOR as ADVOWARE_VENDOR
from integrations.vendors.espocrm import VENDOR as ESPOCRM_VENDOR

from .approving import apply_approved
from .failures import FAILURES
from .models import ADVOWARE, ESPOCRM, ContactOptions, FieldPolicy
from .pairs import PAIRS, tiles, unsettle_all
from .readopting import readopt
from .searching import search
from .sides import KIND
from .streams import STREAMS, sync_pair

_SEEN = tuple(
    f"advoware_espocrm.view_{name}"
    for name in ("contactoptions", "fieldpolicy", "pair", "conflict", "heldvalue", "slot", "typechange")
)
_SETTINGS = (
    *_SEEN,
    *(f"advoware_espocrm.change_{name}" for name in ("contactoptions", "fieldpolicy", "pair", "conflict")),
    "advoware_espocrm.add_fieldpolicy",
)
GUIDE = "advoware-espocrm.md"
_DAILY = f"{GUIDE}#from-day-to-day"
SECTIONS = {
    "advoware_espocrm_contactoptions": f"{GUIDE}#in-the-portal",
    "advoware_espocrm_contactoptions.parties_per_run": f"{GUIDE}#what-it-costs",
    **{f"advoware_espocrm_{page}": _DAILY for page in ("pair", "conflict", "heldvalue", "slot", "typechange")},
    "advoware_espocrm_pair_link": f"{GUIDE}#by-hand",
    "advoware_espocrm_pair_unlink": f"{GUIDE}#by-hand",
}

registry.register(
    IntegrationKind(
        slug=KIND,
        label=_("Advoware to EspoCRM"),
        roles=(
            Role(ADVOWARE, "Advoware", ADVOWARE_VENDOR, side="left"),
            Role(ESPOCRM, "EspoCRM", ESPOCRM_VENDOR, side="right"),
        ),
        streams=STREAMS,
        options=ContactOptions,
        option_rows={"policies": OptionRows(FieldPolicy, keys=("komm_kz",), values=("choice",))},
        options_saved=lambda options: unsettle_all(options.pk),
        readopt=readopt,
        jobs={"sync_pair": sync_pair, "apply_approved": apply_approved},
        navigation=(NavigationItem(_("Contact data"), "contact_phone", PAIRS, "advoware_espocrm.view_pair"),),
        guide=GUIDE,
        guides=SECTIONS,
        dashboard=tiles,
        failures=FAILURES,
        search=search,
        permissions={roles.ADMIN: _SETTINGS, roles.OPERATOR: _SEEN},
    )
)
