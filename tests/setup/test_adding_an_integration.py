"""README, "Add an integration": a folder made by its ten lines is a whole integration, without a change elsewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from integrations.demo import temporary

ROOT = Path(__file__).resolve().parents[2]
TOY = Path(__file__).with_name("toy")
NAMED_IN_TOY = ("Vendor(", "open_connection(", "register(", "IntegrationKind(", "enqueue(", "Role(")


def ten_lines() -> list[str]:
    section = (
        (ROOT / "README.md").read_text(encoding="utf-8").partition("## Add an integration")[2].partition("\n## ")[0]
    )
    return re.findall(r"^\d+\. .*$", section, re.MULTILINE)


def test_the_recipe_has_ten_lines_and_the_toy_follows_them() -> None:
    lines = ten_lines()
    assert len(lines) == 10
    recipe = "\n".join(lines)
    sources = "\n".join(path.read_text(encoding="utf-8") for path in TOY.rglob("*.py"))
    for door in NAMED_IN_TOY:
        assert door in recipe
        assert door in sources
    for name in re.findall(r"`(\w+\.py)`", recipe):
        assert (TOY / name).exists(), name


@pytest.mark.processes
def test_a_folder_made_by_the_recipe_is_a_whole_integration(tmp_path: Path) -> None:
    shutil.copytree(TOY, tmp_path / "toy", ignore=shutil.ignore_patterns("__pycache__"))
    environment = temporary.environment(tmp_path) | {
        "DJANGO_SETTINGS_MODULE": "toy.settings",
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
    }
    environment.pop(temporary.INSIDE)

    def manage(*arguments: str) -> str:
        answer = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout

    manage("makemigrations", "toy")  # which checks everything first
    assert manage("demo", "--check", "toy").endswith("\n3 passed, 0 failed\n")
