"""All settings, from the environment only. Odd values fail loudly at start; docs/settings.md lists the variables."""

import os
import secrets
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """An environment variable that must be one of `allowed`; raises ImproperlyConfigured."""
    value = str(env.str(name, default=default))
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}={value!r} is not allowed; use one of: {', '.join(allowed)}.")
    return value


def kept_secret(name: str) -> str:
    """A secret from the environment, or one made once and kept in VAR_DIR (mode 0600) for machines of one developer."""
    if value := str(env.str(name, default="")):
        return value
    path = VAR_DIR / name.lower()
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text().strip()


# Safe by default: nothing reaches a real person until DELIVERY=live.
DELIVERY = choice("DELIVERY", "sandbox", ("sandbox", "live"))
ENVIRONMENT = choice("ENVIRONMENT", "development", ("development", "staging", "production"))
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = kept_secret("SECRET_KEY")
# Encrypts credentials of channel accounts, and keys the address hashes of the suppression list. Losing it loses both.
FIELD_KEY = kept_secret("FIELD_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# The address under which contacts reach this site: links in messages are made of it.
BASE_URL = env.str("BASE_URL", default="http://localhost:8000").rstrip("/")
if not BASE_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured(f"BASE_URL={BASE_URL!r} must start with http:// or https://.")
if ENVIRONMENT == "production" and not os.environ.get("SECRET_KEY"):
    raise ImproperlyConfigured("ENVIRONMENT=production needs SECRET_KEY and FIELD_KEY in the environment.")

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.guardian",
    "unfold.contrib.simple_history",
    "config.site.WaymarkAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "knox",
    "django_filters",
    "django_q",
    "simple_history",
    "guardian",
    "anymail",
    "csp",
    "config",
    "contacts",
    "channels",
    "compliance",
    "journeys",
    "analytics",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.reader.ReaderTimeZone",
    "simple_history.middleware.HistoryRequestMiddleware",
    "compliance.chain.viewing.PersonalViews",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

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
            ]
        },
    }
]

# -- database: SQLite (WAL) unless DATABASE_URL names a PostgreSQL ------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'waymark.sqlite3'}")
}
_database = DATABASES["default"]
_database["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=600)
if _database["ENGINE"] == "django.db.backends.sqlite3":
    # Measured under worker + web: with SQLite's own defaults 7 % of writes failed as "locked", with these none.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; PRAGMA mmap_size=268435456",
    }
elif _database["ENGINE"] == "django.db.backends.postgresql":
    _database["CONN_HEALTH_CHECKS"] = True
else:
    raise ImproperlyConfigured(f"DATABASE_URL names {_database['ENGINE']}; Waymark runs on PostgreSQL and SQLite.")

# -- tasks: django-q2 is a doorbell, the work lies in our rows (config/pumps.py) ---------------------------------------

BROKER_URL = env.str("BROKER_URL", default="")
if BROKER_URL and not BROKER_URL.startswith(("redis://", "rediss://", "unix://")):
    raise ImproperlyConfigured(
        f"BROKER_URL={BROKER_URL!r} must be a redis:// address, or empty for the database broker."
    )

WORKERS = env.int("WORKERS", default=2)
if WORKERS < 2:
    raise ImproperlyConfigured("WORKERS must be at least 2: a cluster of one can hang when it is stopped under load.")

Q_CLUSTER = {
    # The private queue of this machine's worker: config/queue.py tells why.
    "name": env.str("WORKER_QUEUE", default=socket.gethostname()),
    "workers": WORKERS,
    "recycle": 5000,
    "timeout": 300,
    # Counted from prefetch: must stay far above timeout × queue length, else queued tasks run twice.
    "retry": 3600,
    "queue_limit": 2 * WORKERS,
    "bulk": 1,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": 250,
    "catch_up": False,
    "poll": 0.2,
    "guard_cycle": 2,
    "log_level": env.str("LOG_LEVEL", default="WARNING"),
    **({"redis": BROKER_URL} if BROKER_URL else {"orm": "default"}),
}

CACHES = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": BROKER_URL}
        if BROKER_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

# -- people and permissions --------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "config.permissions.backend.ObjectPermissions",
]
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]  # it misses its own backend; ours stands in for it and reads the same rows
ANONYMOUS_USER_NAME = None
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BASE_URL.startswith("https://")
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"

# Unfold's Alpine needs unsafe-eval and its components unsafe-inline styles; everything else stays strict.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-eval'", "'unsafe-inline'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'", "data:"],
        "frame-src": ["'self'"],
        "frame-ancestors": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
    }
}

# -- language and time -------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = ["config.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# -- files -------------------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns of a missing one at each start
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
WHITENOISE_USE_FINDERS = True

# -- channels ----------------------------------------------------------------------------------------------------------

# Where e-mail goes while DELIVERY=sandbox: the mail sandbox that `manage.py sandbox` serves.
SANDBOX_SMTP = env.str("SANDBOX_SMTP", default="smtp://127.0.0.1:1025")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="waymark@localhost")
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
# Mails to the staff (reviews that wait ...): smtp://user:password@host:587?tls=True; in the sandbox they are caught as well.
STAFF_MAIL = env.str("STAFF_MAIL", default=SANDBOX_SMTP if DELIVERY == "sandbox" else "")
if STAFF_MAIL:
    _staff = env.email_url_config(STAFF_MAIL)
    EMAIL_HOST, EMAIL_PORT = _staff["EMAIL_HOST"], _staff["EMAIL_PORT"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _staff["EMAIL_HOST_USER"] or "", _staff["EMAIL_HOST_PASSWORD"] or ""
    EMAIL_USE_TLS, EMAIL_USE_SSL = _staff.get("EMAIL_USE_TLS", False), _staff.get("EMAIL_USE_SSL", False)
# How many provider calls one worker makes at once, per account.
SEND_CONCURRENCY = env.int("SEND_CONCURRENCY", default=32)

# -- ingest and API ----------------------------------------------------------------------------------------------------

# Requests per minute and write key; 0 means no limit.
INGEST_RATE = env.int("INGEST_RATE", default=0)
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "config.uploads.Quota",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "config.api.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["config.api.ScopedPermissions"],
    "DEFAULT_PAGINATION_CLASS": "config.api.Pages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.api.JsonAnyway",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
KNOX_TOKEN_MODEL = "config.ApiToken"  # noqa: S105 (the name of a model)
REST_KNOX = {"TOKEN_TTL": timedelta(days=365), "TOKEN_PREFIX": "wm_", "AUTH_HEADER_PREFIX": "Bearer"}
SPECTACULAR_SETTINGS = {
    "TITLE": "Waymark API",
    "DESCRIPTION": "Contacts, content and its reviews, journeys, enrolments and messages. Events come in through `/v1/`, in the shape of Segment's HTTP API.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api",
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "config.schema.refusals"],
    "ENUM_NAME_OVERRIDES": {
        "ConsentStateEnum": "contacts.models.Consent.State",
        "MessageStateEnum": "channels.models.Message.State",
        "JourneyStateEnum": "journeys.models.Journey.State",
        "EnrolmentStateEnum": "journeys.models.Enrolment.State",
        "AddressKindEnum": "contacts.models.Address.Kind",
        "ReviewStateEnum": "compliance.models.Review.State",
        "ContentStateEnum": "channels.models.TemplateVersion.State",
        "DesignStateEnum": "journeys.models.Version.State",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname:7} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING")},
    "loggers": {"waymark": {"level": env.str("LOG_LEVEL", default="INFO")}},
}

from config.sidebar import UNFOLD  # noqa: E402, F401  (a long literal with a file of its own)
