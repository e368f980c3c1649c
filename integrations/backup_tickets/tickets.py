"""Creating an Autotask ticket for a run, from the click to the stored answer (spec, section 4).

1. Look for obstacles, without a call.
2. Commit the intent: a link with a unique key, the job that will find out if we die, and the audit row.
3. Ask Autotask whether an earlier attempt for this run has a ticket after all.
4. Send the create call, once, and never after the click's own deadline.
5. Store the answer. No answer is not "failed" but "unknown": `recovery` looks the key up and decides.

Autotask has no idempotency key; ours stands in the ticket's `externalID` (fact sheet, section 14).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.core import audit, jobs
from integrations.core.models import Connection, Job, User
from integrations.core.opening import open_connection
from integrations.transport.errors import (
    ConfigurationError,
    MalformedResponseError,
    TemporaryError,
    UnknownOutcomeError,
    VendorError,
)
from integrations.vendors.autotask.api import AutotaskApi
from integrations.vendors.autotask.schemas import Ticket, TicketDraft

from . import attention, links
from .mapping import priority_for
from .models import Run, TicketLink
from .obstacles import Basis, Obstacle, basis_of, live_link, obstacles
from .reference import REFRESH
from .snapshots import remember
from .strays import stray_of
from .telling import composed

State = TicketLink.State

KEY_PREFIX = "bkp-"
SEND_WITHIN = dt.timedelta(seconds=20)  # of the click; a click frozen for longer sends nothing any more
RECOVER_AFTER = dt.timedelta(seconds=60)  # of the click: its deadline, the create call's own, and a margin
FIRST_LOOKUP = dt.timedelta(seconds=5)
RECOVERY = "backup_tickets.recover_creation"
REFUSED = 500  # with errors: Autotask's answer about this one ticket; the connection itself works


class NotPossibleError(Exception):
    """A ticket cannot be created just now; nothing was sent."""

    def __init__(self, found: Sequence[Obstacle]) -> None:
        super().__init__(" ".join(obstacle.sentence for obstacle in found))
        self.obstacles = list(found)


@dataclass(frozen=True, slots=True)
class Value:
    """One picklist value or company: the id that is sent and the label people read."""

    id: int
    label: str


@dataclass(frozen=True, slots=True)
class Preview:
    """Exactly what will be sent, and the labels of what is sent as ids."""

    connection_id: int
    title: str
    description: str
    company: Value
    queue: Value
    source: Value
    status: Value
    priority: Value

    @property
    def fingerprint(self) -> str:
        """Of the content, so that what is confirmed is what was shown."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def preview(basis: Basis) -> Preview:
    """What a ticket for this run would be. Only for a run without obstacles (`obstacles`)."""
    run, setup, mapping = basis.run, basis.setup, basis.mapping
    assert setup is not None
    assert setup.connection is not None
    assert setup.options is not None
    assert mapping is not None
    options = setup.options
    text = composed(run, options)

    def value(kind: str, value_id: int | None) -> Value:
        assert value_id is not None, "an obstacle"
        return Value(value_id, basis.known[kind][value_id].label)

    priority = priority_for(run.status, warning=options.priority_warning, error=options.priority_error)
    return Preview(
        connection_id=setup.connection.pk,
        title=text.title,
        description=text.description,
        company=Value(mapping.company_id, mapping.company_name),
        queue=value("queue", options.default_queue),
        source=value("source", options.default_source),
        status=value("status", options.default_status),
        priority=value("priority", priority),
    )


def create_ticket(run: Run, *, user: User, content: Preview | None = None) -> TicketLink:
    """Create the ticket of this run, or show the one it has; the answer's `state` and `cause` say what came of it.

    `active`: created (or found). `unknown`: being checked. `abandoned`: not created, and why. Of clicks at the same
    time one creates and the others get its link. Raises `NotPossibleError`, with nothing sent, when something is in
    the way.
    `content` is for a caller who has just found no obstacles and made the preview; they are not looked for again, and
    of two such clicks the database lets one pass.
    """
    if content is None:
        if existing := live_link(run):
            return existing
        basis = basis_of(run)
        if found := obstacles(basis, user):
            if existing := live_link(run):  # another click came while they were looked for
                return existing
            raise NotPossibleError(found)
        content = preview(basis)
    if number := stray_of(run):
        page = reverse("admin:backup_tickets_run_link", args=[run.pk])
        said = _("Autotask has {ticket} for this run already, from before the database was restored; link it instead.")
        raise NotPossibleError([Obstacle(said.format(ticket=number), page, _("Link the ticket"))])
    try:
        link, recovery = _intend(run, content, user=user)
    except IntegrityError:  # another click was first; the database lets one pass
        if existing := live_link(run):
            return existing
        raise NotPossibleError([Obstacle(_("Another attempt has just ended; look at it and try again."))]) from None
    _carry_out(link, recovery, user=user)
    return link


