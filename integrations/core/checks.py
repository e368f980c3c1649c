"""System checks, and the refusal to start with what they would complain about."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, transaction

from .crypto import parse_keys


def problems() -> list[str]:
    """What the settings lack, as sentences; empty when the portal may start."""
    found = [f"{name}: {what}" for name, what in getattr(settings, "SETTINGS_PROBLEMS", [])]
    try:
        parse_keys(settings.PORTAL_KEYS)
    except ImproperlyConfigured as error:
        found.append(str(error))
    return found


def refuse_if_unsafe() -> None:
    """Raises `ImproperlyConfigured` with every sentence. Web and queue call it before they do anything."""
    if found := problems():
        raise ImproperlyConfigured("The portal does not start with these settings:\n" + "\n".join(found))


@register
def settings_are_complete(**_kwargs: Any) -> list[CheckMessage]:
    return [Error(sentence, id="portal.E001") for sentence in problems()]


@register
def queue_shares_our_transactions(**_kwargs: Any) -> list[CheckMessage]:
    """A wake-up must be committed together with its `Job` row, so the broker uses the same database."""
    if settings.Q_CLUSTER.get("orm") == "default":
        return []
    return [
        Error(
            "The queue's broker does not use the default database, so wake-ups would not be part of our transactions.",
            hint='Set Q_CLUSTER["orm"] = "default".',
            id="portal.E002",
        )
    ]


@register
def queue_is_patient(**_kwargs: Any) -> list[CheckMessage]:
    """A task that is still waiting or running must not be handed out again: docs/decisions.md has the arithmetic."""
    queue: dict[str, Any] = settings.Q_CLUSTER
    workers, timeout, retry = queue["workers"], queue["timeout"], queue["retry"]
    waiting = -(-2 * queue["queue_limit"] // workers)  # tasks fetched beside the one that runs, per worker
    needed = (waiting + 1) * (timeout + 3)
    if retry > needed:
        return []
    return [
        Error(
            f'Q_CLUSTER["retry"] is {retry} s, but a task may wait and run for {needed} s: it would run twice.',
            hint=f'Set Q_CLUSTER["retry"] above {needed}, or lower QUEUE_TIMEOUT.',
            id="portal.E003",
        )
    ]


@register(Tags.database)
def mail_has_a_server(databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Asked by `check --database default`, and by every migration: alerts by e-mail need somebody to take them."""
    from .models import AlertChannel

    if settings.MAIL_IS_SET_UP or not databases:
        return []
    try:
        with transaction.atomic():
            waits = AlertChannel.objects.filter(is_enabled=True).exclude(emails="").exists()
    except DatabaseError:  # before the first migration
        return []
    if not waits:
        return []
    return [
        checks.Warning(
            "There are alert channels with e-mail addresses, but no mail server: their alerts go nowhere.",
            hint="Set EMAIL_URL, and DEFAULT_FROM_EMAIL.",
            id="portal.W001",
        )
    ]


@register(deploy=True)
def restored_databases_are_noticed(**_kwargs: Any) -> list[CheckMessage]:
    """The folder of MARK_FILE must be there and writable, or be one that can be made."""
    folder = Path(settings.MARK_FILE).absolute().parent
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK):
        return []
    return [
        checks.Warning(
            f"MARK_FILE ({settings.MARK_FILE}) cannot be written, so a database put back from a backup is not noticed.",
            hint="Give it a place that stays, outside of backups.",
            id="portal.W002",
        )
    ]
