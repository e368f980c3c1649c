"""Dockerfile and compose.yaml, as far as they can be judged without a container engine."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from portal import healthcheck

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def test_the_image_copies_only_what_exists_and_what_the_builder_may_see() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for word, rest in instructions():
        if word == "COPY" and "--from" not in rest:
            *sources, _ = shlex.split(rest)
            for source in sources:
                assert (ROOT / source).exists(), source
                assert source in allowed, f"{source} is not let through by .dockerignore"


def test_the_image_runs_as_nobody_in_particular_and_in_exec_form() -> None:
    found = instructions()
    words = [word for word, _ in found]
    assert dict(found)["USER"] == "portal"
    assert words.index("USER") < words.index("CMD")
    assert json.loads(dict(found)["CMD"])[:2] == ["python", "manage.py"]
    health = dict(found)["HEALTHCHECK"]
    assert json.loads(health[health.index("[") :]) == ["python", "portal/healthcheck.py"]
    assert any("--require-hashes" in rest for word, rest in found if word == "RUN")
    assert not re.search(r"^(ENV|ARG).*(SECRET|KEY|PASSWORD)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("service", ["migrate", "web", "queue"])
def test_every_process_is_read_only_and_without_rights(compose: dict[str, Any], service: str) -> None:
    settings = compose["services"][service]
    assert settings["read_only"] is True
    assert settings["tmpfs"] == ["/tmp"]  # noqa: S108 — inside the container
    assert settings["cap_drop"] == ["ALL"]
    assert settings["env_file"] == ".env"


def test_the_queue_may_finish_its_longest_job(compose: dict[str, Any], settings: Any) -> None:
    grace = int(compose["services"]["queue"]["stop_grace_period"].removesuffix("s"))
    assert grace > settings.QUEUE_TIMEOUT


def test_no_process_starts_before_the_database_is_migrated(compose: dict[str, Any]) -> None:
    for service in ("web", "queue"):
        assert compose["services"][service]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert compose["services"]["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_no_secret_stands_in_the_compose_file(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            assert not re.search("PASSWORD|SECRET|KEY|TOKEN", name) or str(value).startswith("${"), name


def test_only_the_web_is_reachable_and_only_from_this_machine(compose: dict[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert list(ports) == ["web"]
    assert all(port.startswith("127.0.0.1:") for port in ports["web"])


def test_the_health_check_says_no_when_nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1")
    assert healthcheck.main() == 1
