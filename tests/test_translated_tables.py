"""What is declared in tables is said when it is shown, in the language of then: a table holds no text that is fixed."""

from __future__ import annotations

import pytest
from django.utils.functional import Promise

from integrations.core import registry
from integrations.core.alerts.rules import CORE as RULES
from integrations.core.failures.explaining import COMMON
from integrations.core.failures.source import Explanation, FailureSource
from integrations.core.failures.sources import CORE as SOURCES
from integrations.core.registry import Rule
from integrations.vendors import Vendor
from tests.translation import OPEN, bracketed

VENDORS = registry.vendors()


def fixed(texts: dict[str, object]) -> list[str]:
    """The names of those that say something in one language alone."""
    return [name for name, text in texts.items() if text and not isinstance(text, Promise)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.slug)
def test_a_rule_of_alerts_can_be_said_in_any_language(rule: Rule) -> None:
    assert fixed({"label": rule.label, "advice": rule.advice, "counts": rule.counts}) == []


@pytest.mark.parametrize("name", COMMON)
def test_a_cause_can_be_said_in_any_language(name: str) -> None:
    assert fixed(_of_explanation(COMMON[name])) == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.slug)
def test_a_kind_of_failure_can_be_said_in_any_language(source: FailureSource) -> None:
    assert fixed({"one": source.one, "many": source.many, "label": source.label}) == []
    for explanation in source.explanations.values():
        assert fixed(_of_explanation(explanation)) == []
    for act in source.acts:
        assert fixed({"label": act.label, "says": act.says, "result": act.result}) == []


def _of_explanation(one: Explanation) -> dict[str, object]:
    return {"label": one.label, "means": one.means, "fix": one.fix}


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=list(VENDORS))
def test_a_vendor_can_be_set_up_in_any_language(vendor: Vendor) -> None:
    for field in (*vendor.credentials, *vendor.settings):
        assert fixed({"label": field.label, "help": field.help}) == [], field.name
    assert fixed({"label": vendor.base_url_label, "help": vendor.base_url_help}) == []
    assert [step for step in vendor.preparation if not isinstance(step, Promise)] == []


@pytest.mark.parametrize("vendor", [one for one in VENDORS.values() if one.webhooks], ids=lambda one: one.slug)
def test_the_webhooks_of_a_vendor_can_be_set_up_in_any_language(vendor: Vendor) -> None:
    assert vendor.webhooks is not None
    assert fixed(dict(vendor.webhooks.events)) == []
    with bracketed():
        steps = vendor.webhooks.instructions(lambda event: f"https://portal.example.com/{event}")
        assert [step.title for step in steps if not str(step.title).startswith(OPEN)] == []
        assert [step.text for step in steps if not str(step.text).startswith(OPEN)] == []
