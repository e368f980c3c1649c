"""The doors for other programs."""

from django.urls import path

from .api import posting, reading

urlpatterns = [
    path("api/v1/runs", posting.runs, name="api_runs"),
    path("api/v1/links", reading.links, name="api_links"),
    path("api/v1/openapi.json", posting.description, name="api_openapi"),
]
