"""The environment a production installation needs, with made-up values: all of it, and nothing more."""

from __future__ import annotations

PRODUCTION_ENV = {
    "PORTAL_ENV_FILE": "",
    "PORTAL_ENVIRONMENT": "production",
    "SECRET_KEY": "canary-" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ" * 2,
    "PORTAL_KEYS": "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "ALLOWED_HOSTS": "portal.example.com",
    "PORTAL_BASE_URL": "https://portal.example.com",
}
