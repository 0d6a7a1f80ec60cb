"""With the settings of production Django finds nothing to complain about, and no header is missing."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

SECRET = "".join(f"{number:02x}" for number in range(64))
PRODUCTION = {
    "HTTPS": "true",
    "SECRET_KEY": SECRET,
    "FIELD_KEY": SECRET[:64],
    "ALLOWED_HOSTS": "huiyan.example",
    "CSRF_TRUSTED_ORIGINS": "https://huiyan.example",
    "DATABASE_URL": "postgres://huiyan:huiyan@localhost:1/huiyan",
    "REDIS_URL": "redis://localhost:1/0",
    "EMAIL_URL": "smtp+tls://huiyan:huiyan@localhost:587",
    "HSTS_SUBDOMAINS": "true",
    "HSTS_PRELOAD": "true",
    "TRUSTED_PROXIES": "1",
}


def in_production(*command: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], **PRODUCTION}
    line = [sys.executable, "manage.py", *command]
    return subprocess.run(line, cwd=settings.BASE_DIR, env=environment, text=True, capture_output=True)


def test_it_passes_the_check_for_deployment() -> None:
    result = in_production("check", "--deploy", "--fail-level", "INFO")
    assert result.returncode == 0, result.stderr
    assert "no issues (0 silenced)" in result.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSION_COOKIE_NAME", "__Host-session"),
        ("CSRF_COOKIE_NAME", "__Host-csrf"),
        ("SESSION_COOKIE_SECURE", "True"),
        ("CSRF_COOKIE_SECURE", "True"),
        ("SESSION_COOKIE_DOMAIN", "None"),
        ("SESSION_COOKIE_PATH", "/"),
        ("SECURE_SSL_REDIRECT", "True"),
        ("SECURE_HSTS_SECONDS", "31536000"),
        ("ALLAUTH_TRUSTED_PROXY_COUNT", "1"),
        ("MFA_REQUIRED", "True"),
        ("DEMO_LOGINS", "False"),
        ("DEBUG", "False"),
        ("EMAIL_USE_TLS", "True"),
    ],
)
def test_it_is_strict_in_production(production: dict[str, str], name: str, value: str) -> None:
    assert production[name] == value


@pytest.fixture(scope="module")
def production() -> dict[str, str]:
    result = in_production("diffsettings", "--all")
    pairs = (line.strip("# ").partition(" = ") for line in result.stdout.splitlines())
    return {name: value.strip("'") for name, _equals, value in pairs}


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Frame-Options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Permissions-Policy", "camera=()"),
    ],
)
def test_it_sends_every_header(client: Client, db: None, header: str, value: str) -> None:
    assert client.get("/login/").headers[header].startswith(value)


def test_it_allows_no_script_by_hand(client: Client, db: None) -> None:
    sent: Any = client.get("/login/").headers["Content-Security-Policy"]
    policy = {part.split()[0]: set(part.split()[1:]) for part in sent.split(";")}
    assert policy["default-src"] == {"'none'"}
    assert policy["script-src"] == {"'self'"}
    assert not {"'unsafe-inline'", "'unsafe-eval'", "data:", "https:", "*"} & policy["script-src"]
    assert "'unsafe-inline'" not in policy["style-src"]
    assert policy["frame-ancestors"] == policy["base-uri"] == {"'none'"}
