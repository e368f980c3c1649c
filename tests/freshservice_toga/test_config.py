"""The file of the admin's guide sets up what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from integrations.core.config import apply_config
from integrations.core.models import Connection, Integration
from integrations.freshservice_toga.models import FreshserviceOptions

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "freshservice.md"


@pytest.mark.django_db
def test_the_file_of_the_guide_sets_everything_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FRESHSERVICE_KEY", "FRESHSERVICE_SECRET", "TOGA_KEY", "TOGA_SECRET"):
        monkeypatch.setenv(name, f"a-long-enough-{name}")
    blocks = re.findall(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    apply_config("\n".join(blocks))
    integration = Integration.objects.get(slug="freshservice")
    assert integration.connection("freshservice").settings["plan"] == "pro"
    assert Connection.objects.get(slug="freshservice").webhook_digest
    assert FreshserviceOptions.objects.get(integration=integration).problem() == ""
    assert {change.action for change in apply_config("\n".join(blocks))} == {"unchanged"}
