"""The page a person opens, the control routes, and a reset."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser

import pytest

from integrations.vendors.freshservice.simulator import API_KEY, FreshserviceSimulator
from integrations.vendors.freshservice.simulator.acts import ACTS, LABELS
from integrations.vendors.freshservice.simulator.switches import SWITCHES, Switches

from .conftest import Wire

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)><a href='javascript:alert(3)'>\"'&\x00"


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_what_is_there_and_runs_nothing(freshservice: FreshserviceSimulator, wire: Wire) -> None:
    wire.do("note", ticket=wire.do("new_ticket", subject=HOSTILE, description=HOSTILE), text="A remark")
    wire("GET", "tickets/999")
    seen = wire("GET", "/", headers={})
    tags = Tags(seen.body.decode())
    assert tags.names <= {"html", "meta", "title", "style", "h1", "h2", "p", "table", "tr", "th", "td"}
    assert tags.attributes <= {"lang", "charset"}
    for shown in ("<script>alert(1)", "A remark", "/api/v2/tickets/999", "404"):
        assert shown in tags.text
    assert API_KEY not in tags.text
    assert len(freshservice.calls) == 1  # looking leaves no trace


def test_every_act_has_a_label_and_an_unknown_one_is_refused(wire: Wire) -> None:
    assert all(LABELS[name].endswith(".") for name in ACTS)
    assert wire("POST", "/_simulator/do", {"action": "meteor"}).status == 400


def test_every_switch_has_a_sentence_and_can_be_set_over_http(freshservice: FreshserviceSimulator, wire: Wire) -> None:
    assert set(SWITCHES) == set(Switches.__annotations__)
    for name in SWITCHES:
        value = getattr(Switches, name)
        changed = (not value) if isinstance(value, bool) else value + (1 if isinstance(value, int) else "x")
        wire.do("switch", name=name, value=changed)
        assert getattr(freshservice, name) == changed
    wire("POST", "/_simulator/reset", {})
    assert all(getattr(freshservice, name) == getattr(Switches, name) for name in SWITCHES)


@pytest.mark.parametrize(("name", "value"), [("colour", 1), ("plan", 1), ("limited", "yes")])
def test_a_wrong_switch_is_refused(wire: Wire, name: str, value: object) -> None:
    assert wire("POST", "/_simulator/do", {"action": "switch", "name": name, "value": value}).status == 400


def test_a_reset_leaves_nothing(freshservice: FreshserviceSimulator, wire: Wire) -> None:
    before = json.dumps(wire.get("/_simulator/world"))
    wire.do("webhook", url="http://127.0.0.1:1/", copies=3)
    wire.do("attach", ticket=wire.do("new_ticket", subject="x"), name="a", text="1")
    wire.do("pass_minutes", minutes=600)
    wire("POST", "/_simulator/reset", {})
    assert json.dumps(wire.get("/_simulator/world")) == before
    assert (freshservice.sender.url, freshservice.sender.waiting, freshservice.calls) == ("", 0, [])
    assert abs(freshservice.skew_seconds) < 5


def test_the_vendors_clock_is_the_one_its_answers_are_dated_by(wire: Wire) -> None:
    wire.do("pass_minutes", minutes=60)
    told = parsedate_to_datetime(wire("GET", "groups").headers["date"])
    assert 3500 < (told - datetime.now(UTC)).total_seconds() < 3700
