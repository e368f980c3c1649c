"""The declaration: TOGA 2 and TOGaDesk in step."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from integrations.core import registry, roles
from integrations.core.registry import IntegrationKind, Role
from integrations.vendors.toga import VENDOR as TOGA_2
from integrations.vendors.togadesk import VENDOR as TOGADESK_VENDOR

from .models import TOGA, TOGADESK, SyncOptions
from .readopting import readopt
from .streams import STREAMS, adopt_references

_SETTINGS = ("toga_togadesk.view_syncoptions", "toga_togadesk.change_syncoptions")

registry.register(
    IntegrationKind(
        slug="toga_togadesk",
        label=_("TOGA 2 and TOGaDesk"),
        roles=(
            Role(TOGA, "TOGA 2", TOGA_2, side="left"),
            Role(TOGADESK, "TOGaDesk", TOGADESK_VENDOR, side="right"),
        ),
        streams=STREAMS,
        options=SyncOptions,
        jobs={"adopt_references": adopt_references},
        readopt=readopt,
        guide="toga.md",
        guides={"toga_togadesk_syncoptions": "toga.md#set-it-up"},
        permissions={roles.ADMIN: _SETTINGS, roles.OPERATOR: _SETTINGS[:1]},
    )
)
