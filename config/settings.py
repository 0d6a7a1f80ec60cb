"""All settings. Every value that differs between machines comes from the environment, typed here;
without any environment the embedded services of `config.embedded` are used."""

import logging
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONCE, NONE, SELF, UNSAFE_INLINE
from django.utils.translation import gettext_lazy as _

from organization.logs.lines import logging_config

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
DATABASE_URL = env.str("DATABASE_URL", "")
LOCAL_DIR = Path(env.str("HUIYAN_LOCAL_DIR", str(BASE_DIR / ".local")))


def _local_secret(name: str, make: Callable[[], str] = secrets.token_hex) -> str:
    """A secret from the environment; on a laptop, one made once and kept in `.local/`."""
    value = str(env.str(name, ""))
    if value:
        return value
    if DATABASE_URL:
        raise environ.ImproperlyConfigured(
            f"Set {name}: a real database must not depend on a file in .local/."
        )
    path = LOCAL_DIR / "secrets" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Written aside and linked, so that of two processes that start at once both read one value.
        draft = path.with_name(f"{name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(make())
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text()


def _readable_code() -> str:
    """Four times four signs, none of which is mistaken for another."""
    signs = [secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _place in range(16)]
    return "-".join("".join(signs[start : start + 4]) for start in range(0, 16, 4))


def broker_url(redis_url: str) -> str:
    """The same server in Celery's spelling."""
    return redis_url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise environ.ImproperlyConfigured(f"The package {name} is missing: run `make setup`.")
    return Path(spec.origin).parent


SECRET_KEY = _local_secret("SECRET_KEY")
# 64 hexadecimal digits: the key of encrypted personal data and of its look-up index.
FIELD_KEY = _local_secret("FIELD_KEY")
# Asked for by the first-run set-up; where it is empty nobody can go through it.
SETUP_CODE = env.str("SETUP_CODE", "") if DATABASE_URL else _local_secret("SETUP_CODE", _readable_code)
# Keys that came before it, only while values they sealed are left: see `manage.py rotate_keys`.
OLD_FIELD_KEYS = env.list("OLD_FIELD_KEYS", default=[])
DEBUG = env.bool("DEBUG", False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "config.apps.SupportConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "organization",
    "members",
    "sales",
    "segmentation",
    "campaigns",
    "dashboards",
    "demo",
]
MIDDLEWARE = [
    "organization.health.probes",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "organization.logs.requests.one_line_per_request",
    "django.middleware.security.SecurityMiddleware",
    "config.headers.permissions_policy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "organization.company.local_time",
    "organization.first_run.lead_to_setup",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "organization.logs.requests.who_asks",
    "organization.account.middleware.LoggedInMiddleware",
    "organization.access.private_pages",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "organization.account.middleware.keep_session_alive",
    "organization.account.middleware.SecondFactorMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # No APP_DIRS: a log-in page of ours that is missing must fail, not fall back on allauth's own.
        "DIRS": [BASE_DIR / "templates", _package("django.contrib.admin") / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboards.navigation.navigation",
            ],
        },
    }
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

if DATABASE_URL:
    DATABASES = {"default": env.db_url_config(DATABASE_URL)}
    REDIS_URL = env.str("REDIS_URL")
else:
    from config import embedded

    DATABASES = {"default": env.db_url_config(embedded.database_url(env.str("HUIYAN_DB", "huiyan")))}
    REDIS_URL = embedded.redis_url(env.int("HUIYAN_REDIS_DB", 0))
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
# How long a job may go on after its worker is told to stop, before it is handed to the next one.
# supervisord.conf and docker-compose.yml must leave a worker more time than this.
WORKER_GRACE_SECONDS = env.int("WORKER_GRACE_SECONDS", 10)
CELERY_BROKER_URL = broker_url(REDIS_URL)
# A job whose holder has not been heard of for so long is free for another worker. With the tick of
# config/celery.py that is the longest wait after a kill.
JOB_LEASE_SECONDS = env.float("JOB_LEASE_SECONDS", 45.0)

AUTH_USER_MODEL = "organization.Staff"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "organization.account.passwords.LengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 4 * 3600
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
DEMO_LOGINS = env.bool("HUIYAN_DEMO", False)  # The log-in page lists the demo's accounts.
# An admin without a second factor can do nothing but set one up; never asked for in the demo.
MFA_REQUIRED = env.bool("MFA_REQUIRED", True)

