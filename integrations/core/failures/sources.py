"""What core knows to wait for somebody, and what the installed integrations add: one table at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import CharField, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, NullIf
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import registry, streams
from integrations.core.models import (
    AuditEntry,
    Connection,
    HeldItem,
    Job,
    RecordLink,
    Stream,
    SyncRun,
    WebhookDelivery,
)
from integrations.core.roles import may_open_of
from integrations.core.webhooks.receiving import WORK

from . import acts
from .explaining import OTHER
from .source import UNKNOWN, Explanation, FailureSource, Link, columns, each

NOTHING = Value("")


def all_sources() -> list[FailureSource]:
    """What core knows first, then what the integrations declare."""
    return [*CORE, *(source for kind in registry.kinds() for source in kind.failures)]


def sources_for(user: Any) -> list[FailureSource]:
    """Those whose rows are for this person."""
    known = all_sources()
    opened = may_open_of(user, {source.permission for source in known})
    return [source for source in known if source.permission in opened]


# --- which rows wait --------------------------------------------------------------------------------------------------


def _held() -> Q:
    """But what another source tells in its own words."""
    told = [source.tells_of for source in all_sources() if source.tells_of]
    return Q(state=HeldItem.State.HELD) & ~Q(error_class__in=told)


def _broken() -> Q:
    """The last run of each stream that is on, where it did not get to its end."""
    own = SyncRun.objects.filter(stream=OuterRef("pk"), subject="", is_dry=False)
    ended = own.exclude(state=SyncRun.State.RUNNING).order_by("-pk").values("pk")[:1]
    on = Stream.objects.filter(is_enabled=True, integration__is_enabled=True)
    broken = (SyncRun.State.FAILED, SyncRun.State.INTERRUPTED, SyncRun.State.STOPPED)
    return Q(pk__in=on.values(newest=Subquery(ended)), state__in=broken)


def _unapproved() -> Q:
    """Streams that write nothing before somebody has approved their first run."""
    theirs = Q(pk__in=())
    for kind in registry.kinds():
        slugs = [stream.slug for stream in kind.streams if stream.needs_approval]
        theirs |= Q(integration__kind=kind.slug, slug__in=slugs)
    on = Q(is_enabled=True, integration__is_enabled=True, integration__client__is_active=True)
    return theirs & on & Q(approved_at=None)


def _unknown() -> Q:
    """But those that an integration shows with more words."""
    shown = [action for kind in registry.kinds() for source in kind.failures for action in source.audited]
    return Q(outcome=AuditEntry.Outcome.UNKNOWN) & ~Q(action__in=shown)


# --- where they lead --------------------------------------------------------------------------------------------------


def _held_links(rows: Sequence[Any]) -> list[Link]:
    """The pair's page where the record has a pair, else its stream's."""
    ids = {row.record_id for row in rows}
    links = RecordLink.objects.filter(integration__in={row.f_integration for row in rows})
    found = links.filter(Q(left_id__in=ids) | Q(right_id__in=ids)).exclude(state=RecordLink.State.REPLACED)
    pairs: dict[tuple[int, str], int] = {}
    for pk, integration, left, right in found.values_list("pk", "integration_id", "left_id", "right_id"):
        pairs |= {(integration, left): pk, (integration, right): pk}

    def page(row: Any) -> str:
        pair = pairs.get((row.f_integration, row.record_id))
        return reverse("admin:core_recordlink_change", args=[pair]) if pair else _stream_page(row)

    return [Link(row.record_id, page(row)) for row in rows]


def _stream_page(row: Any) -> str:
    return reverse("admin:core_integration_stream", args=[row.f_integration, row.f_what])


def _stream(row: Any) -> Link:
    return Link(row.slug, _stream_page(row))


def _to_stream(row: Any) -> Link:
    return Link(gettext("the stream"), _stream_page(row))


def _job(row: Any) -> Link:
    return Link(
        f"#{row.pk} {row.kind} {', '.join(map(str, row.args))}", reverse("admin:core_job_change", args=[row.pk])
    )


def _delivery(row: Any) -> Link:
    return Link(f"#{row.pk} {row.subject}", reverse("admin:core_webhookdelivery_change", args=[row.pk]))


def _run(row: Any) -> Link:
    return Link(gettext("run {number}").format(number=row.pk), reverse("admin:core_syncrun_change", args=[row.pk]))


def _entry(row: Any) -> Link:
    name = f"{row.record or row.action} {row.vendor_record}".strip()
    return Link(name, reverse("admin:core_auditentry_change", args=[row.pk]))


def _connection(row: Any) -> Link:
    return Link(
        gettext("connection {name}").format(name=row.f_what), reverse("admin:core_connection_change", args=[row.pk])
    )


def _its_connection(row: Any) -> Link:
    return Link(
        gettext("connection {name}").format(name=row.f_what),
        reverse("admin:core_connection_change", args=[row.connection_id]),
    )


# --- the table --------------------------------------------------------------------------------------------------------

_OF_RUNS = {
    "failed": Explanation(
        _("run failed"),
        _(
            "The last run of this stream ended with an error before its end. Nothing is lost: the next one goes on "
            "from where the last good one was."
        ),
        _("The sentence says what was in the way. Mend it, or wait for the next run; or switch the stream off."),
    ),
    "interrupted": Explanation(
        _("run interrupted"),
        _("The process that ran it ended before the run did, as in a restart. The next run goes on from there."),
        _("Usually nothing is to be done. If it happens again and again, look at the logs of the queue."),
        "warning",
    ),
    "stopped": Explanation(
        _("run stopped"),
        _("A person stopped the last run. The stream goes on by itself at its next interval."),
        _("Run it again now, or switch the stream off."),
        "info",
    ),
}
_APPROVAL = Explanation(
    _("first run to approve"),
    _("This stream has not written anything yet. An admin looks at a dry run and lets it begin."),
    _("Open the stream, start a dry run, look at what it would do, and approve it."),
    "info",
)
_SICK = Explanation(
    _("a setting is wrong"),
    _(
        "The other system refuses this connection as a whole: a password, a right or an address is wrong. Everything "
        "that uses it waits."
    ),
    _("Mend the setting on its page and test it there. What was held meanwhile can then be retried here."),
)
_SILENT = Explanation(
    _("webhooks stopped"),
    _(
        "No webhooks come any more: the other system says so, or none came for longer than is usual. What the streams "
        "read by themselves still comes."
    ),
    _("See over there whether the webhook is on and reaches the portal; the page of the connection says where."),
)
_IGNORED = Explanation(
    _("ignored"),
    _("Nothing followed from these calls, and nothing had to: nobody was interested, or a person said so."),
    _("Nothing is to be done. If something should have followed, mend the settings and have them looked at again."),
    "neutral",
)
_NOT_LOOKED_AT = Explanation(
    _("webhook failed"),
    _("A webhook came, and looking at its record ended with an error."),
    _("Mend what the sentence says, then have the records looked at again: each is read as it is now."),
)


def _or_other(error_class: str) -> Coalesce:
    return Coalesce(NullIf(error_class, NOTHING), Value(OTHER))


_OF_STREAM = {"client": "stream__integration__client_id", "integration": "stream__integration_id"}
_HELD = columns(
    **_OF_STREAM,
    what="stream__slug",
    cause=Coalesce(NullIf("error_class", NOTHING), F("cause")),
    sentence="shape",
    since="held_at",
    next_try="next_try",
)
_JOB_OF = Job.objects.filter(pk=OuterRef("job_id")).values(found=NullIf("error_class", NOTHING))
_DELIVERY = {"client": "connection__client_id", "what": "connection__slug", "sentence": "outcome"}
_CONNECTION = {"client": "client_id", "what": "slug"}

CORE: tuple[FailureSource, ...] = (
    FailureSource(
        slug="held",
        one=_("held record"),
        many=_("held records"),
        permission="core.view_helditem",
        model=HeldItem,
        columns=_HELD,
        waits=_held,
        show=_held_links,
        fix=_to_stream,
        says=lambda row: str(row.sentence),  # the column has its shape
        acts=(acts.RETRY_HELD, acts.CHECK_HELD, acts.DISMISS_HELD),
    ),
    FailureSource(
        slug="jobs",
        one=_("dead job"),
        many=_("dead jobs"),
        permission="core.view_job",
        model=Job,
        columns=columns(what="kind", cause=_or_other("error_class"), sentence="outcome", since="finished_at"),
        # A delivery or a run is shown in place of its job.
        waits=lambda: Q(state=Job.State.DEAD) & ~Q(kind__in=(WORK, streams.RUN)),
        show=each(_job),
        acts=acts.OF_JOBS,
    ),
    FailureSource(
        slug="deliveries",
        one=_("failed webhook"),
        many=_("failed webhooks"),
        permission="core.view_webhookdelivery",
        model=WebhookDelivery,
        columns=columns(**_DELIVERY, cause=Coalesce(Subquery(_JOB_OF), Value(OTHER)), since="received_at"),
        waits=lambda: Q(state=WebhookDelivery.State.FAILED),
        show=each(_delivery),
        fix=_its_connection,
        explanations={OTHER: _NOT_LOOKED_AT},
        acts=(acts.REPLAY, acts.IGNORE),
        unread=("body", "headers"),
    ),
    FailureSource(
        slug="runs",
        one=_("stream"),
        many=_("streams"),
        label=_("streams whose last run failed"),
        permission="core.view_syncrun",
        model=SyncRun,
        columns=columns(**_OF_STREAM, what="stream__slug", cause="state", sentence="outcome", since="started_at"),
        waits=_broken,
        show=each(_run),
        fix=_to_stream,
        explanations=_OF_RUNS,
        acts=(acts.RUN_AGAIN,),
    ),
    FailureSource(
        slug="connections",
        one=_("connection"),
        many=_("connections"),
        label=_("connections that need attention"),
        permission="core.view_connection",
        model=Connection,
        columns=columns(
            **_CONNECTION, cause=Value("ConfigurationError"), sentence="health_cause", since="last_error_at"
        ),
        waits=lambda: Q(health=Connection.Health.ATTENTION, is_paused=False),
        show=each(_connection),
        fix=_connection,
        explanations={"ConfigurationError": _SICK},
    ),
    FailureSource(
        slug="silent",
        one=_("connection"),
        many=_("connections"),
        label=_("connections whose webhooks stopped"),
        permission="core.view_connection",
        model=Connection,
        columns=columns(**_CONNECTION, cause=Value("silent"), sentence="webhook_trouble", since="webhook_trouble_at"),
        waits=lambda: ~Q(webhook_trouble=""),
        show=each(_connection),
        fix=_connection,
        explanations={"silent": _SILENT},
    ),
    FailureSource(
        slug="unknown",
        one=_("open outcome"),
        many=_("open outcomes"),
        permission="core.view_auditentry",
        model=AuditEntry,
        columns=columns(client="client_id", what="action", cause=Value(UNKNOWN), sentence="detail", since="at"),
        waits=_unknown,
        show=each(_entry),
    ),
    FailureSource(
        slug="awaiting",
        one=_("stream"),
        many=_("streams"),
        label=_("streams to approve"),
        permission="core.view_stream",
        model=Stream,
        columns=columns(
            client="integration__client_id",
            integration="integration_id",
            what="slug",
            cause=Value("approval"),
            sentence=Value(streams.UNAPPROVED, output_field=CharField()),
            since="",
        ),
        waits=_unapproved,
        show=each(_stream),
        fix=_to_stream,
        explanations={"approval": _APPROVAL},
    ),
    FailureSource(
        slug="ignored",
        one=_("ignored webhook"),
        many=_("ignored webhooks"),
        permission="core.view_webhookdelivery",
        model=WebhookDelivery,
        columns=columns(**_DELIVERY, cause=Value("ignored"), since="received_at"),
        waits=lambda: Q(state=WebhookDelivery.State.IGNORED),
        show=each(_delivery),
        fix=_its_connection,
        explanations={"ignored": _IGNORED},
        acts=(acts.REPLAY,),
        unread=("body", "headers"),
        quiet=True,
    ),
)
