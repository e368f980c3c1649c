from integrations.core.registry import IntegrationKind, Role, register
from integrations.vendors.autotask import VENDOR as AUTOTASK

from .models import TicketOptions

register(
    IntegrationKind(
        slug="backup_tickets",
        label="Backup tickets",
        roles=(Role("autotask", "Autotask", AUTOTASK),),
        options=TicketOptions,
    )
)
