"""The settings of a portal in processes of its own, with the kind of integration whose jobs these tests watch."""

from tests.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.core.supervision.works"]  # noqa: F405
QUEUE_TIMEOUT = 5  # seconds; who is asked to end gets ten more
