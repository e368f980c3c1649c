"""The host of files, on a port of its own: signed addresses that expire, and no credentials.

Addresses look as in public samples; a signature over an id, a time and a counter stands for the CDN's.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from integrations.vendors.simulation import Reply, Request, Simulator

from .world import File

if TYPE_CHECKING:
    from .freshservice import FreshserviceSimulator

_KEY = b"made-up signing key"
_FILE = re.compile(r"(?:/moved)?/data/helpdesk/attachments/production/([0-9]+)/original/.*")
_INLINE = re.compile(r"(?:/moved)?/inline/attachment")
_DENIED = (
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access denied</Message></Error>'
)
_SIGNED_ALREADY = (
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>InvalidArgument</Code>'
    "<Message>Only one auth mechanism allowed</Message></Error>"
)


class FilesSimulator(Simulator):
    """Its ledger holds the downloads; faults and control routes as everywhere. `strangers` counts calls that brought
    credentials along."""

    def __init__(self, account: FreshserviceSimulator) -> None:
        super().__init__()
        self.account = account
        self.strangers = 0
        self._counter = itertools.count(1)
        self._minted: dict[tuple[int, bool], str] = {}

    @property
    def place(self) -> str:
        """Host and port, as the connection's setting "Hosts of files" wants them."""
        return urlsplit(self.url).netloc

    @property
    def skew_seconds(self) -> float:
        return self.account.skew_seconds

    def reset_world(self) -> None:
        self.strangers = 0
        self._minted.clear()

    def world(self) -> Any:
        return [{"id": one.id, "name": one.name, "size": len(one.content)} for one in self.account.data.files.values()]

    def address_of(self, file: File, *, inline: bool = False) -> str:
        """A signed address, a new one for each read."""
        known = self._minted.get((file.id, inline))
        if known and not self.account.urls_reminted:
            return known
        ends = int(self.account.data.clock.now().timestamp()) + self.account.url_lifetime
        nonce = next(self._counter)
        signature = _signature(file.id, ends, nonce)
        if inline:
            found = f"{self.url}/inline/attachment?token={file.id}.{ends}.{signature}"
        else:
            signed = urlencode(
                {
                    "response-content-type": file.content_type,
                    "Expires": ends,
                    "Signature": signature,
                    "Key-Pair-Id": "MADEUPKEYPAIRID",
                }
            )
            name = quote(file.name, safe="")
            found = f"{self.url}/data/helpdesk/attachments/production/{file.id}/original/{name}?{signed}"
        self._minted[file.id, inline] = found
        return found

    def handle(self, request: Request) -> Reply:
        if "authorization" in request.headers or "cookie" in request.headers:
            self.strangers += 1
            return _xml(400, _SIGNED_ALREADY)
        if request.method not in ("GET", "HEAD"):
            return _xml(405, _DENIED)
        if self.account.file_redirect and not request.path.startswith("/moved"):
            target = f"{self.account.file_redirect}/moved{request.path}?{urlencode(request.query)}"
            return Reply(302, headers={"Location": target})
        file = self._signed_for(request)
        if file is None:
            return _xml(self.account.expired_status, _DENIED)
        shown = request.query.get("response-content-type", file.content_type)
        return Reply(200, file.content, {"Content-Type": shown})

    def _signed_for(self, request: Request) -> File | None:
        if found := _FILE.fullmatch(request.path):
            number, ends, signature = found[1], request.query.get("Expires", ""), request.query.get("Signature", "")
        elif _INLINE.fullmatch(request.path):
            number, ends, signature = [*request.query.get("token", "").split(".", 2), "", "", ""][:3]
        else:
            return None
        nonce = signature.partition("-")[0]
        if not all(part.isdecimal() for part in (number, ends, nonce)):
            return None
        forgiving = _INLINE.fullmatch(request.path) and not self.account.inline_tokens_expire
        late = int(ends) <= self.account.data.clock.now().timestamp() and not forgiving
        forged = not hmac.compare_digest(signature, _signature(int(number), int(ends), int(nonce)))
        return None if late or forged else self.account.data.files.get(int(number))


def _signature(file: int, ends: int, nonce: int) -> str:
    return f"{nonce}-{hmac.new(_KEY, f'{file} {ends} {nonce}'.encode(), hashlib.sha256).hexdigest()[:32]}"


def _xml(status: int, body: str) -> Reply:
    return Reply(status, body.encode(), {"Content-Type": "application/xml"})
