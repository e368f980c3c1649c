from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TogaTogadeskConfig(AppConfig):
    name = "integrations.toga_togadesk"
    label = "toga_togadesk"
    verbose_name = _("TOGA 2 and TOGaDesk")
