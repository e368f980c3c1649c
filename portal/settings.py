"""Settings, all from the environment; safe by default.

`PORTAL_ENVIRONMENT` is `production` unless said otherwise. What production lacks is collected in `SETTINGS_PROBLEMS`;
`manage.py check` explains each one, and web and queue refuse to start while there is any.
"""

from __future__ import annotations

import math
import os
import secrets
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import environ

from portal.page_policy import ADMIN_CONTENT_SECURITY_POLICY as ADMIN_CONTENT_SECURITY_POLICY
from portal.page_policy import CONTENT_SECURITY_POLICY as CONTENT_SECURITY_POLICY
from portal.theme import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env_file = os.environ.get("PORTAL_ENV_FILE", str(BASE_DIR / ".env"))
if env_file and Path(env_file).is_file():
    env.read_env(env_file)

ENVIRONMENT: str = env.str("PORTAL_ENVIRONMENT", default="production")
PRODUCTION = ENVIRONMENT == "production"
DEBUG = env.bool("DEBUG", default=False) and not PRODUCTION
SETTINGS_PROBLEMS: list[tuple[str, str]] = []  # (setting, what to do), shown by `manage.py check`


def required(name: str, hint: str, *, default: Any) -> Any:
    """Note a problem when production lacks this setting; return the harmless default so that checks can still run."""
    if PRODUCTION:
        SETTINGS_PROBLEMS.append((name, hint))
    return default


# --- keys and hosts ---------------------------------------------------------------------------------------------------

SECRET_KEY: str = env.str("SECRET_KEY", default="") or required(
    "SECRET_KEY", "set it to a long random string (50 characters or more)", default=secrets.token_urlsafe(50)
)
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
PORTAL_KEYS: list[str] = env.list("PORTAL_KEYS", default=[]) or required(
    "PORTAL_KEYS",
    "set it to id:key pairs that encrypt the stored credentials; make one with `manage.py rotate_keys --new-key`",
    default=[],
)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[]) or required(
    "ALLOWED_HOSTS", "set it to the host names people use, comma separated", default=["localhost", "127.0.0.1", "[::1]"]
)
PORTAL_BASE_URL: str = env.str("PORTAL_BASE_URL", default="") or required(
    "PORTAL_BASE_URL",
    "set it to the address people use, for example https://portal.example.com",
    default=f"http://127.0.0.1:{env.int('PORT', default=8000)}",
)
if PRODUCTION and PORTAL_BASE_URL and not PORTAL_BASE_URL.startswith("https://"):
    SETTINGS_PROBLEMS.append(("PORTAL_BASE_URL", "must start with https:// in production"))
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[PORTAL_BASE_URL])

# --- error reports ----------------------------------------------------------------------------------------------------

SENTRY_DSN: str = env.str("SENTRY_DSN", default="")  # empty: nothing is reported

# --- https ------------------------------------------------------------------------------------------------------------

HTTPS: bool = env.bool("HTTPS", default=PRODUCTION)
if PRODUCTION and not HTTPS:
    SETTINGS_PROBLEMS.append(("HTTPS", "must not be switched off in production; put a TLS proxy in front"))
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31536000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
TRUSTED_PROXIES: int = env.int("TRUSTED_PROXIES", default=0)  # how many proxies of ours stand in front
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- apps -------------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # the plain name would put its own admin site in place of ours
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "portal.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_q",
    "crispy_forms",
    "import_export",
    "simple_history",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "csp",
    "integrations.core",
    # one line per integration
    "integrations.backup_tickets",
    "integrations.toga_togadesk",
    "integrations.freshservice_toga",
    "integrations.itop_bridge",
    "integrations.advoware_espocrm",
    "integrations.demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "integrations.core.webhooks.door.DoorMiddleware",  # before what is only for people
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "integrations.core.middleware.AdminPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "integrations.core.middleware.SessionLimitsMiddleware",
    "integrations.core.middleware.TwoFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- data -------------------------------------------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'portal.sqlite3'}")}
DATABASES["default"]["CONN_MAX_AGE"] = 600
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",  # a deferred transaction that turns into a writer cannot wait
        # FULL: what was acknowledged survives a power cut
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=20000;",
    }
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",  # shared by web and queue on one machine
        "LOCATION": env.str("CACHE_DIR", default=str(BASE_DIR / "var" / "cache")),
    },
    "nowhere": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}