def _intend(run: Run, content: Preview, *, user: User) -> tuple[TicketLink, Job]:
    now = timezone.now()
    with transaction.atomic(durable=True):
        connection = Connection.objects.select_related("client").get(pk=content.connection_id)
        entry = audit.begin(
            "backup_tickets.create_ticket",
            user=user,
            client=run.client,
            connection=connection,
            record=f"run:{run.pk}",
            detail=content.title,
        )
        link = TicketLink.objects.create(
            run=run,
            connection=connection,
            key=f"{KEY_PREFIX}{uuid.uuid4()}",
            content=asdict(content),
            created_by=user,
            audit=entry,
            send_before=now + SEND_WITHIN,
        )
        recovery = jobs.enqueue(
            RECOVERY,
            link.pk,
            not_before=now + RECOVER_AFTER,
            priority=Job.Priority.CLICK,
            trigger=Job.Trigger.MANUAL,
            user=user,
        )
        attention.refresh(run)
    return link, recovery


def _carry_out(link: TicketLink, recovery: Job, *, user: User) -> None:
    """The calls of a click. Errors leave the opened connection, so that its health shows them."""
    try:
        with open_connection(
            link.connection,
            source="create ticket",
            user=user,
            record=f"run:{link.run_id}",
            interactive=True,
            guard=lambda: _still_in_time(link),
        ) as api:
            earlier = _earlier_keys(link)
            if earlier and (found := find_tickets(api, earlier)):
                links.adopt_earlier(link, found, url=api.ticket_url)
            else:
                _post(api, link)
    except VendorError as error:
        # Whatever fails before the create call means that nothing was sent; after it, the link is decided already.
        links.refuse(link, _("Not sent: {why}").format(why=error.message))
    link.refresh_from_db()
    if link.state == State.ABANDONED or (link.state == State.ACTIVE and link.ticket and link.ticket.number):
        jobs.cancel(recovery)
    else:  # the outcome, or the ticket's number, is still to be found out
        jobs.enqueue(RECOVERY, link.pk, not_before=timezone.now() + FIRST_LOOKUP, priority=Job.Priority.CLICK)


def _still_in_time(link: TicketLink) -> None:
    """Runs right before the create call leaves. A click that was frozen must not send into another's decision."""
    if timezone.now() >= link.send_before:
        raise TemporaryError(_("The portal was too busy to send it in time; try again."))


def _earlier_keys(link: TicketLink) -> list[str]:
    """The keys of earlier attempts that may have become tickets without our knowing."""
    earlier = TicketLink.objects.filter(run=link.run_id, state=State.ABANDONED).exclude(pk=link.pk)
    return list(earlier.order_by("pk").values_list("key", flat=True))


def _post(api: AutotaskApi, link: TicketLink) -> None:
    try:
        ticket_id = api.create_ticket(draft_of(link))
    except (UnknownOutcomeError, MalformedResponseError) as error:
        links.doubt(link, error.message, since=timezone.now())
        raise
    except TemporaryError:
        raise  # provably not sent
    except VendorError as error:
        links.refuse(link, error.message)
        if error.status != REFUSED:
            raise
        if isinstance(error, ConfigurationError):  # a value of a list that Autotask no longer takes
            jobs.enqueue(REFRESH, link.connection_id)
        return
    links.confirm(link, ticket_id, url=api.ticket_url(ticket_id))
    remember(link.connection, api.get_ticket(ticket_id), url=api.ticket_url(ticket_id))


def find_tickets(api: AutotaskApi, keys: Sequence[str]) -> list[Ticket]:
    """The tickets with these keys, compared once more: a filter that got lost would bring somebody else's."""
    return [ticket for ticket in api.find_tickets_by_key(keys) if ticket.external_id in keys]


def draft_of(link: TicketLink) -> TicketDraft:
    """The create call's content: what was previewed, and the key to find it again."""
    content = link.content
    return TicketDraft(
        title=content["title"],
        description=content["description"],
        company_id=content["company"]["id"],
        queue=content["queue"]["id"],
        source=content["source"]["id"],
        status=content["status"]["id"],
        priority=content["priority"]["id"],
        external_id=link.key,
    )
