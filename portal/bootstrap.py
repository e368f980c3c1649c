"""Make the environment the portal runs in: `.venv` from the hashed lock file, and `.env` with fresh keys.

    python3 portal/bootstrap.py [--dev]

Standard library only, and written so that an old Python still gets as far as the sentence that says so. It may be run
again at any time: packages are installed only when the lock file changed, and nothing that stands in `.env` is
changed. What is missing is said in one line, with its cure.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import importlib.util
import os
import secrets
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)
ENV_HEADER = "# Written by portal/bootstrap.py; every setting is explained in .env.example.\n"


class MissingError(Exception):
    """Something this machine lacks; the message is one line that names it and the cure."""


def check_python() -> None:
    """Raises `MissingError` unless this Python is new enough and can make virtual environments with pip in them."""
    found = sys.version_info[:2]
    if found < OLDEST_PYTHON:
        raise MissingError(
            "Python 3.11 or newer is needed, this is {}.{}: "
            "install it, or name it with `make PYTHON=python3.11 …`".format(*found)
        )
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise MissingError(
            "python3-venv is missing: apt install python3-venv (or python{}.{}-venv), then try again".format(*found)
        )


def check_writable(root: Path) -> None:
    """Raises `MissingError` unless files can be made in the portal's folder and in what an earlier run left there."""
    for path in (root, root / ".venv", root / ".env"):
        if path.exists() and not os.access(path, os.W_OK):
            raise MissingError(f"no write permission for {path}: make it writable, or use a copy of the portal you own")


def fingerprint(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def install(root: Path, *, dev: bool) -> bool:
    """Bring `.venv` to the state of the lock file; return whether anything had to be done.

    A stamp in `.venv` remembers which lock file is installed. Raises `MissingError` when pip fails.
    """
    lock = root / ("requirements-dev.lock" if dev else "requirements.lock")
    stamp = root / ".venv" / f"{lock.name}.stamp"
    python = root / ".venv" / "bin" / "python"
    if stamp.is_file() and stamp.read_text() == fingerprint(lock) and python.exists():
        return False
    if not has_pip(python):
        print("Making the virtual environment .venv …", flush=True)
        run([sys.executable, "-m", "venv", "--clear", str(root / ".venv")], "the virtual environment could not be made")
    print(f"Installing the packages of {lock.name} (a minute or two the first time) …", flush=True)
    pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run([*pip, "install", "--require-hashes", "-r", str(lock)], f"pip could not install {lock.name}")
    stamp.write_text(fingerprint(lock))
    if dev:  # the development lock holds the runtime one
        runtime = root / "requirements.lock"
        (root / ".venv" / f"{runtime.name}.stamp").write_text(fingerprint(runtime))
    return True


def has_pip(python: Path) -> bool:
    """Whether the virtual environment is whole (an interrupted first run leaves half of one)."""
    if not python.exists():
        return False
    return subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


def run(command: list[str], complaint: str) -> None:
    """Run a program, its output shown as it comes. Raises `MissingError` when it fails."""
    if subprocess.run(command, check=False).returncode != 0:
        raise MissingError(f"{complaint}: see the message above; check the network, then run the same command again")


def fresh_settings() -> dict[str, str]:
    """What a new installation for one person's machine needs; keys and passwords are new each time."""
    return {
        "PORTAL_ENVIRONMENT": "development",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "PORTAL_KEYS": "k1:" + base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "METRICS_TOKEN": secrets.token_urlsafe(24),
        "DEMO_ADMIN_PASSWORD": secrets.token_urlsafe(12),
        "DEMO_OPERATOR_PASSWORD": secrets.token_urlsafe(12),
        "DEMO_REPORTER_PASSWORD": secrets.token_urlsafe(12),
        "DEMO_RUNS_TOKEN": secrets.token_urlsafe(24),
    }


def write_env(path: Path) -> list[str]:
    """Add to the `.env` file what it lacks, readable by its owner only; return the names added.

    A value that is there, even an empty one, is never changed.
    """
    text = path.read_text() if path.exists() else ""
    present = {line.strip().removeprefix("export ").partition("=")[0].strip() for line in text.splitlines()}
    if text.strip():
        present.add("PORTAL_ENVIRONMENT")  # a file of somebody's own may be meant for production, which is the default
    added = {name: value for name, value in fresh_settings().items() if name not in present}
    if not added:
        return []
    if not text:
        text = ENV_HEADER
    elif not text.endswith("\n"):
        text += "\n"
    text += "".join(f"{name}={value}\n" for name, value in added.items())
    # Written aside and renamed, so that a full disk or a crash never leaves half a file; 600 from its first byte.
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    aside.replace(path)
    return list(added)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Make .venv and .env; safe to run again.")
    parser.add_argument("--dev", action="store_true", help="install the test tools too")
    options = parser.parse_args(arguments)
    try:
        check_python()
        check_writable(ROOT)
        install(ROOT, dev=options.dev)
        added = write_env(ROOT / ".env")
    except MissingError as missing:
        print(f"setup: {missing}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"setup: cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    if added:
        print(f"Written to .env: {', '.join(added)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
