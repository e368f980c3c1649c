"""How iTop refuses: with HTTP 200, a code, and a sentence in the body; or with a program that died."""

from __future__ import annotations

from typing import Any

from integrations.vendors.simulation import Reply

FATAL = (
    "<html><head><title>iTop - fatal error</title></head><body><h1>Oops, an error occurred!</h1>"
    "<p>PHP Fatal error: Uncaught Error: Call to undefined method</p></body></html>"
)


class Refused(Exception):
    """Raised by whatever cannot carry out a call. One that was thrown in PHP (`thrown`) shows no objects at all."""

    def __init__(self, code: int, said: str, *, thrown: bool = False) -> None:
        super().__init__(said)
        self.code, self.said, self.thrown = code, said, thrown

    def reply(self) -> Reply:
        if self.thrown:
            return Reply.of({"code": self.code, "message": f"Error: {self.said}"})
        return Reply.of({"code": self.code, "message": self.said, "objects": None})


def thrown(said: str, code: int = 100) -> Refused:
    return Refused(code, said, thrown=True)


def unexpected(class_name: str, number: int, label: str, name: str, why: str) -> Refused:
    """The sentence about a value that the data model refuses."""
    told = f"Unexpected value for attribute '{label}' ({name}) : {why}"
    return thrown(f"{told}: issues = {{0=>{told}}}, class = {class_name}, id = {number or -1}")


class Died(Exception):
    """iTop's program ended in the middle of a call."""


def died() -> Reply:
    return Reply.page(FATAL, status=500)


def success(objects: dict[str, Any] | None, said: str | None = None, *, committed: bool = False) -> Reply:
    return Reply.of({"code": 0, "message": said, "objects": objects or None}, committed=committed)
