"""What a ticket of Freshservice says in TOGA 2. Tables and pure functions.

| field    | Freshservice                               | TOGA 2                                   |
|----------|--------------------------------------------|------------------------------------------|
| subject  | subject                                    | subject                                  |
| status   | status, a code                             | status, by the words of the settings     |
| priority | priority, a code                           | priority, by the words                   |
| source   | source, a code                             | source, by the words                     |
| contact  | requester_id                               | contact, by c_…UserId, else its e-mail   |
| team     | group_id                                   | ticketTeam, by c_…GroupId, else its name |
| category | category, sub_category, item_category      | ticketCategory, by c_…CategoryId or path |
| note     | the description; each conversation         | ticketNotes, by c_…ConversationId        |
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

WORDS: dict[str, dict[int, str]] = {  # until an admin changes them
    "status": {2: "Open", 3: "Pending", 4: "Resolved", 5: "Closed"},
    "priority": {1: "Low", 2: "Medium", 3: "High", 4: "Urgent"},
    "source": {
        **{1: "Email", 2: "Portal", 3: "Phone", 4: "Chat", 5: "Feedback widget", 6: "Yammer", 7: "AWS CloudWatch"},
        **{8: "PagerDuty", 9: "Walk-up", 10: "Slack", 11: "Chatbot", 12: "Workplace", 13: "Employee onboarding"},
        **{14: "Alerts", 15: "MS Teams", 18: "Employee offboarding"},
    },
}
FIELDS = ("subject", "status", "priority", "source", "contact", "team", "category")
LINKED = frozenset({"contact", "team", "category"})
CLOSED = frozenset({4, 5})  # resolved and closed; a tenant's own codes count as open
PUT_AWAY = {
    "deleted": "It was deleted in Freshservice.",
    "spam": "It was marked as spam in Freshservice.",
}
HIDDEN = (
    "Freshservice does not show it any more, and shows others: it was deleted for good, moved to another workspace, or "
    "hidden from the API key."
)
GONE = "<p><em>(Deleted in Freshservice.)</em></p>"


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was said in a ticket: its description, or a conversation."""

    key: str  # what c_…ConversationId holds
    html: str
    is_external: bool
    user_id: int | None
    files: tuple[Any, ...]  # of vendors.freshservice.schemas.Attachment, each once
    lasting: str  # what of the HTML is the same at each read

    @property
    def fingerprint(self) -> str:
        return hashlib.blake2b(f"{self.is_external} {self.lasting}".encode(), digest_size=8).hexdigest()


def said_in(ticket: Any, conversations: Iterable[Any], *, images: Any, lasting: Any) -> list[Said]:
    """The description and the conversations, oldest first.

    `images(html)` are the inline pictures of a text, `lasting(html)` what of it is the same at each read.
    """
    first = Said(
        f"ticket-{ticket.id}",
        ticket.description,
        True,
        ticket.requester_id,
        _files((*ticket.attachments, *images(ticket.description))),
        lasting(ticket.description),
    )
    rest = [
        Said(
            str(one.id),
            one.body,
            one.private is False,  # one that does not say so is private: nobody must see it by mistake
            one.user_id,
            _files((*one.attachments, *images(one.body))),
            lasting(one.body),
        )
        for one in conversations
    ]
    return [first, *rest]


def _files(found: Iterable[Any]) -> tuple[Any, ...]:
    return tuple({file.key: file for file in reversed(list(found))}.values())[::-1]


def put_away(ticket: Any) -> str:
    """Why no list of Freshservice shows this ticket, by its own members; empty when lists do."""
    return next((said for name, said in PUT_AWAY.items() if getattr(ticket, name)), "")


def wanted(found: Mapping[str, str | None], base: Mapping[str, Any], there: Mapping[str, str]) -> dict[str, str]:
    """The fields to write: those that changed in Freshservice since both agreed, and differ. None: cannot be said."""
    return {
        name: value
        for name, value in found.items()
        if value is not None and value != base.get(name, "") and value != there.get(name, "")
    }


def members(values: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    """These fields as members of a ticket of TOGA 2; `names` are the API's for ours."""
    return {
        names[name]: ({"uuid": value} if value else None) if name in LINKED else value for name, value in values.items()
    }


def differences(values: Mapping[str, str]) -> str:
    """What is written, for people."""
    to = gettext("{field} to “{value}”")
    said = (name if name in LINKED else to.format(field=name, value=value) for name, value in values.items())
    return gettext("set {changes}").format(changes=", ".join(said))
