"""The doors for backup products."""

from django.urls import path

from . import api

urlpatterns = [
    path("api/v1/runs", api.runs, name="api_runs"),
    path("api/v1/openapi.json", api.description, name="api_openapi"),
]
