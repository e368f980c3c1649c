"""The portal's own settings, with the benchmarks' jobs and counters installed beside it."""

from pathlib import Path

import django

from portal.settings import *  # noqa: F403 — the whole of it, as in production
from portal.settings import INSTALLED_APPS, TEMPLATES

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.rig", "benchmarks.rig.counting"]
ROOT_URLCONF = "benchmarks.rig.urls"

# Django's own admin templates, for the changelist that ours is compared with; Unfold's stand before them in the first.
TEMPLATES = [
    *TEMPLATES,
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "NAME": "stock",
        "DIRS": [Path(django.__file__).parent / "contrib" / "admin" / "templates"],
        "OPTIONS": TEMPLATES[0]["OPTIONS"],
    },
]
