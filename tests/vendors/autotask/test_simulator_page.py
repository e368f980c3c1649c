"""The page a person opens: what happened, and content that does nothing."""

from __future__ import annotations

from html.parser import HTMLParser

from integrations.vendors.autotask.simulator import AutotaskSimulator

from .conftest import TICKET, Wire

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


def test_the_page_shows_tickets_notes_and_calls(wire: Wire, autotask: AutotaskSimulator) -> None:
    ticket = wire.create(title="Backup of SRV-01 failed")
    wire("POST", f"Tickets/{ticket}/Notes", {"description": "A remark", "noteType": 3, "publish": 2})
    autotask.fault("html_503")
    wire("GET", "Companies/101")
    text = Tags(wire("GET", "/", headers={}).body.decode()).text
    for shown in ("Backup of SRV-01 failed", "A remark", "/ATServicesRest/v1.0/Companies/101", "html_503", "503"):
        assert shown in text


def test_the_address_of_a_ticket_shows_this_ticket_alone(wire: Wire, autotask: AutotaskSimulator) -> None:
    wire.create(title="Another")
    ticket = wire.create(title="This one")
    address = f"/Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenTicketDetail&TicketID={ticket}"
    seen = wire("GET", address, headers={})
    assert (seen.status, b"This one" in seen.body, b"Another" in seen.body) == (200, True, False)
    assert wire("GET", address.replace(str(ticket), "1"), headers={}).status == 404


def test_whatever_callers_wrote_is_inert(wire: Wire) -> None:
    wire.create(title=HOSTILE, description=HOSTILE, externalID="<b>")
    wire("POST", "/<script>", HOSTILE.encode())
    seen = wire("GET", "/", headers={})
    tags = Tags(seen.body.decode())
    assert tags.names <= {"html", "meta", "title", "style", "h1", "h2", "p", "table", "tr", "th", "td"}
    assert tags.attributes <= {"lang", "charset"}
    assert "<script>alert(1)" in tags.text
    assert seen.headers["content-security-policy"].startswith("default-src 'none'")
    assert seen.headers["x-content-type-options"] == "nosniff"


def test_looking_leaves_no_trace_in_the_ledger(wire: Wire, autotask: AutotaskSimulator) -> None:
    wire("GET", "/", headers={})
    assert autotask.calls == []


def test_the_page_shows_no_credentials(wire: Wire) -> None:
    wire("POST", "Tickets", TICKET)
    assert b"made-up-secret" not in wire("GET", "/", headers={}).body
