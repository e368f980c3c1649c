"""Doors for machines: does the web answer, can the portal work, and figures for a monitoring system."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Max, Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .models import ApiCall, Connection, Heartbeat, Job
from .running import due

BEAT_WITHIN = timedelta(seconds=60)
LATE_AFTER = timedelta(minutes=5)  # a due job that nobody took for so long
QUEUE = "queue"


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The web process answers; nothing else is looked at."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """`{"ready": bool, "checks": {name: "ok" or what is wrong}}`; 200 when all are ok, else 503."""
    checks = {"database": "does not answer"}
    try:
        checks = {"database": "ok", "migrations": _migrations(), "queue": _queue(), "jobs": _jobs()}
    except DatabaseError:
        connection.close()
    ready = set(checks.values()) == {"ok"}
    return JsonResponse({"ready": ready, "checks": checks}, status=200 if ready else 503)


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    lacking = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return f"{lacking} are not applied" if lacking else "ok"


def _queue() -> str:
    """Any queue will do: jobs of a host that is gone are taken over by the others."""
    newest = Heartbeat.objects.filter(role=QUEUE).aggregate(newest=Max("beat_at"))["newest"]
    if newest is None:
        return "no queue has ever run"
    silent = timezone.now() - newest
    return "ok" if silent < BEAT_WITHIN else f"no sign of life for {_span(silent)}"


def _jobs() -> str:
    waiting = _oldest_due()
    return "ok" if waiting < LATE_AFTER else f"the oldest due one has waited for {_span(waiting)}"


def _oldest_due() -> timedelta:
    oldest = due().order_by("not_before").values_list("not_before", flat=True).first()
    return timezone.now() - oldest if oldest else timedelta()


def _span(span: timedelta) -> str:
    return f"{span.total_seconds():,.0f} s"


# --- metrics ----------------------------------------------------------------------------------------------------------

Sample = tuple[dict[str, str], float]


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures in Prometheus' text format, for who sends `Authorization: Bearer METRICS_TOKEN`; else 404 or 401."""
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        return HttpResponse("a bearer token is needed\n", status=401, headers={"WWW-Authenticate": "Bearer"})
    families = (
        ("portal_jobs", "Jobs by state and kind; finished ones of the last hour.", _job_counts()),
        ("portal_oldest_due_job_seconds", "How long the oldest due job has waited.", _one(_oldest_due())),
        ("portal_heartbeat_age_seconds", "Since the last sign of life, by host.", _heartbeats()),
        ("portal_vendor_calls", "Logged calls of the last hour, by connection and outcome.", _calls()),
        ("portal_connection_ok", "1 when the connection's last call went well, else 0.", _connections()),
        ("portal_webhooks_ok", "0 when the connection's webhooks have stopped, else 1.", _webhooks()),
    )
    lines = [line for family in families for line in _family(*family)]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")


def _family(name: str, what: str, samples: Iterator[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {what}"
    yield f"# TYPE {name} gauge"
    for labels, value in samples:
        shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{name}{{{shown}}} {value:g}" if shown else f"{name} {value:g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _one(span: timedelta) -> Iterator[Sample]:
    yield {}, span.total_seconds()


def _job_counts() -> Iterator[Sample]:
    recent = Q(finished_at__isnull=True) | Q(finished_at__gte=timezone.now() - timedelta(hours=1))
    counted = Job.objects.filter(recent).values_list("state", "kind").annotate(count=Count("pk")).order_by()
    for state, kind, count in counted:
        yield {"state": state, "kind": kind}, count


def _heartbeats() -> Iterator[Sample]:
    now = timezone.now()
    for beat in Heartbeat.objects.all():
        yield {"host": beat.host, "role": beat.role}, (now - beat.beat_at).total_seconds()


def _calls() -> Iterator[Sample]:
    recent = ApiCall.objects.filter(at__gte=timezone.now() - timedelta(hours=1))
    failed = Q(status__isnull=True) | Q(status__gte=400)
    counted = recent.values_list("connection__slug").annotate(all=Count("pk"), bad=Count("pk", filter=failed))
    for slug, count, bad in counted.order_by():
        yield {"connection": slug or "", "outcome": "ok"}, count - bad
        yield {"connection": slug or "", "outcome": "failed"}, bad


def _connections() -> Iterator[Sample]:
    for slug, health in Connection.objects.values_list("slug", "health"):
        yield {"connection": slug}, float(health == Connection.Health.OK)


def _webhooks() -> Iterator[Sample]:
    sending = Connection.objects.exclude(webhook_digest="")
    for slug, trouble in sending.values_list("slug", "webhook_trouble"):
        yield {"connection": slug}, float(not trouble)
