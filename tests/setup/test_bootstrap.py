"""`portal/bootstrap.py`: what it writes, what it leaves alone, and what it says when something is missing."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from portal import bootstrap

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The two files of the portal that a first run needs, in a folder with a blank in its name."""
    folder = tmp_path / "a blank"
    (folder / "portal").mkdir(parents=True)
    shutil.copy(ROOT / "portal" / "bootstrap.py", folder / "portal")
    for name in ("requirements.lock", "requirements-dev.lock"):
        (folder / name).write_text("# nothing to install\n")
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "portal/bootstrap.py", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_first_run_makes_the_environment_and_a_second_has_nothing_to_do(copy: Path) -> None:
    first = run(copy)
    assert first.returncode == 0, first.stderr
    assert (copy / ".venv" / "bin" / "python").exists()
    assert stat.S_IMODE((copy / ".env").stat().st_mode) == 0o600
    env = (copy / ".env").read_text()

    second = run(copy)
    assert (second.returncode, second.stdout) == (0, "")
    assert (copy / ".env").read_text() == env


def test_values_in_the_env_file_are_never_changed(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("SECRET_KEY=mine\nexport PORTAL_KEYS=k9:also-mine\nDEMO_ADMIN_PASSWORD=")
    added = bootstrap.write_env(path)
    lines = path.read_text().splitlines()
    assert lines[:3] == ["SECRET_KEY=mine", "export PORTAL_KEYS=k9:also-mine", "DEMO_ADMIN_PASSWORD="]
    assert not {"SECRET_KEY", "PORTAL_KEYS", "DEMO_ADMIN_PASSWORD"} & set(added)
    assert "DEMO_OPERATOR_PASSWORD" in added
    assert "PORTAL_ENVIRONMENT" not in added, "an existing installation must not be turned into a development one"
    assert bootstrap.write_env(path) == []


def test_every_installation_gets_keys_of_its_own() -> None:
    one, other = bootstrap.fresh_settings(), bootstrap.fresh_settings()
    shared = {name for name in one if one[name] == other[name]}
    assert shared == {"PORTAL_ENVIRONMENT"}


def test_a_fresh_key_is_one_the_portal_accepts() -> None:
    from integrations.core.crypto import parse_keys

    assert list(parse_keys([bootstrap.fresh_settings()["PORTAL_KEYS"]])) == ["k1"]


def test_an_old_python_is_named_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(bootstrap.MissingError, match=r"3\.11 or newer is needed, this is 3\.9: install it"):
        bootstrap.check_python()


def test_a_missing_venv_module_is_named_with_the_cure(copy: Path) -> None:
    # Debian without python3-venv has no ensurepip; a finder that hides it stands for that.
    hide = (
        "import importlib.util, runpy, sys; real = importlib.util.find_spec;"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'ensurepip' else real(name, *rest);"
        "sys.argv = ['bootstrap.py']; runpy.run_path('portal/bootstrap.py', run_name='__main__')"
    )
    answer = subprocess.run([sys.executable, "-c", hide], cwd=copy, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr.startswith("setup: python3-venv is missing: apt install python3-venv")
    assert answer.stderr.count("\n") == 1
    assert not (copy / ".venv").exists()


def test_a_folder_that_cannot_be_written_is_named(copy: Path) -> None:
    # A file where .venv should be stands for any refusal of the file system, also when root runs the tests.
    (copy / ".venv").write_text("in the way")
    answer = run(copy)
    assert answer.returncode == 1
    assert answer.stderr.splitlines()[-1].startswith("setup: ")


def test_a_failed_installation_is_tried_again(copy: Path) -> None:
    (copy / "requirements.lock").write_text("no-such-package==1 --hash=sha256:" + "0" * 64 + "\n")
    env = {"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null"}
    command = [sys.executable, "portal/bootstrap.py"]
    failed = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "setup: pip could not install requirements.lock" in failed.stderr
    (copy / "requirements.lock").write_text("# nothing to install\n")
    assert run(copy).returncode == 0
