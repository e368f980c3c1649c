"""The trail: who made us change what, where, with what outcome. One row before the call, completed once after it."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from .models import AuditEntry, Client, Connection, User


def begin(
    action: str,
    *,
    user: User | AnonymousUser | None = None,
    actor: str = "",
    client: Client | None = None,
    connection: Connection | None = None,
    record: str = "",
    detail: str = "",
) -> AuditEntry:
    """Write the entry before the change is tried, so that a crash leaves a trace.

    `action` reads `thing.verb`, `record` is ours (`run:17`). `actor` names a job or command; by default it is the
    user's name. The client follows from the connection when it is not given.
    """
    person = user if isinstance(user, User) else None
    if client is None and connection is not None:
        client = connection.client
    return AuditEntry.objects.create(
        action=action,
        user=person,
        actor=actor or (person.get_username() if person else "portal"),
        client=client,
        connection=connection,
        record=record,
        detail=detail,
    )


def finish(entry: AuditEntry, outcome: AuditEntry.Outcome | str, *, detail: str = "", vendor_record: str = "") -> None:
    """Complete the entry: done, refused, or unknown (which a later look-up may still turn into one of the others).

    Raises `RuntimeError` when the entry was completed before.
    """
    final = AuditEntry.Outcome(outcome)
    fields = {"outcome": final, "finished_at": timezone.now()}
    if detail:
        fields["detail"] = detail
    if vendor_record:
        fields["vendor_record"] = vendor_record
    AuditEntry.objects.complete(entry.pk, fields)
    for name, value in fields.items():
        setattr(entry, name, value)
