"""A click and a webhook as they are taken with a task queue: the view puts the work in and answers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django_q.tasks import async_task

from benchmarks.peer.inbox.views import webhook


def click(request: HttpRequest) -> HttpResponse:
    async_task("benchmarks.peer.tasks.call", request.GET["url"])
    return HttpResponse("queued")


urlpatterns = [path("click", click), path("webhook", webhook)]
