from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BackupTicketsConfig(AppConfig):
    name = "integrations.backup_tickets"
    label = "backup_tickets"
    verbose_name = _("Backup tickets")
