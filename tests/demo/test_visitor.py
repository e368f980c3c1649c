"""The rehearsal's visitor behaves as a browser does, as far as it goes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest

from integrations.demo.visitor import UnexpectedPageError, Visitor

PAGE = """<html><head><title>not text</title></head><body><h1>Run &amp; ticket</h1><script>not text</script>
<form method="post" action="/sent" id="one">
  <input type="hidden" name="token" value="t1"><input name="title" value="old">
  <input type="checkbox" name="off" value="1">
  <input type="checkbox" name="on" checked><select name="queue"><option value="1">A</option>
  <option value="2" selected>B</option></select><textarea name="note">
line</textarea>
  <button name="go" value="yes"><span>Create</span> ticket</button>
</form>
<button form="one" name="go" value="no">Cancel</button>
<a href="/found?a=1&amp;b=2">link</a></body></html>"""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/page")
            self.send_header("Set-Cookie", "seen=1; Path=/")
            self.end_headers()
            return
        self.answer(404 if self.path == "/gone" else 200, PAGE + f"<p>cookie: {self.headers.get('Cookie', '')}</p>")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(200, "; ".join(f"{name}={value!r}" for name, value in parse_qsl(body, keep_blank_values=True)))

    def answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the base class's name
        pass


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Visitor(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


def test_the_text_is_what_a_person_can_read(visitor: Visitor) -> None:
    text = visitor.get("/page").text
    assert "Run & ticket" in text
    assert "not text" not in text


def test_redirects_are_followed_and_cookies_kept(visitor: Visitor) -> None:
    page = visitor.get("/moved")
    assert page.url.endswith("/page")
    assert "cookie: seen=1" in page.text


def test_pressing_a_button_sends_the_form_as_it_stands_and_what_was_typed(visitor: Visitor) -> None:
    sent = visitor.press(visitor.get("/page"), "create", {"title": "new"}).text
    assert sent == "token='t1'; on='on'; queue='2'; note='line'; title='new'; go='yes'"


def test_a_button_outside_its_form_counts_as_inside(visitor: Visitor) -> None:
    assert visitor.press(visitor.get("/page"), "Cancel").text.endswith("go='no'")


def test_a_missing_button_names_those_there_are(visitor: Visitor) -> None:
    page = visitor.get("/gone")
    assert page.status == 404
    with pytest.raises(
        UnexpectedPageError, match=r"no button 'Delete' on .*/gone \(404\); buttons: 'Create ticket', 'Can"
    ):
        page.form_with("Delete")


def test_a_link_is_found_by_its_address(visitor: Visitor) -> None:
    assert visitor.get("/page").link("/found") == "/found?a=1&b=2"
