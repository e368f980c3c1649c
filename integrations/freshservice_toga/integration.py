"""The declaration: a client's Freshservice, brought to TOGA 2."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from integrations.core import registry, roles
from integrations.core.registry import IntegrationKind, OptionRows, Role
from integrations.vendors.freshservice import VENDOR as FRESHSERVICE_VENDOR
from integrations.vendors.toga import VENDOR as TOGA_2

from .models import FRESHSERVICE, TOGA, FreshserviceOptions, ValueWord
from .readopting import readopt
from .streams import STREAMS, make_links, read_ids

_SETTINGS = (
    *("freshservice_toga.view_freshserviceoptions", "freshservice_toga.view_valueword"),
    *("freshservice_toga.change_freshserviceoptions", "freshservice_toga.change_valueword"),
)

registry.register(
    IntegrationKind(
        slug="freshservice_toga",
        label=_("Freshservice to TOGA 2"),
        roles=(
            Role(FRESHSERVICE, "Freshservice", FRESHSERVICE_VENDOR, side="left"),
            Role(TOGA, "TOGA 2", TOGA_2, side="right"),
        ),
        streams=STREAMS,
        options=FreshserviceOptions,
        option_rows={"words": OptionRows(ValueWord, keys=("field", "code"), values=("word",))},
        readopt=readopt,
        jobs={"read_ids": read_ids, "make_links": make_links},
        guide="freshservice.md",
        guides={"freshservice_toga_freshserviceoptions": "freshservice.md#in-the-portal"},
        permissions={roles.ADMIN: _SETTINGS, roles.OPERATOR: _SETTINGS[:2]},
    )
)
