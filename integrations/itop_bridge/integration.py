"""The declaration: the bridge between a customer's iTop and the provider's."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from integrations.core import registry, roles
from integrations.core.registry import IntegrationKind, NavigationItem, OptionRows, Role
from integrations.vendors.itop import VENDOR as ITOP

from .checking import ask_for_check
from .failures import FAILURES
from .models import EXTERNAL, INTERNAL, BridgeOptions, ValueWord
from .pairs import PAIRS, tiles
from .readopting import readopt
from .relinking import relink_pair
from .searching import search
from .streams import STREAMS, check_defaults, sync_pair

_SETTINGS = (
    *("itop_bridge.view_bridgeoptions", "itop_bridge.view_valueword", "itop_bridge.view_pair"),
    *("itop_bridge.change_bridgeoptions", "itop_bridge.add_valueword", "itop_bridge.change_valueword"),
    "itop_bridge.change_pair",
)


registry.register(
    IntegrationKind(
        slug="itop_bridge",
        label=_("iTop to iTop"),
        roles=(
            Role(EXTERNAL, _("External iTop"), ITOP, side="left"),
            Role(INTERNAL, _("Internal iTop"), ITOP, side="right"),
        ),
        streams=STREAMS,
        options=BridgeOptions,
        options_saved=ask_for_check,
        option_rows={"words": OptionRows(ValueWord, keys=("field", "external"), values=("internal",))},
        readopt=readopt,
        jobs={"check_defaults": check_defaults, "sync_pair": sync_pair, "relink_pair": relink_pair},
        navigation=(NavigationItem(_("iTop pairs"), "sync_alt", PAIRS, "itop_bridge.view_pair"),),
        guide="itop.md",
        guides={
            "itop_bridge_bridgeoptions": "itop.md#in-the-portal",
            "itop_bridge_bridgeoptions.start_at": "itop.md#in-the-portal",
            "itop_bridge_bridgeoptions.deletions_to_external": "itop.md#in-the-portal",
            "itop_bridge_pair": "itop.md#from-day-to-day",
        },
        dashboard=tiles,
        failures=FAILURES,
        search=search,
        permissions={roles.ADMIN: _SETTINGS, roles.OPERATOR: _SETTINGS[:3]},
    )
)
