from django.urls import path

from . import health
from .webhooks import door

app_name = "core"
urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("webhooks/<slug:owner>/<slug:slug>/<slug:event>", door.webhook, name="webhook"),
]
