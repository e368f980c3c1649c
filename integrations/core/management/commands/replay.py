from __future__ import annotations

import sys
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from integrations.core.management.following import follow
from integrations.core.models import Connection, Job, Replay, User, WebhookDelivery
from integrations.core.webhooks import replaying


class Command(BaseCommand):
    help = (
        "Have the records of received webhooks looked at again, by filter and time range. Says what it would do; with "
        "--yes it does it, and shows how far it is. The looks themselves are the queue's work. Ctrl-C stops it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as", dest="user", required=True, metavar="USER", help="in whose name")
        parser.add_argument("--connection", default="", metavar="CLIENT/CONNECTION")
        parser.add_argument("--state", default="", choices=("", *WebhookDelivery.State.values))
        parser.add_argument("--record", default="", help="how the record begins, such as ticket:17")
        parser.add_argument("--from", dest="since", default=None, help="2026-11-26T08:30")
        parser.add_argument("--to", dest="until", default=None, help="2026-11-26T09:45")
        parser.add_argument("--rate", type=int, default=60, help="records a minute (60)")
        parser.add_argument("--yes", action="store_true", help="do it")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None or not user.has_perm("core.change_webhookdelivery"):
            raise CommandError(f"There is no user {options['user']} who may have webhooks looked at again.")
        replay = Replay(
            asked_by=user,
            up_to=replaying.newest(),
            connection=_connection(options["connection"], user),
            deliveries=options["state"],
            record=options["record"],
            since=_moment(options["since"]),
            until=_moment(options["until"]),
            rate=max(1, options["rate"]),
        )
        self._show(replaying.preview(replay))
        if options["yes"]:
            replay.save()
            replaying.confirm(replay, user=user)
            self._follow(replay)

    def _show(self, would: replaying.Preview) -> None:
        self.stdout.write(f"{would.records:,} records of {would.deliveries:,} deliveries would be looked at.")
        for one in would.first:
            self.stdout.write(f"  {one.connection} {one.subject} ({one.deliveries:,}): {one.last.outcome}")
        if would.records > len(would.first):
            self.stdout.write(f"  and {would.records - len(would.first):,} more")
        for count, why in would.left_out:
            self.stdout.write(f"  {count:,} {why}")

    def _follow(self, replay: Replay) -> None:
        def look() -> str:
            row = Replay.objects.get(pk=replay.pk)
            return f"{row.asked:,} of {row.records:,} records asked for"

        job = follow(self.stdout, _job(replay), look=look, stop=lambda: replaying.stop(replay))
        self.stdout.write(f"{job.outcome} What comes of each stands in the webhook inbox.")
        if job.state == Job.State.DEAD or Replay.objects.get(pk=replay.pk).state == Replay.State.STOPPED:
            sys.exit(1)


def _job(replay: Replay) -> Job:
    found: Job = Job.objects.filter(key=f"{replaying.KIND}:{replay.pk}").latest("pk")
    return found


def _connection(name: str, user: User) -> Connection | None:
    if not name:
        return None
    rows = {f"{row.owner_slug}/{row.slug}": row for row in Connection.objects.visible_to(user).select_related("client")}
    if name not in rows:
        raise CommandError(f"There is no connection {name}. Known: {', '.join(sorted(rows)) or 'none'}.")
    found: Connection = rows[name]
    return found


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text} is no time; write one like 2026-11-26T08:30.") from None
    return read if timezone.is_aware(read) else timezone.make_aware(read)
