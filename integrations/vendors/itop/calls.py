"""The calls to one iTop: one address, a form with the credentials, and a JSON document as one of its fields.

Fields of the form, not Basic: that splits passwords at colons, and fails where a web server sets REMOTE_USER. A file
goes as a form of several parts, which iTop reads too, so that its base64 is made while it is sent. iTop's session
cookie is not kept: the session keeps none. Source: fact sheet, section 1.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode

from integrations.texts import gettext as _
from integrations.transport.addresses import Place, place_of
from integrations.transport.answers import raise_for_status
from integrations.transport.errors import ConfigurationError, MalformedResponseError, NotFoundError
from integrations.transport.session import Answer, Session
from integrations.vendors import file_in_json

from .answers import TooLarge, lacks_its_form, result_of

PATH = "webservices/rest.php"
PICTURES = "pages/ajax.document.php?operation=download_inlineimage"
VERSION = "1.3"  # of the REST services; 1.4 does the same
COMMENT = "Integration portal"  # iTop keeps it with each change; only administrators can read it
FILE_DEADLINE = 600.0  # seconds
_FORM = "application/x-www-form-urlencoded"


class Calls:
    """One account. What is asked is a JSON document: its operation, and what belongs to it."""

    def __init__(self, session: Session, root: str, *, username: str, password: str, version: str) -> None:
        self._session, self._root, self._url = session, root, f"{root}/{PATH}"
        self._account = {"version": version or VERSION, "auth_user": username, "auth_pwd": password}
        self.last: Answer | None = None

    def __repr__(self) -> str:
        return f"Calls({self._session!r})"

    def read(self, operation: str, *, about: str, **asked: Any) -> dict[str, Any]:
        """Ask for something; repeated where the way fails."""
        return self._send({"operation": operation, **asked}, safe=True, about=about)

    def write(self, operation: str, *, comment: str, about: str, **asked: Any) -> dict[str, Any]:
        """Change something; sent at most once. Without a comment iTop refuses every write."""
        return self._send({"operation": operation, "comment": comment or COMMENT, **asked}, safe=False, about=about)

    def _send(self, document: Mapping[str, Any], *, safe: bool, about: str) -> dict[str, Any]:
        form = urlencode({**self._account, "json_data": json.dumps(document, allow_nan=False)}).encode()
        headers = {"Content-Type": _FORM}
        self.last = self._session.call("POST", self._url, data=form, headers=headers, safe=safe, about=about)
        return result_of(self.last, safe=safe)

    def write_file(
        self, operation: str, document: Mapping[str, Any], content: BinaryIO, size: int, *, comment: str, about: str
    ) -> dict[str, Any]:
        """Change something with a file, which goes where the document's last empty text is."""
        boundary = secrets.token_hex(16)
        before, after = file_in_json.halves({"operation": operation, "comment": comment or COMMENT, **document})
        body = file_in_json.Encoded(
            self._parts_before(boundary) + before, content, size, after + f"\r\n--{boundary}--\r\n".encode()
        )
        self.last = self._session.call(
            "POST",
            self._url,
            data=body,
            headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
            deadline=FILE_DEADLINE,
            about=about,
        )
        if lacks_its_form(self.last) and self.read("list_operations", about="after a form that got lost"):
            raise TooLarge(
                _("A server on the way dropped the file: it is larger than PHP's limits for uploads and forms.")
            )
        return result_of(self.last, safe=False)

    def _parts_before(self, boundary: str) -> bytes:
        parts = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in self._account.items()
        )
        return (
            f'{parts}--{boundary}\r\nContent-Disposition: form-data; name="json_data"; filename="json_data.json"\r\n'
            "Content-Type: application/json\r\n\r\n"
        ).encode()

    def read_file(
        self, document: Mapping[str, Any], spool: BinaryIO, target: BinaryIO, *, path: tuple[str, ...], max_bytes: int
    ) -> tuple[int | None, dict[str, Any]]:
        """Read an object with its file into `target`; the file's size (None: no text at `path`) and the envelope.

        `spool` is a temporary file for iTop's answer.
        """
        form = urlencode({**self._account, "json_data": json.dumps({"operation": "core/get", **document})}).encode()
        try:
            answer = self._session.call(
                "POST",
                self._url,
                data=form,
                headers={"Content-Type": _FORM},
                safe=True,
                file=spool,
                max_bytes=max_bytes,
                deadline=FILE_DEADLINE,
                about=f"{document['class']} {document['key']} with its content",
            )
        except MalformedResponseError:  # what is raised beyond `max_bytes`
            raise TooLarge(
                _("{object} {number} is larger than the connection allows.").format(
                    object=document["class"], number=document["key"]
                )
            ) from None
        if not 200 <= answer.status < 300:
            result_of(answer, safe=True)
            raise MalformedResponseError(_("iTop answered with neither a file nor an error."), status=answer.status)
        spool.seek(0)
        target.seek(0)
        target.truncate()
        size, rest = file_in_json.decode(spool, target, path=path)
        return size, result_of(replace(answer, body=rest), safe=True)

    def read_picture(self, number: int, secret: str, target: BinaryIO, *, max_bytes: int) -> str:
        """Write a picture of a log to `target`, as iTop hands it out to whoever knows its secret; its media type.

        The address is made from this iTop's own root, never taken from the log: an agent can write any address there.
        """
        answer = self._session.download(
            f"{self._root}/{PICTURES}&id={int(number)}&s={quote(secret, safe='')}",
            target,
            max_bytes=max_bytes,
            about=f"picture {number}",
            allowed=self._only_here,
            anonymous=True,
        )
        raise_for_status(answer, safe=True)
        media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if not media_type.startswith("image/"):  # for a wrong secret iTop answers 200 and a short text
            raise NotFoundError(
                _("iTop does not hand out the picture {number}: it is gone, or its secret is another.").format(
                    number=number
                )
            )
        return media_type

    def _only_here(self, place: Place) -> None:
        if place.origin != place_of(self._root).origin:
            raise ConfigurationError(
                _("iTop sends whoever fetches a picture to {host}; it was not fetched.").format(host=place.host)
            )
