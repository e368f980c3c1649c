"""The file of the admin's guide sets up what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from integrations.core.config import apply_config, export_config
from integrations.core.models import Connection, Integration
from integrations.freshservice_toga.models import FreshserviceOptions, ValueWord

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "freshservice.md"


def _file(monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("FRESHSERVICE_KEY", "FRESHSERVICE_SECRET", "TOGA_KEY", "TOGA_SECRET"):
        monkeypatch.setenv(name, f"a-long-enough-{name}")
    return "\n".join(re.findall(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL))


@pytest.mark.django_db
def test_the_file_of_the_guide_sets_everything_up(monkeypatch: pytest.MonkeyPatch) -> None:
    text = _file(monkeypatch)
    apply_config(text)
    integration = Integration.objects.get(slug="freshservice")
    assert integration.connection("freshservice").settings["plan"] == "pro"
    assert Connection.objects.get(slug="freshservice").webhook_digest
    assert FreshserviceOptions.objects.get(integration=integration).problem() == ""
    assert {change.action for change in apply_config(text)} == {"unchanged"}


@pytest.mark.django_db
def test_words_for_codes_stand_in_the_file_too(monkeypatch: pytest.MonkeyPatch) -> None:
    words = 'words = [{ field = "status", code = 6, word = "On hold" }, { field = "source", code = 9 }]'
    apply_config(_file(monkeypatch).replace('custom_field_prefix = "elite"', f'custom_field_prefix = "elite", {words}'))
    assert set(ValueWord.objects.values_list("field", "code", "word")) == {("status", 6, "On hold"), ("source", 9, "")}
    assert 'field = "status", code = 6, word = "On hold"' in export_config()
