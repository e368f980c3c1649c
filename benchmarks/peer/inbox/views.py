from __future__ import annotations

import hashlib
import os

from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django_q.tasks import async_task

from .models import Received


@csrf_exempt
def webhook(request: HttpRequest) -> HttpResponse:
    if not constant_time_compare(request.headers.get("X-Webhook-Secret", ""), os.environ["BENCHMARK_SECRET"]):
        return HttpResponse(status=401)
    digest = hashlib.sha256(request.body).hexdigest()
    row, is_new = Received.objects.get_or_create(digest=digest, defaults={"event": "ticket", "body": request.body})
    if is_new:
        async_task("benchmarks.peer.tasks.nothing", row.pk)
    return HttpResponse(status=202)
