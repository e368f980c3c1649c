"""A person at a browser, reduced to what the rehearsal needs: cookies, pages, forms, buttons."""

from __future__ import annotations

import json
import re
import secrets
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import Any, NamedTuple
from urllib.parse import urlencode, urljoin

INVISIBLE = {"script", "style", "template", "head"}
TIMEOUT = 30.0  # seconds


class UnexpectedPageError(Exception):
    """The page is not what the visitor came for; the message says what was seen instead."""


class Button(NamedTuple):
    """A button as it stands on a page; `action` is its own address, if it has one."""

    label: str
    name: str
    value: str
    action: str = ""


@dataclass
class Form:
    """One form of a page as it would be sent: fields with their present values, and its buttons."""

    action: str = ""
    method: str = "get"
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)


class _Reader(HTMLParser):
    """Collects the visible text and the forms of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.forms: list[Form] = []
        self._hidden = 0
        self._by_id: dict[str, Form] = {}
        self._form: Form | None = None
        self._button: tuple[Form, Button, list[str]] | None = None
        self._textarea: tuple[Form, str, list[str]] | None = None
        self._select: tuple[Form, str, list[tuple[bool, str]]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in INVISIBLE:
            self._hidden += 1
        elif tag == "form":
            self._form = Form(values.get("action", ""), values.get("method", "get").lower())
            self.forms.append(self._form)
            self._by_id[values.get("id", "")] = self._form
        elif owner := self._by_id.get(values["form"]) if "form" in values else self._form:
            self._control(tag, values, owner)

    def _control(self, tag: str, values: dict[str, str], owner: Form) -> None:
        name, value = values.get("name", ""), values.get("value", "")
        if tag == "input" and values.get("type") == "submit":
            owner.buttons.append(Button(value, name, value))
        elif tag == "input" and name and (values.get("type") not in {"checkbox", "radio"} or "checked" in values):
            owner.fields.append((name, value or ("on" if "checked" in values else "")))
        elif tag == "button":
            self._button = (owner, Button("", name, value, values.get("formaction", "")), [])
        elif tag == "textarea" and name:
            self._textarea = (owner, name, [])
        elif tag == "select" and name:
            self._select = (owner, name, [])
        elif tag == "option" and self._select:
            self._select[2].append(("selected" in values, value))

    def handle_endtag(self, tag: str) -> None:
        if tag in INVISIBLE:
            self._hidden = max(0, self._hidden - 1)
        elif tag == "form":
            self._form = None
        elif tag == "button" and self._button:
            owner, button, label = self._button
            owner.buttons.append(button._replace(label=" ".join("".join(label).split())))
            self._button = None
        elif tag == "textarea" and self._textarea:
            owner, name, lines = self._textarea
            owner.fields.append((name, "".join(lines).removeprefix("\n")))
            self._textarea = None
        elif tag == "select" and self._select:
            owner, name, options = self._select
            chosen = [value for selected, value in options if selected] or [value for _, value in options[:1]]
            owner.fields.extend((name, value) for value in chosen)
            self._select = None

    def handle_data(self, data: str) -> None:
        for collecting in (self._button, self._textarea):
            if collecting:
                collecting[-1].append(data)
        if not self._hidden:
            self.text.append(data)


@dataclass(frozen=True)
class Page:
    """What a person sees: the address it was found at, the status, the text without tags, the forms."""

    url: str
    status: int
    html: str
    text: str
    forms: tuple[Form, ...]

    def form_with(self, button: str) -> tuple[Form, Button]:
        """The form that has a button whose label holds these words, and that button.

        Raises `UnexpectedPageError` naming the buttons there are.
        """
        for form in self.forms:
            for known in form.buttons:
                if button.casefold() in known.label.casefold():
                    return form, known
        there = ", ".join(repr(known.label) for form in self.forms for known in form.buttons) or "none"
        raise UnexpectedPageError(f"no button {button!r} on {self.url} ({self.status}); buttons: {there}")

    def has_button(self, button: str) -> bool:
        try:
            self.form_with(button)
        except UnexpectedPageError:
            return False
        return True

    def link(self, pattern: str) -> str:
        """The first link whose address matches the pattern. Raises `UnexpectedPageError`."""
        found = self.links(pattern)
        if not found:
            raise UnexpectedPageError(f"no link like {pattern!r} on {self.url} ({self.status})")
        return found[0]

    def links(self, pattern: str) -> list[str]:
        """Every link whose address matches the pattern, each once, in the order of the page."""
        found = re.findall(rf'href="([^"]*{pattern}[^"]*)"', self.html)
        return list(dict.fromkeys(address.replace("&amp;", "&") for address in found))


class File(NamedTuple):
    """A file as it is chosen in a form."""

    name: str
    content: bytes


def _multipart(sent: list[tuple[str, str]], files: Mapping[str, File]) -> tuple[str, bytes]:
    """The content type and body of a form with files (RFC 7578)."""
    boundary = secrets.token_hex(16)
    parts = [(f'name="{name}"', value.encode()) for name, value in sent if name not in files]
    parts += [(f'name="{name}"; filename="{file.name}"', file.content) for name, file in files.items()]
    body = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {what}\r\n\r\n".encode() + content + b"\r\n"
        for what, content in parts
    )
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


class Visitor:
    """Somebody with a browser of their own. Addresses may be paths; redirects are followed."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, url: str) -> Page:
        return self._open(urllib.request.Request(urljoin(self.base_url, url)))  # noqa: S310 — the portal's own address

    def press(
        self,
        page: Page,
        button: str,
        fields: Mapping[str, str | list[str]] | None = None,
        files: Mapping[str, File] | None = None,
    ) -> Page:
        """Press the button of the page; `fields` are what the person typed or ticked, `files` what they chose."""
        form, pressed = page.form_with(button)
        typed = fields or {}
        sent = [(name, value) for name, value in form.fields if name not in typed]
        for name, given in typed.items():
            sent += [(name, value) for value in ([given] if isinstance(given, str) else given)]
        if pressed.name:
            sent.append((pressed.name, pressed.value))
        target = urljoin(page.url, pressed.action or form.action or page.url)
        if form.method == "get":
            return self.get(target.partition("?")[0] + "?" + urlencode(sent))
        kind, body = (
            _multipart(sent, files) if files else ("application/x-www-form-urlencoded", urlencode(sent).encode())
        )
        headers = {"Content-Type": kind, "Referer": page.url}
        return self._open(urllib.request.Request(target, body, headers))  # noqa: S310 — as above

    def sign_in(self, username: str, password: str) -> Page:
        """Raises `UnexpectedPageError` when the portal does not let the person in."""
        page = self.press(self.get("/admin/login/"), "", {"username": username, "password": password})
        if "/login/" in page.url:
            raise UnexpectedPageError(f"{username} could not sign in ({page.status})")
        return page

    def get_json(self, url: str, *, token: str) -> tuple[int, Any]:
        """What a program reads with a bearer token: the answer's status and JSON."""
        request = urllib.request.Request(urljoin(self.base_url, url), headers={"Authorization": f"Bearer {token}"})  # noqa: S310 — as above
        page = self._open(request)
        return page.status, json.loads(page.html)

    def post_json(self, url: str, body: Any, *, token: str) -> tuple[int, Any]:
        """What a program does: a JSON body with a bearer token; the answer's status and JSON."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        request = urllib.request.Request(urljoin(self.base_url, url), json.dumps(body).encode(), headers)  # noqa: S310 — as above
        page = self._open(request)
        try:
            return page.status, json.loads(page.html)
        except ValueError:
            raise UnexpectedPageError(f"{url} answered {page.status} without JSON") from None

    def _open(self, request: urllib.request.Request) -> Page:
        try:
            answer = self.opener.open(request, timeout=TIMEOUT)
        except urllib.error.HTTPError as error:  # a page all the same, with a status of its own
            answer = error
        with answer:
            html = answer.read().decode("utf-8", "replace")
        reader = _Reader()
        reader.feed(html)
        text = " ".join("".join(reader.text).split())
        return Page(answer.geturl() or request.full_url, answer.getcode() or 0, html, text, tuple(reader.forms))
