from django.apps import AppConfig


class BackupTicketsConfig(AppConfig):
    name = "integrations.backup_tickets"
    label = "backup_tickets"
    verbose_name = "Backup tickets"
