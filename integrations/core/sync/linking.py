"""Record links: found by the id of one side, held by one process at a time, and the crash-safe create.

A create is made of three moments: the link (`creating`, with a key) is committed; the call carries the key as a marker;
the answer's id makes the link active. Whoever finds a link that is still `creating` looks the marker up before anything
is sent again.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core.models import Integration, RecordLink
from integrations.transport.errors import (
    ConflictError,
    MalformedResponseError,
    TemporaryError,
    UnknownOutcomeError,
    VendorError,
)

from .flow import Side

State = RecordLink.State
LEASE = dt.timedelta(seconds=180)  # longer than any call's deadline, as the lease of a job
SETTLES_WITHIN = dt.timedelta(minutes=5)  # a create call without an answer may still become a record for so long


class BusyError(TemporaryError):
    """Another process works on this pair just now."""


def links_of(integration: Integration, object_type: str, side: Side, ids: Iterable[str]) -> dict[str, RecordLink]:
    """The links of these records, by the record's id; one statement."""
    rows = RecordLink.objects.filter(integration=integration, object_type=object_type, **{f"{side}_id__in": list(ids)})
    return {getattr(row, f"{side}_id"): row for row in rows.exclude(state=State.REPLACED)}


def fingerprints_of(integration: Integration, object_type: str, side: Side, ids: Sequence[str]) -> dict[str, str]:
    """The fingerprint of each of these records when it was dealt with last, by id; one statement.

    It is what an unchanged record costs, so the statement is written by hand: the ORM looks at each id several times.
    """
    if not ids:
        return {}
    statement = f"""
        SELECT {side}_id, {side}_fingerprint FROM {RecordLink._meta.db_table}
        WHERE integration_id = %s AND object_type = %s AND state <> %s AND {side}_id IN ({", ".join(["%s"] * len(ids))})
    """  # noqa: S608 — our own names
    with connection.cursor() as cursor:
        cursor.execute(statement, [integration.pk, object_type, State.REPLACED.value, *ids])
        return dict(cursor.fetchall())


@contextmanager
def in_hand(integration: Integration, object_type: str, side: Side, record_id: str) -> Iterator[RecordLink]:
    """The record's link, made if there is none, for this process alone while it works on the pair, in both directions.

    Raises `BusyError`. A process that dies leaves its lease behind; the pair waits for the lease's end.
    """
    holder = uuid.uuid4().hex
    link = _existing(integration, object_type, side, record_id) or _made(integration, object_type, side, record_id)
    now = timezone.now()
    free = RecordLink.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), pk=link.pk)
    if not free.update(lease_until=now + LEASE, lease_by=holder):
        raise BusyError(_("Another process works on {link}.").format(link=link), retry_after=LEASE.total_seconds())
    link.refresh_from_db()
    try:
        yield link
    finally:
        RecordLink.objects.filter(pk=link.pk, lease_by=holder).update(lease_until=None, lease_by="")


def _existing(integration: Integration, object_type: str, side: Side, record_id: str) -> RecordLink | None:
    return links_of(integration, object_type, side, [record_id]).get(record_id)


def _made(integration: Integration, object_type: str, side: Side, record_id: str) -> RecordLink:
    values: dict[str, Any] = {f"{side}_id": record_id}
    try:
        with transaction.atomic():
            link: RecordLink = RecordLink.objects.create(integration=integration, object_type=object_type, **values)
            return link
    except IntegrityError:  # another process was first
        existing = _existing(integration, object_type, side, record_id)
        if existing is None:
            raise
        return existing


def create_once(
    link: RecordLink,
    side: Side,
    *,
    fields: dict[str, Any],
    find: Callable[[str], str | None],
    create: Callable[[str], str],
) -> bool:
    """Make the record that is missing on this side, once; False when an earlier call had made it and it was found.

    `find(key)` gives the id of the record that carries the key, `create(key)` makes it with these fields and gives its
    id. The fields are kept before the call, so that a record found later is compared with what was sent. Call it with
    the link in hand. Raises what they raise; `TemporaryError` when an earlier call may still become a record.
    """
    if getattr(link, f"{side}_id"):
        return False
    if link.sent_at is not None:
        if found := find(link.key):
            attach(link, side, found)
            return False
        if may_still_arrive(link):
            raise TemporaryError(
                _("An earlier create call got no answer; it is looked for until it can no longer arrive."),
                retry_after=SETTLES_WITHIN.total_seconds(),
            )
    _mark_sent(link, timezone.now(), fields)
    try:
        made = create(link.key)
    except (UnknownOutcomeError, MalformedResponseError) as error:
        raise TemporaryError(
            _("The create call got no usable answer: {error}").format(error=error.message), retry_after=5
        ) from error
    except VendorError:
        _mark_sent(link, None, {})  # it was refused, or never left
        raise
    attach(link, side, made)
    return True


