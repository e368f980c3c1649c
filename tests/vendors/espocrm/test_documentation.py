"""docs/espocrm-simulator.md names everything that can be chosen and ordered."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from integrations.vendors.espocrm.simulator import API_KEY, HMAC_KEY, HMAC_SECRET, READER_KEY
from integrations.vendors.espocrm.simulator.acts import ACTS
from integrations.vendors.espocrm.simulator.sender import Settings
from integrations.vendors.espocrm.simulator.switches import SWITCHES, Switches
from integrations.vendors.espocrm.simulator.world import SETTINGS

from .conftest import Wire

PAGE = (Path(__file__).parents[3] / "docs" / "espocrm-simulator.md").read_text(encoding="utf-8")
ORDERS = re.findall(r"curl -d '(\{.*?\})'[\s\\]+http://127\.0\.0\.1:9105(/_simulator/\w+)", PAGE)


@pytest.mark.parametrize("name", [*ACTS, "pump", *SWITCHES])
def test_the_page_names_every_action_and_switch(name: str) -> None:
    assert f"\n| `{name}` |" in PAGE


@pytest.mark.parametrize("name", [name for name in Settings.names() if name not in ("url", "secret")])
def test_the_page_names_every_setting_of_webhooks(name: str) -> None:
    assert re.search(rf"^\|[^|]*`{name}`", PAGE, re.MULTILINE)


def test_every_switch_has_its_sentence_and_its_default_on_the_page() -> None:
    for name, sentence in SWITCHES.items():
        assert f"| `{name}` | `{json.dumps(getattr(Switches, name))}` | {sentence} |" in PAGE


def test_the_page_names_every_key_and_every_rule() -> None:
    for name in (API_KEY, HMAC_KEY, HMAC_SECRET, READER_KEY, *SETTINGS):
        assert f"`{name}`" in PAGE


def test_the_orders_of_the_page_work_as_they_stand(wire: Wire) -> None:
    wire.do("new_party", last_name="A")
    assert len(ORDERS) == 7
    for order, path in ORDERS:
        nobody = order.replace("127.0.0.1:8000", "127.0.0.1:1")  # not whoever listens at that port here
        assert wire("POST", path, nobody.encode()).status == 200, order
