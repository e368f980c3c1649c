"""The file of the admin's guide sets up what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from integrations.core.config import ConfigProblems, apply_config, export_config
from integrations.core.models import Connection, Integration
from integrations.itop_bridge.models import BridgeOptions

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "itop.md"


def _file(monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("EXTERNAL_PASSWORD", "EXTERNAL_SECRET", "INTERNAL_PASSWORD", "INTERNAL_SECRET"):
        monkeypatch.setenv(f"ITOP_{name}", f"a-long-enough-{name}")
    return "\n".join(re.findall(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL))


@pytest.mark.django_db
def test_the_file_of_the_guide_sets_everything_up(monkeypatch: pytest.MonkeyPatch) -> None:
    text = _file(monkeypatch)
    apply_config(text)
    integration = Integration.objects.get(slug="bridge")
    options = BridgeOptions.objects.get(integration=integration)
    assert options.problem() == ""
    assert options.defaults("internal")["marker_field"] == "external_ref"
    assert Connection.objects.filter(webhook_digest="").count() == 0
    assert {change.action for change in apply_config(text)} == {"unchanged"}
    assert 'marker_field = "external_ref"' in export_config()


@pytest.mark.django_db
def test_defaults_that_cannot_be_are_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("org_idd = 3", 'org_id = "3"', 'marker_field = "a b"'):
        text = _file(monkeypatch).replace("external = { agent_id", f"external = {{ {wrong}, agent_id")
        with pytest.raises(ConfigProblems, match="external"):
            apply_config(text)
