"""A vendor's client works in a script that knows nothing of Django's settings, and so do its errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
from integrations.transport.addresses import check_url
from integrations.transport.errors import VendorError
from integrations.vendors.autotask import VENDOR
try:
    check_url("ftp://autotask.example.com", allow_private=False)
except VendorError as error:
    print(error.message)
print([str(declared.label) for declared in VENDOR.credentials][0])
"""


def test_without_settings_an_error_says_what_it_says_in_the_portal() -> None:
    plain = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=plain, capture_output=True, text=True, check=True
    )
    said, label = done.stdout.splitlines()
    assert "https" in said
    assert label == "API username"