# What this machine remembers of its databases, so that one put back from a backup is noticed; never in a backup itself.
MARK_FILE = env.str("MARK_FILE", default=str(BASE_DIR / "var" / "marks.json"))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people -----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", default=12) * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "portal_session"
CSRF_COOKIE_NAME = "portal_csrf"
CSRF_COOKIE_HTTPONLY = True

# One language for the whole installation, so that pages, mails and what is stored agree (docs/development.md).
LANGUAGE_CODE = env.str("PORTAL_LANGUAGE", default="en")
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
FORMAT_MODULE_PATH = ["portal.formats"]
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True

# --- pages ------------------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles") if PRODUCTION else None)
GUIDES = BASE_DIR / "docs"  # the guides, which pages link to; their pictures are static files
STATICFILES_DIRS = [BASE_DIR / "static", ("guides", GUIDES / "images")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "integrations.core.static_files.HashedFiles" if PRODUCTION else "integrations.core.static_files.PlainFiles"
        )
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
CRISPY_TEMPLATE_PACK = "unfold_crispy"
CRISPY_ALLOWED_TEMPLATE_PACKS = ["unfold_crispy"]
FORMS_URLFIELD_ASSUME_HTTPS = True

# --- web --------------------------------------------------------------------------------------------------------------

PORT: int = env.int("PORT", default=8000)
BIND_ADDRESS: str = env.str("BIND_ADDRESS", default="127.0.0.1")  # the image says 0.0.0.0
WEB_WORKERS: int = env.int("WEB_WORKERS", default=2)
WEB_THREADS: int = env.int("WEB_THREADS", default=8)
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")  # empty: /metrics is closed

WEBHOOK_MAX_BYTES: int = env.int("WEBHOOK_MAX_BYTES", default=1_000_000)  # of a call's body
WEBHOOK_SECONDS: float = 10.0  # that a call's body may take to arrive

# --- jobs (django-q2; the arithmetic is explained in docs/decisions.md) -----------------------------------------------

QUEUE_WORKERS: int = env.int("QUEUE_WORKERS", default=2)
QUEUE_TIMEOUT = 120
Q_CLUSTER = {
    "name": "portal",
    "orm": "default",
    "workers": QUEUE_WORKERS,
    "timeout": QUEUE_TIMEOUT,
    "retry": (math.ceil(2 / QUEUE_WORKERS) + 1) * (QUEUE_TIMEOUT + 3) + 30,
    "max_attempts": 5,
    "ack_failures": False,
    "queue_limit": 1,
    "bulk": 1,
    "poll": 1,  # seconds an idle queue sleeps; nobody who clicks waits for it
    "guard_cycle": 1,
    "cache": "nowhere",  # its status, written every second; our heartbeats tell
    "recycle": 200,
    "max_rss": 400_000,
    "save_limit": 0,
    "catch_up": False,
    "label": "Task queue",
}

# --- how long what is kept (days; the audit trail and ticket links are kept for good) ---------------------------------

API_CALL_DAYS: int = env.int("API_CALL_DAYS", default=30)
WEBHOOK_DAYS: int = env.int("WEBHOOK_DAYS", default=30)
JOB_DAYS: int = env.int("JOB_DAYS", default=30)
FIGURE_DAYS: int = env.int("FIGURE_DAYS", default=90)
SIGN_IN_DAYS: int = env.int("SIGN_IN_DAYS", default=90)
ALERT_DAYS: int = env.int("ALERT_DAYS", default=180)  # after they were over

# --- mail and alerts --------------------------------------------------------------------------------------------------

_EMAIL_URL: str = env.str("EMAIL_URL", default="")
MAIL_IS_SET_UP = bool(_EMAIL_URL) or not PRODUCTION  # elsewhere mails are written to the console, and go nowhere
globals().update(env.email_url_config(_EMAIL_URL or "consolemail://"))
EMAIL_TIMEOUT = 10  # seconds that a mail server may take for a step
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default="portal@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
ALERT_REMIND_HOURS: int = env.int("ALERT_REMIND_HOURS", default=24)  # of what is open and nobody looks after
ALERT_MESSAGES_PER_HOUR: int = env.int("ALERT_MESSAGES_PER_HOUR", default=12)  # that one channel gets at most

