"""An environment in which everything is temporary: database, keys, passwords, ports."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from integrations.core.crypto import new_key

from .processes import free_port

INSIDE = "PORTAL_REHEARSAL"  # set in such an environment, to its folder


def environment(folder: Path) -> dict[str, str]:
    """The variables for processes that share this temporary portal; all files lie in the folder."""
    port = free_port()
    return {
        **os.environ,
        INSIDE: str(folder),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PORTAL_ENV_FILE": "",
        "PORTAL_ENVIRONMENT": "rehearsal",
        "PORTAL_LANGUAGE": "en",  # the stories press buttons by their words
        "PORTAL_BASE_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "DATABASE_URL": f"sqlite:///{folder}/rehearsal.sqlite3",
        "CACHE_DIR": f"{folder}/cache",
        "MARK_FILE": f"{folder}/marks.json",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "PORTAL_KEYS": new_key("k1"),
        "DEMO_PASSWORD": secrets.token_urlsafe(12),
        "DEMO_RUNS_TOKEN": secrets.token_urlsafe(24),
    }
