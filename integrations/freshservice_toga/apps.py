from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FreshserviceTogaConfig(AppConfig):
    name = "integrations.freshservice_toga"
    label = "freshservice_toga"
    verbose_name = _("Freshservice and TOGA 2")
