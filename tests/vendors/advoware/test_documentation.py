"""docs/advoware-simulator.md names everything that can be chosen and ordered."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from integrations.vendors.advoware.simulator import CREDENTIALS
from integrations.vendors.advoware.simulator.acts import ACTS
from integrations.vendors.advoware.simulator.sender import Settings
from integrations.vendors.advoware.simulator.switches import SWITCHES, Switches

from .conftest import Wire

PAGE = (Path(__file__).parents[3] / "docs" / "advoware-simulator.md").read_text(encoding="utf-8")
ORDERS = re.findall(r"curl -d '(\{.*?\})'[\s\\]+http://127\.0\.0\.1:9104(/_simulator/\w+)", PAGE)


@pytest.mark.parametrize("name", [*ACTS, "pump", *SWITCHES])
def test_the_page_names_every_action_and_switch(name: str) -> None:
    assert f"\n| `{name}` |" in PAGE


@pytest.mark.parametrize("name", Settings.names())
def test_the_page_names_every_setting_of_hints(name: str) -> None:
    assert re.search(rf"^\|[^|]*`{name}`", PAGE, re.MULTILINE)


def test_every_switch_has_its_sentence_and_its_default_on_the_page() -> None:
    for name, sentence in SWITCHES.items():
        assert f"| `{name}` | `{json.dumps(getattr(Switches, name))}` | {sentence} |" in PAGE


@pytest.mark.parametrize("name", CREDENTIALS)
def test_the_page_names_every_credential(name: str) -> None:
    assert f"`{CREDENTIALS[name]}`" in PAGE


def test_the_orders_of_the_page_work_as_they_stand(wire: Wire) -> None:
    assert len(ORDERS) == 6
    for order, path in ORDERS:
        nobody = order.replace("127.0.0.1:8000", "127.0.0.1:1")  # not whoever listens at that port here
        assert wire("POST", path, nobody.encode()).status == 200, order
