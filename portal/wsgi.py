import os
import sys

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()

from integrations.core.checks import refuse_if_unsafe  # noqa: E402 — the apps must be loaded first

refuse_if_unsafe()
sys.setswitchinterval(0.001)  # seconds: a webhook that is stored is answered before a page that is being drawn goes on
