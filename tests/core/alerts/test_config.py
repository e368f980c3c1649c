"""Channels and rules as configuration: applied, exported without secrets, applied again without a change."""

from __future__ import annotations

import pytest

from integrations.core.config import ConfigProblems, apply_config, export_config
from integrations.core.models import AlertChannel, AlertRule, Client

pytestmark = pytest.mark.django_db
FILE = """
[[clients]]
slug = "elite"
name = "Elite"

[[alert_channels]]
name = "night watch"
client = "elite"
minimum_severity = "urgent"
emails = ["night@example.com", "day@example.com"]

[[alert_channels]]
name = "pager"
url = "https://pager.example.com/alerts"
secret = { env = "ALERT_CHANNEL_PAGER_SECRET" }

[[alert_rules]]
slug = "stream_failing"
threshold = 5
"""
SECRETS = {"ALERT_CHANNEL_PAGER_SECRET": "canary-of-the-pager"}


def test_a_file_makes_channels_and_changes_rules() -> None:
    apply_config(FILE, environ=SECRETS)
    night, pager = AlertChannel.objects.order_by("name")
    assert (night.client, night.minimum_severity) == (Client.objects.get(), 30)
    assert night.addresses == ["night@example.com", "day@example.com"]
    assert (pager.client, pager.minimum_severity) == (None, 20)
    assert pager.secret.open() == {"secret": "canary-of-the-pager"}
    assert AlertRule.objects.get().threshold == 5


def test_what_is_exported_is_applied_again_without_a_change() -> None:
    apply_config(FILE, environ=SECRETS)
    exported = export_config()
    assert "canary" not in exported
    assert {change.action for change in apply_config(exported, environ=SECRETS)} == {"unchanged"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[alert_channels]]\nname = "x"', "Give either e-mail addresses or a webhook address"),
        ('[[alert_channels]]\nname = "x"\nurl = "https://x.example.com"', "a webhook is signed; give its secret"),
        ('[[alert_channels]]\nname = "x"\nemails = ["no address"]', "is not an e-mail address"),
        ('[[alert_channels]]\nname = "x"\nemails = ["a@b.cc"]\nclient = "nobody"', "there is no client “nobody”"),
        ('[[alert_channels]]\nname = "x"\nemails = ["a@b.cc"]\nminimum_severity = "loud"', "must be one of notice,"),
        ('[[alert_channels]]\nname = "x"\nurl = "http://127.0.0.1/"\nsecret = "0123456789abcdef"', "not a public one"),
        ('[[alert_rules]]\nslug = "full_moon"', "alert rule full_moon: known are stream_failing"),
        ('[[alert_rules]]\nslug = "stream_failing"\nthreshold = 0', "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_changes_nothing(text: str, problem: str) -> None:
    with pytest.raises(ConfigProblems, match=problem):
        apply_config(text)
    assert not AlertChannel.objects.exists()
