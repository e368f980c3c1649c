"""The portal's settings for tests: nothing from a .env file, fixed keys, a fast password hash."""

import os
import tempfile

os.environ["PORTAL_ENV_FILE"] = ""
os.environ["PORTAL_ENVIRONMENT"] = "test"
os.environ["SECRET_KEY"] = "only-for-tests-" + "x" * 40
os.environ["PORTAL_KEYS"] = "k1:" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
os.environ.setdefault("CACHE_DIR", tempfile.mkdtemp(prefix="portal-test-cache-"))
os.environ.setdefault("MARK_FILE", tempfile.mkdtemp(prefix="portal-test-marks-") + "/marks.json")
os.environ.setdefault("STATIC_ROOT", tempfile.mkdtemp(prefix="portal-test-static-"))  # whitenoise warns when absent

from portal.settings import *  # noqa: F403 — the environment must be set first

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
