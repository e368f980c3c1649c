from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.core import audit
from integrations.core.models import AuditEntry, Client, User

pytestmark = pytest.mark.django_db


def test_an_entry_is_there_before_the_change_and_completed_after_it() -> None:
    user = User.objects.create_user("otto")
    entry = audit.begin(
        "run.create_ticket", user=user, client=Client.objects.create(slug="e", name="E"), record="run:1"
    )
    assert AuditEntry.objects.get().outcome == AuditEntry.Outcome.PENDING
    audit.finish(entry, AuditEntry.Outcome.UNKNOWN, detail="Nobody answered.")
    audit.finish(entry, AuditEntry.Outcome.DONE, vendor_record="ticket 5")
    stored = AuditEntry.objects.get()
    assert (stored.actor, stored.outcome, stored.detail, stored.vendor_record) == (
        "otto",
        "done",
        "Nobody answered.",
        "ticket 5",
    )


def test_a_finished_entry_stays_as_it_is() -> None:
    entry = audit.begin("connection.test", actor="nightly job")
    audit.finish(entry, AuditEntry.Outcome.REFUSED)
    with pytest.raises(RuntimeError, match="append-only"):
        audit.finish(entry, AuditEntry.Outcome.DONE)
    assert AuditEntry.objects.get().outcome == AuditEntry.Outcome.REFUSED


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry.save(),
        lambda entry: entry.delete(),
        lambda _: AuditEntry.objects.update(actor="nobody"),
        lambda _: AuditEntry.objects.all().delete(),
        lambda entry: AuditEntry.objects.bulk_update([entry], ["actor"]),
    ],
)
def test_the_trail_can_only_grow(change: Callable[[AuditEntry], object]) -> None:
    entry = audit.begin("connection.test", actor="nightly job")
    with pytest.raises(RuntimeError, match="append-only"):
        change(entry)
    assert AuditEntry.objects.get().actor == "nightly job"
