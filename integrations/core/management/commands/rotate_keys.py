from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Model

from integrations.core.crypto import Sealed, UnreadableSecret, current_key_id, key_id_of, keys, new_key, seal, unseal
from integrations.core.fields import SealedField
from integrations.core.models import Connection
from integrations.core.opening import redigest


class Command(BaseCommand):
    help = "Seal every stored secret anew with the newest key of PORTAL_KEYS. May be stopped and run again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--new-key", action="store_true", help="only print a fresh entry for PORTAL_KEYS")
        parser.add_argument("--batch", type=int, default=100, help="rows per transaction")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["new_key"]:
            self.stdout.write(new_key(f"k{datetime.now(UTC):%Y%m%d%H%M%S}"))
            return
        counts: Counter[str] = Counter()
        unreadable: list[str] = []
        for model, field in sealed_fields():
            self.reseal(model, field, max(1, options["batch"]), counts, unreadable)
        unreadable += redigest_webhook_secrets()
        for key_id, count in sorted(counts.items()):
            self.stdout.write(f"{count} sealed with key {key_id}")
        if unreadable:
            raise CommandError("These could not be read and stay as they are:\n" + "\n".join(unreadable))
        old = [key_id for key_id in keys() if key_id != current_key_id()]
        self.stdout.write(
            f"Everything is sealed with {current_key_id()}; "
            + (f"PORTAL_KEYS no longer needs {', '.join(old)}." if old else "there is no older key.")
        )

    def reseal(self, model: type[Model], field: str, batch: int, counts: Counter[str], unreadable: list[str]) -> None:
        last, done = 0, 0
        while True:
            with transaction.atomic():
                waiting = model._default_manager.select_for_update(of=("self",)).filter(pk__gt=last).order_by("pk")
                rows = list(waiting.only("pk", field)[:batch])
                for row in rows:
                    key_id, problem = reseal_row(row, field)
                    counts[key_id] += bool(key_id)
                    if problem:
                        unreadable.append(f"{model._meta.verbose_name} {row.pk}: {problem}")
            if not rows:
                return
            last, done = rows[-1].pk, done + len(rows)
            self.stdout.write(f"{model._meta.verbose_name}: {done} looked at")


def redigest_webhook_secrets() -> list[str]:
    """Have every webhook secret found by the newest key; those that could not be read, each in a sentence."""
    unreadable = []
    for connection in Connection.objects.exclude(webhook_digest="").iterator():
        try:
            redigest(connection)
        except UnreadableSecret as error:
            unreadable.append(f"webhook secret of connection {connection.pk}: {error}")
    return unreadable


def sealed_fields() -> Iterator[tuple[type[Model], str]]:
    """Every field of every model that holds sealed secrets."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            if isinstance(field, SealedField):
                yield model, field.name


def reseal_row(row: Model, field: str) -> tuple[str, str]:
    """Seal one value with the newest key. The key it has now (empty: nothing stored), and what went wrong, if so."""
    stored: Sealed = getattr(row, field)
    key_id = key_id_of(stored.token)
    if not stored or key_id == current_key_id():
        return key_id, ""
    try:
        fresh = Sealed(seal(unseal(stored.token)))
    except UnreadableSecret as error:
        return key_id, str(error)
    type(row)._base_manager.filter(pk=row.pk).update(**{field: fresh})
    return current_key_id(), ""
