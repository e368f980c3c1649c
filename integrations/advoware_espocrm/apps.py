from django.apps import AppConfig


class AdvowareEspocrmConfig(AppConfig):
    name = "integrations.advoware_espocrm"
    label = "advoware_espocrm"
    verbose_name = "Advoware to EspoCRM"