# Log-in is django-allauth's; organization/account/ has what differs. See docs/decisions/0013.
ACCOUNT_ADAPTER = "organization.account.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_EMAIL_VERIFICATION = "none"  # Addresses come from admins.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60
ACCOUNT_FORMS = {
    "login": "organization.account.forms.LogInForm",
    "reauthenticate": "organization.account.forms.PasswordAgainForm",
    "change_password": "organization.account.forms.PasswordChangeForm",
    "reset_password": "organization.account.forms.PasswordForgottenForm",
    "reset_password_from_key": "organization.account.forms.PasswordNewForm",
}
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    # "key" is account and address together (adapters.py), or the account whose code is asked for.
    "login_failed": "30/15m/ip,5/15m/key",
    "reauthenticate": "10/m/user",
    "change_password": "10/m/user",
    "reset_password": "10/h/ip,3/h/key",
    "reset_password_from_key": "20/m/ip",
    "setup_code": "20/15m/ip",
}
# How many proxies of ours stand in front and add to X-Forwarded-For; what else is in it is forged.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", 0)
MFA_ADAPTER = "organization.account.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "organization.account.forms.CodeForm",
    "reauthenticate": "organization.account.forms.CodeAgainForm",
    "activate_totp": "organization.account.forms.SecondFactorForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Huiyan"
MFA_TOTP_TOLERANCE = 1  # Clocks of phones are half a minute off.
MFA_ALLOW_UNVERIFIED_EMAIL = True

SESSION_COOKIE_AGE = 12 * 3600  # From the last visit: organization/account/middleware.py.
# True: an admin's session ends when the browser is closed.
ADMIN_SESSION_ENDS_WITH_BROWSER = env.bool("ADMIN_SESSION_ENDS_WITH_BROWSER", False)

EMAIL_URL = env.str("EMAIL_URL", "")  # smtp+tls://user:password@host:587
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "huiyan@localhost")
EMAIL_TIMEOUT = 20
if EMAIL_URL:
    vars().update(env.email_url_config(EMAIL_URL))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = Path(env.str("MAIL_DIR", str(LOCAL_DIR / "mail")))

LANGUAGE_CODE = env.str("LANGUAGE_CODE", "en")
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "config.formats"
# Where no company has been set up: its time zone, and that of tools; each store has its own.
TIME_ZONE = env.str("TIME_ZONE", "Asia/Shanghai")
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

HTTPS = env.bool("HTTPS", False)  # True behind a TLS proxy that sets X-Forwarded-Proto.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
# A name that begins so is taken from this host only, over TLS only.
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrftoken"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# For all names below this one too: only the owner of the domain knows whether they have TLS.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", False)
SECURE_SSL_REDIRECT = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        # Plotly positions its hover boxes with style attributes; elements still need the nonce.
        "style-src-attr": [UNSAFE_INLINE],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

STATIC_URL = "static/"
STATIC_ROOT = LOCAL_DIR / "static"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("vendor/plotly", _package("plotly") / "package_data"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = Path(env.str("UPLOAD_DIR", str(LOCAL_DIR / "uploads")))
FILE_UPLOAD_PERMISSIONS = 0o600
# How long after its import an uploaded file and the rows set aside are kept.
RETENTION_DAYS = env.int("RETENTION_DAYS", 30)
FILE_UPLOAD_HANDLERS = ["organization.uploads.SealingUploadHandler"]  # Nothing plain on the disk.

# What the first-run set-up asks for; these count until it has been answered (organization/company.py).
MINIMUM_AGE = env.int("MINIMUM_AGE", 18)
SENDER_NAME = env.str("SENDER_NAME", "Huiyan demo chain")
# How long a link to a member's own page opens it, and whom that page says to ask; "": at the counter.
MEMBER_LINK_DAYS = env.int("MEMBER_LINK_DAYS", 14)
PRIVACY_CONTACT = env.str("PRIVACY_CONTACT", "")
CURRENCY_SIGN = env.str("CURRENCY_SIGN", "¥")

# Who brings this bearer token may read /metrics; without one nobody may.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")

DEFAULT_EXCEPTION_REPORTER_FILTER = "config.quiet.NothingShown"
# In production a line of JSON for each request and each job; on a laptop only what went wrong.
LOGGING = logging_config(
    is_json=env.str("LOG_FORMAT", "json" if DATABASE_URL else "console") == "json",
    level=env.str("LOG_LEVEL", "INFO" if DATABASE_URL else "WARNING"),
    filters=("config.quiet.PlacesOnly", "organization.redaction.SecretPaths"),
)
DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = logging.DEBUG  # It would be one line for each tick.
