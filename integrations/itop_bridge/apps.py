from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ItopBridgeConfig(AppConfig):
    name = "integrations.itop_bridge"
    label = "itop_bridge"
    verbose_name = _("Bridge between two iTops")
