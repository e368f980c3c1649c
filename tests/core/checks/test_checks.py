from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.checks import Tags, run_checks
from django.test import override_settings

from integrations.core.models import AlertChannel
from tests.production_env import PRODUCTION_ENV

ROOT = Path(settings.BASE_DIR)


def python(*arguments: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    database = {"DATABASE_URL": f"sqlite:///{tmp_path / 'portal.sqlite3'}", "DJANGO_SETTINGS_MODULE": "portal.settings"}
    base = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=base | database | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_shipped_production_settings_pass_the_deploy_checks(tmp_path: Path) -> None:
    done = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", tmp_path=tmp_path, **PRODUCTION_ENV)
    assert done.returncode == 0, done.stderr


SINGLE_SIGN_ON = {"OIDC_ISSUER": "https://id.example.com", "OIDC_CLIENT_ID": "portal", "OIDC_CLIENT_SECRET": "canary"}


def test_they_pass_with_single_sign_on_too(tmp_path: Path) -> None:
    settings_of = PRODUCTION_ENV | SINGLE_SIGN_ON
    done = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", tmp_path=tmp_path, **settings_of)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"OIDC_CLIENT_SECRET": ""}, ["OIDC_CLIENT_SECRET: set it to what the provider gave you"]),
        (
            {"OIDC_ISSUER": "http://id.example.com", "OIDC_ROLES": "it-admins=Administrator"},
            ["OIDC_ISSUER: must start with https://", "OIDC_ROLES: Administrator is no role"],
        ),
    ],
)
def test_what_single_sign_on_lacks_is_named(tmp_path: Path, wrong: dict[str, str], says: list[str]) -> None:
    done = python("manage.py", "check", tmp_path=tmp_path, **PRODUCTION_ENV | SINGLE_SIGN_ON | wrong)
    assert done.returncode == 1
    assert [sentence for sentence in says if sentence not in done.stderr] == []
    assert "canary" not in done.stderr


def test_without_its_settings_single_sign_on_is_not_there(tmp_path: Path) -> None:
    code = "import django, sys; django.setup(); import portal.urls; sys.exit('allauth' in sys.modules)"
    assert python("-c", code, tmp_path=tmp_path, **PRODUCTION_ENV).returncode == 0


def test_each_needed_setting_is_missed_by_name(tmp_path: Path) -> None:
    needed = ("SECRET_KEY", "PORTAL_KEYS", "ALLOWED_HOSTS", "PORTAL_BASE_URL")
    done = python("manage.py", "check", tmp_path=tmp_path, **PRODUCTION_ENV | dict.fromkeys(needed, ""))
    assert done.returncode == 1
    assert [name for name in needed if f"(portal.E001) {name}: set it to" not in done.stderr] == []


def test_web_refuses_to_start_with_every_sentence_and_no_secret(tmp_path: Path) -> None:
    broken = PRODUCTION_ENV | {"ALLOWED_HOSTS": "", "PORTAL_KEYS": "k1:canary-no-fernet-key"}
    done = python("-c", "import portal.wsgi", tmp_path=tmp_path, **broken)
    assert done.returncode == 1
    assert "ALLOWED_HOSTS: set it to the host names people use" in done.stderr
    assert "the key with id 'k1' is not a Fernet key" in done.stderr
    assert "canary" not in done.stderr


@pytest.mark.parametrize(
    ("change", "code"), [({"orm": "other"}, "portal.E002"), ({"retry": settings.Q_CLUSTER["timeout"]}, "portal.E003")]
)
def test_a_queue_that_could_lose_or_repeat_work_is_an_error(change: dict[str, object], code: str) -> None:
    assert [message.id for message in run_checks() if message.id and message.id.startswith("portal.")] == []
    with override_settings(Q_CLUSTER=settings.Q_CLUSTER | change):
        assert code in [message.id for message in run_checks()]


@pytest.mark.django_db
def test_alerts_by_mail_without_a_mail_server_are_warned_of() -> None:
    def warned() -> bool:
        found = run_checks(tags=[Tags.database], databases=["default"])
        return "portal.W001" in [message.id for message in found]

    with override_settings(MAIL_IS_SET_UP=False):
        assert not warned(), "nobody wants mails"
        AlertChannel.objects.create(name="watch", emails="night@example.com")
        assert warned()
    assert not warned(), "there is a server"
