from django.apps import AppConfig


class TogaTogadeskConfig(AppConfig):
    name = "integrations.toga_togadesk"
    label = "toga_togadesk"
    verbose_name = "TOGA 2 and TOGaDesk"
