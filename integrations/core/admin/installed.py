"""Admin pages of installed packages, in the portal's look: looked at, hardly ever changed."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_q.models import Failure, OrmQ, Schedule, Success

from .base import HouseAdmin, ReadOnlyHouseAdmin

# Second factors are their owner's business (the page "Two-factor"); results of the queue are kept in Job.
HIDDEN: tuple[type[Model], ...] = (
    AccessAttempt,
    AccessFailureLog,
    AccessLog,
    Failure,
    OrmQ,
    Schedule,
    StaticDevice,
    Success,
    TOTPDevice,
)
for model in HIDDEN:
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(AccessAttempt)
class AccessAttemptAdmin(ReadOnlyHouseAdmin):
    """Failed sign-ins that count towards a lock-out."""

    list_display = ("attempt_time", "username", "ip_address", "failures_since_start", "user_agent")
    list_filter = ("attempt_time",)
    search_fields = ("username", "ip_address")
    fields = list_display


@admin.register(OrmQ)
class QueueAdmin(ReadOnlyHouseAdmin):
    """Wake-ups that wait for a worker; the work itself stands under Jobs."""

    list_display = ("id", "key", "lock")
    fields = ("key", "lock")


@admin.register(Schedule)
class ScheduleAdmin(HouseAdmin):
    """The portal's own ticks. Nothing but its next run can be seen, and nothing can be broken here."""

    list_display = ("name", "func", "schedule_type", "minutes", "next_run", "repeats")
    fields = list_display
    readonly_fields = list_display

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