def may_still_arrive(link: RecordLink) -> bool:
    """Whether a create call without an answer may still become a record."""
    return link.sent_at is not None and timezone.now() < link.sent_at + SETTLES_WITHIN


def unanswered(integration: Integration, object_type: str, side: Side) -> list[RecordLink]:
    """The links whose record on this side was asked for and has not been heard of."""
    rows = RecordLink.objects.filter(integration=integration, object_type=object_type, state=State.CREATING)
    return list(rows.filter(sent_at__isnull=False, **{f"{side}_id": ""}).order_by("pk"))


def _mark_sent(link: RecordLink, at: dt.datetime | None, fields: dict[str, Any]) -> None:
    link.sent_at, link.base = at, fields
    link.save(update_fields=["sent_at", "base"])


def attach(link: RecordLink, side: Side, record_id: str) -> None:
    """This record is the link's other half. Raises `ConflictError` when it is another link's already.

    Where the record has a link of its own that lacks its other half, the two rows are one pair: the other direction
    made both halves and died before it said so. Its row takes over, this one is replaced.
    """
    setattr(link, f"{side}_id", record_id)
    link.state, link.cause = State.ACTIVE, ""
    try:
        with transaction.atomic():
            link.save(update_fields=[f"{side}_id", "state", "cause"])
    except IntegrityError:
        link.refresh_from_db()
        if not _joined(link, side, record_id):
            raise ConflictError(
                _("The record {record} is linked to another one already.").format(record=record_id)
            ) from None


def _joined(link: RecordLink, side: Side, record_id: str) -> bool:
    """Whether the record's own link lacked exactly this link's half, and has it now."""
    free = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
    half = f"{side.other}_id"
    halves = RecordLink.objects.filter(
        free, integration=link.integration, object_type=link.object_type, **{f"{side}_id": record_id, half: ""}
    ).exclude(state=State.REPLACED)
    with transaction.atomic():
        RecordLink.objects.filter(pk=link.pk).update(
            state=State.REPLACED, cause=_("Its pair is kept with {side} {record}.").format(side=side, record=record_id)
        )
        if halves.update(**{half: getattr(link, half)}, state=State.ACTIVE, cause=""):
            setattr(link, f"{side}_id", record_id)
            link.state = State.REPLACED
            return True
        transaction.set_rollback(True)
    return False


def mark_missing(link: RecordLink, cause: str) -> None:
    """The link's other half cannot be found or used; a person has to look at it."""
    RecordLink.objects.filter(pk=link.pk).update(state=State.MISSING, cause=cause)


def mark_found(link: RecordLink) -> None:
    """What was missing is there again."""
    RecordLink.objects.filter(pk=link.pk, state=State.MISSING).update(state=State.ACTIVE, cause="")


def note_sent(link: RecordLink, side: Side, fields: Mapping[str, Any]) -> None:
    """Before an update of the record on this side: what it will have then. If the answer is lost, this is known."""
    link.sent = {"side": side, "fields": dict(fields)}
    link.save(update_fields=["sent"])


def base_of(link: RecordLink, left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as both sides last had them, given what they have now.

    What an update without an answer was to write, and what is there now, is ours: else it would look like a person's
    edit, and fight the next one.
    """
    there = left if link.sent.get("side") == Side.LEFT else right
    arrived = {name: value for name, value in link.sent.get("fields", {}).items() if there.get(name) == value}
    return {**link.base, **arrived}


def agree(
    link: RecordLink, side: Side, *, fingerprint: str, other_fingerprint: str, base: dict[str, Any] | None
) -> None:
    """This version of the side's record was dealt with; the other side is as the fingerprint says, if it is known."""
    values: dict[str, Any] = {f"{side}_fingerprint": fingerprint, "sent": {}}
    if other_fingerprint:
        values[f"{side.other}_fingerprint"] = other_fingerprint
    if base is not None:
        values["base"] = base
    RecordLink.objects.filter(pk=link.pk).update(**values)
