"""The file of the admin's guide sets up what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from integrations.advoware_espocrm.models import ContactOptions, FieldPolicy
from integrations.core.config import ConfigProblems, apply_config, export_config
from integrations.core.models import Connection, Integration, Stream

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "advoware-espocrm.md"
pytestmark = pytest.mark.django_db


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("ADVOWARE_SECRET", "ADVOWARE_PASSWORD", "ADVOWARE_KEY", "ESPOCRM_KEY", "ESPOCRM_SECRETS"):
        monkeypatch.setenv(name, f"a-long-enough-{name}")
    return "\n".join(re.findall(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL))


def test_the_file_of_the_guide_sets_everything_up(file: str) -> None:
    apply_config(file)
    options = ContactOptions.objects.get(integration=Integration.objects.get(slug="contacts"))
    assert (options.direction, options.conflict_policy, options.default_region) == ("both", "ask", "DE")
    assert (options.write_markers, options.parties_per_run) == (True, 500)
    assert list(options.policies.values_list("komm_kz", "choice")) == [(3, "espocrm"), (12, "advoware")]
    assert Connection.objects.filter(webhook_digest="").count() == 0
    assert Stream.objects.get(integration=options.integration).approved_at is not None
    assert {change.action for change in apply_config(file)} == {"unchanged"}


def test_what_is_exported_is_the_same_set_up(file: str) -> None:
    apply_config(file)
    exported = export_config()
    assert 'policies = [{ komm_kz = 3, choice = "espocrm" }, { komm_kz = 12, choice = "advoware" }]' in exported
    assert 'conflict_policy = "ask"' in exported
    assert "a-long-enough" not in exported


def test_a_file_changes_a_rule_and_leaves_those_it_does_not_name(file: str) -> None:
    apply_config(file)
    apply_config(re.sub(r'\{ komm_kz = 3, choice = "espocrm" \}', '{ komm_kz = 3, choice = "ask" }', file))
    assert dict(FieldPolicy.objects.values_list("komm_kz", "choice")) == {3: "ask", 12: "advoware"}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('direction = "both"', 'direction = "sideways"'),
        ('conflict_policy = "ask"', 'conflict_policy = "both"'),
        ('default_region = "DE"', 'default_region = "Germany"'),
        ("parties_per_run = 500", "parties_per_run = 0"),
        ("komm_kz = 3,", "komm_kz = 5,"),  # Internet is not synchronised
        ('choice = "advoware"', 'choice = "both"'),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(file: str, right: str, wrong: str) -> None:
    with pytest.raises(ConfigProblems, match=wrong.partition(" ")[0]):
        apply_config(file.replace(right, wrong, 1))
    assert not Integration.objects.exists()
