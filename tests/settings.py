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
# Single sign-on is on, so that its pages are looked at like all others; not in the processes that tests start.
_SINGLE_SIGN_ON = {
    "OIDC_ISSUER": "http://127.0.0.1:9",
    "OIDC_CLIENT_ID": "portal",
    "OIDC_CLIENT_SECRET": "only-for-tests-secret",
    "OIDC_LABEL": "Example Corp",
}
os.environ |= _SINGLE_SIGN_ON

from portal.settings import *  # noqa: E402, F403 — the environment must be set first

for name in _SINGLE_SIGN_ON:
    del os.environ[name]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True  # a file is looked for when it is asked for, not all of them for the browser of each test
