from django.apps import AppConfig


class FreshserviceTogaConfig(AppConfig):
    name = "integrations.freshservice_toga"
    label = "freshservice_toga"
    verbose_name = "Freshservice and TOGA 2"
