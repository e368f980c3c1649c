"""django-q2 with its defaults on the portal's own database settings, which are kinder to it than Django's defaults.

`orm` and `workers` are what its manual asks everybody to set; as many workers as the portal has.
"""

import os
import warnings

from portal.settings import DATABASES

__all__ = ["DATABASES"]

warnings.filterwarnings("ignore", "Retry and timeout are misconfigured")  # they are: its defaults
SECRET_KEY = os.environ["SECRET_KEY"]
USE_TZ = True
ALLOWED_HOSTS = ["127.0.0.1"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "benchmarks.peer.urls"
INSTALLED_APPS = ["django_q", "benchmarks.rig.counting", "benchmarks.peer.inbox"]
Q_CLUSTER = {"name": "stock", "orm": "default", "workers": 2, "log_level": "ERROR"}
