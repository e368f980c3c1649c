"""The settings of a portal in processes of its own, with the vendor that sends pigeons and who heeds them."""

from tests.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.core.webhooks.loft"]  # noqa: F405
QUEUE_TIMEOUT = 5  # seconds; who is asked to end gets ten more
