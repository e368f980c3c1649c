from django.contrib import admin

from integrations.core.admin.base import ReadOnlyAdmin

from .models import Reading


@admin.register(Reading)
class ReadingAdmin(ReadOnlyAdmin):
    list_display = ("integration", "verdict")