# --- what the processes say (stderr, a line per event) ----------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"said_by_the_supervisor": {"()": "integrations.core.supervision.noise.KnownEnds"}},
    "formatters": {"line": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "portal": {"level": env.str("LOG_LEVEL", default="INFO")},
        "django.request": {"level": "ERROR"},  # a 404 or a refused page is no event of ours
        # Our supervisor and jobs say what matters. Killed processes, which it calls critical, are among that.
        "django-q": {"level": "ERROR", "filters": ["said_by_the_supervisor"]},
        "axes": {"level": "ERROR"},
    },
}

# --- sign-in: lock-out (axes), second factor (otp), sessions ----------------------------------------------------------

AXES_FAILURE_LIMIT = 5
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # or others could keep somebody out for ever
AXES_CLIENT_IP_CALLABLE = "integrations.core.login.client_ip"
AXES_LOCKOUT_CALLABLE = "integrations.core.login.locked_out"
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False  # our own pages show the attempts

OTP_TOTP_ISSUER = "Integration portal"
TWO_FACTOR_ROLES: list[str] = env.list("TWO_FACTOR_ROLES", default=[])  # roles that must have a second factor
SESSION_IDLE_SECONDS: int = env.int("SESSION_IDLE_MINUTES", default=120) * 60

# --- single sign-on by OpenID Connect: an optional extra, off unless it is set ----------------------------------------

OIDC_ISSUER: str = env.str("OIDC_ISSUER", default="")  # the name the provider calls itself by, to the letter
OIDC_LABEL: str = env.str("OIDC_LABEL", default="your company's account")
OIDC_ROLE_CLAIM: str = env.str("OIDC_ROLE_CLAIM", default="")  # empty: roles are given here
OIDC_ROLES: dict[str, str] = env.dict("OIDC_ROLES", default={})  # what the claim says → a role of the portal
OIDC_MAKE_PEOPLE: bool = env.bool("OIDC_MAKE_PEOPLE", default=False)  # whom nobody added; without a role
OIDC_SECOND_FACTOR: bool = env.bool(
    "OIDC_SECOND_FACTOR", default=False
)  # the provider asks for it, so the portal need not
OIDC_ID = "oidc"
SINGLE_SIGN_ON = bool(OIDC_ISSUER) and find_spec("allauth") is not None
if OIDC_ISSUER and not SINGLE_SIGN_ON:
    SETTINGS_PROBLEMS.append(
        ("OIDC_ISSUER", "needs more packages: pip install --require-hashes -r requirements-sso.lock")
    )
if SINGLE_SIGN_ON:
    INSTALLED_APPS = [
        "allauth",
        "allauth.account",
        "allauth.socialaccount",
        "allauth.socialaccount.providers.openid_connect",
        *INSTALLED_APPS,  # ours come later, and take back its admin pages
    ]
    MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]
    ACCOUNT_EMAIL_VERIFICATION = "none"  # of the library's own flows nothing is used but the talk with the provider
    SOCIALACCOUNT_ADAPTER = "integrations.core.single_sign_on.pages.SocialAdapter"
    SOCIALACCOUNT_LOGIN_ON_GET = True  # a link; a form may post to no other origin
    SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "provider_class": "integrations.core.single_sign_on.provider.StrictProvider",
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": OIDC_ID,
                    "name": OIDC_LABEL,
                    "client_id": env.str("OIDC_CLIENT_ID", default=""),
                    "secret": env.str("OIDC_CLIENT_SECRET", default=""),
                    "settings": {"server_url": OIDC_ISSUER},
                }
            ],
        }
    }
    for _name in ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"):
        if not env.str(_name, default=""):
            SETTINGS_PROBLEMS.append((_name, "set it to what the provider gave you for the portal"))
    for _role in sorted(set(OIDC_ROLES.values()) - {"Admin", "Operator", "Reporter"}):
        SETTINGS_PROBLEMS.append(("OIDC_ROLES", f"{_role} is no role of the portal: Admin, Operator or Reporter"))
    if PRODUCTION and not OIDC_ISSUER.startswith("https://"):
        SETTINGS_PROBLEMS.append(("OIDC_ISSUER", "must start with https:// in production"))
