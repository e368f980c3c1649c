from integrations.core import roles
from integrations.core.registry import IntegrationKind, NavigationItem, Role, register

from .flow import work
from .models import ToyOptions
from .weather import VENDOR

register(
    IntegrationKind(
        slug="toy",
        label="Toy",
        roles=(Role("weather", "Weather", VENDOR),),
        options=ToyOptions,
        jobs={"work": work},
        permissions={roles.OPERATOR: ("toy.view_reading",)},
        navigation=(NavigationItem("Readings", "thermostat", "admin:toy_reading_changelist", "toy.view_reading"),),
    )
)
