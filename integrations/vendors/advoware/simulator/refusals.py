"""How Advoware refuses: the phrases that a public client recognises, in a shape that no source shows."""

from __future__ import annotations

from integrations.vendors.simulation import Reply

OFFLINE = "Die Datenbank ist nicht angemeldet."
NOT_ENABLED = "Das Produkt ist für diese Kanzlei nicht freigeschaltet."
NOT_REGISTERED = "Die Kanzlei ist nicht registriert."
WRONG_PASSWORD = "Falscher Name oder falsches Kennwort."  # noqa: S105 — a phrase


class Refused(Exception):
    """Raised by whatever cannot carry out a call."""

    def __init__(self, status: int, sentence: str = "") -> None:
        super().__init__(sentence or str(status))
        self.status, self.sentence = status, sentence

    def reply(self, shape: str) -> Reply:
        """As `text`, `message` or `problem`."""
        if not self.sentence:
            return Reply(self.status)
        if shape == "message":
            return Reply.of({"message": self.sentence}, status=self.status)
        if shape == "problem":
            problem = {"type": "about:blank", "title": self.sentence, "status": self.status}
            return Reply.of(problem, status=self.status)
        return Reply(self.status, self.sentence.encode(), {"Content-Type": "text/plain; charset=utf-8"})
