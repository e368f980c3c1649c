"""The declaration: the bridge between a customer's iTop and the provider's."""

from __future__ import annotations

from integrations.core import jobs, registry, roles
from integrations.core.registry import IntegrationKind, Role
from integrations.vendors.itop import VENDOR as ITOP

from .models import EXTERNAL, INTERNAL, BridgeOptions
from .streams import STREAMS, check_defaults

CHECK = "itop_bridge.check_defaults"
_SETTINGS = (
    *("itop_bridge.view_bridgeoptions", "itop_bridge.view_valueword", "itop_bridge.view_pair"),
    *("itop_bridge.change_bridgeoptions", "itop_bridge.add_valueword", "itop_bridge.change_valueword"),
    *("itop_bridge.delete_valueword", "itop_bridge.change_pair"),
)


def ask_for_check(options: BridgeOptions) -> None:
    """What was saved is checked against the instances, as a job: no page waits for a vendor."""
    BridgeOptions.objects.filter(pk=options.pk).update(checked_at=None, found="")
    jobs.enqueue(CHECK, options.pk)


registry.register(
    IntegrationKind(
        slug="itop_bridge",
        label="iTop to iTop",
        roles=(Role(EXTERNAL, "External iTop", ITOP), Role(INTERNAL, "Internal iTop", ITOP)),
        streams=STREAMS,
        options=BridgeOptions,
        options_saved=ask_for_check,
        jobs={"check_defaults": check_defaults},
        permissions={roles.ADMIN: _SETTINGS, roles.OPERATOR: _SETTINGS[:3]},
    )
)
