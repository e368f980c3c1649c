from django.apps import AppConfig


class ItopBridgeConfig(AppConfig):
    name = "integrations.itop_bridge"
    label = "itop_bridge"
    verbose_name = "Bridge between two iTops"
