"""The way back: from a call, a job, a webhook or an audit entry to the timeline of the record it was about.

Who may see the one may see that there is the other; each page guards itself.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from integrations.core import registry
from integrations.core.models import ApiCall, RecordLink, Stream, SyncRun, WebhookDelivery

MOST = 5  # records of one job that are named


class Way(NamedTuple):
    """A record and the page of its timeline."""

    name: str
    url: str


def of_name(name: str) -> list[Way]:
    """By our own name of it, such as `run:17`; none for what has no page."""
    kind, _, number = name.partition(":")
    pages = {"pair": "admin:core_recordlink_change"}
    for declared in registry.kinds():
        pages |= declared.pages
    if kind not in pages or not (number.isascii() and number.isdecimal()):
        return []
    return [Way(name, reverse(pages[kind], args=[number]))]


def of_entry(stream: Stream, record_id: str) -> Way:
    """By what a stream calls it."""
    asked = urlencode({"stream": stream.slug, "id": record_id})
    name = f"{stream.object_type} {record_id}".strip()
    return Way(name, f"{reverse('admin:core_integration_record', args=[stream.integration_id])}?{asked}")


def of_call(call: ApiCall) -> list[Way]:
    if call.in_hand and call.run_id:
        run = SyncRun.objects.filter(pk=call.run_id).select_related("stream").first()
        if run is not None:
            return [of_entry(run.stream, call.in_hand)]
    return of_name(call.record)


def of_job(job_id: int) -> list[Way]:
    """What the job's runs looked at; of a job without runs, what its calls were about."""
    runs = SyncRun.objects.filter(job_id=job_id).exclude(record_id="").select_related("stream")
    found = {of_entry(run.stream, run.record_id) for run in runs.order_by("-pk")[:MOST]}
    if not found:
        calls = ApiCall.objects.filter(job_id=job_id).exclude(record="").order_by()
        names = calls.values_list("record", flat=True).distinct()[: MOST * 4]
        found = {way for name in names for way in of_name(name)}
    return sorted(found)[:MOST]


def of_delivery(delivery: WebhookDelivery) -> list[Way]:
    """What was looked at because of it; of one that led to no look, the pairs that its subject is a half of."""
    found = of_job(delivery.job_id) if delivery.job_id else []
    return found or [way for link in _pairs_of(delivery) for way in of_name(f"pair:{link.pk}")]


def _pairs_of(delivery: WebhookDelivery) -> list[RecordLink]:
    object_type, _, record_id = delivery.subject.partition(":")
    kinds = {kind.slug: {role.name: role.side for role in kind.roles} for kind in registry.kinds()}
    found: list[RecordLink] = []
    for played in delivery.connection.roles.select_related("integration"):
        side = kinds.get(played.integration.kind, {}).get(played.role, "")
        if side and record_id:
            rows = RecordLink.objects.filter(integration=played.integration_id, object_type=object_type)
            found += rows.filter(**{f"{side}_id": record_id})[:MOST]
    return found[:MOST]


def links_of(stream: Stream, record_id: str) -> list[RecordLink]:
    """The links of a record as a stream calls it, newest first; replaced ones only where there is no other."""
    rows = RecordLink.objects.filter(integration=stream.integration_id).select_related("integration__client")
    if stream.object_type:
        rows = rows.filter(object_type=stream.object_type)
    sides = [stream.side] if stream.side else ["left", "right"]
    found = {link.pk: link for side in sides for link in rows.filter(**{f"{side}_id": record_id})[:MOST]}
    newest = sorted(found.values(), key=lambda link: -link.pk)
    return [link for link in newest if link.state != RecordLink.State.REPLACED] or newest[:1]
