from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "integrations.core"
    label = "core"
    verbose_name = _("Portal")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks, registry, reporting, roles, schedule  # noqa: F401 — checks connect themselves

        reporting.start(settings.SENTRY_DSN)
        registry.discover()
        # Connected here, not when imported: it must come after the receiver of django.contrib.auth.
        post_migrate.connect(roles.after_migrate, dispatch_uid="integrations.core.roles")
        post_migrate.connect(schedule.after_migrate, sender=self, dispatch_uid="integrations.core.schedule")
