from portal.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "toy"]  # noqa: F405
