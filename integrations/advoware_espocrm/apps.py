from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AdvowareEspocrmConfig(AppConfig):
    name = "integrations.advoware_espocrm"
    label = "advoware_espocrm"
    verbose_name = _("Advoware to EspoCRM")
