"""People at work in the simulated Freshservice: they raise tickets, talk, correct themselves, attach files."""

from __future__ import annotations

import random
from typing import Any

from integrations.vendors.freshservice.simulator import FreshserviceSimulator
from integrations.vendors.freshservice.simulator.world import (
    OTHER_GROUP,
    OTHER_REQUESTER,
    REQUESTER,
    THIRD_REQUESTER,
)

REQUESTERS = (REQUESTER, OTHER_REQUESTER, THIRD_REQUESTER)
GROUPS = (OTHER_GROUP, None)  # the first is a team of TOGA 2 by its name
CATEGORIES = (("Hardware",), ("Hardware", "Laptop"), ("Access",))  # those that TOGA 2 has too
LEVELS = ("category", "sub_category", "item_category")
MOST_COPIES = 5  # of a webhook
OFTEN = {"reply": 3, "answer": 3, "note": 3, "correct": 2, "set_status": 2, "edit": 2, "attach": 2, "picture": 1}


class People:
    """They do things until so many webhooks are asked for, each thing told by one to five."""

    def __init__(self, fresh: FreshserviceSimulator, chance: random.Random, *, webhooks: int) -> None:
        self.fresh, self.chance, self.webhooks = fresh, chance, webhooks
        self.tickets: list[int] = []
        self.notes: list[int] = []
        self.events = self.told = 0  # what happened, and the webhooks asked for about it
        self.ticket_edits = self.note_edits = self.pictures = 0

    def raise_tickets(self, count: int) -> None:
        """Every requester, group and category is met by the first few."""
        for number in range(count):
            values = {"subject": f"Trouble {number}", "requester_id": REQUESTERS[number % len(REQUESTERS)]}
            self.tickets.append(self._do("new_ticket", **values, **_filed(number, number)))

    def work(self, until: int) -> None:
        """Until so many webhooks are asked for in all."""
        while self.told < min(until, self.webhooks):
            (act,) = self.chance.choices([*OFTEN], [*OFTEN.values()])
            getattr(self, f"_{act}")(self.chance.choice(self.tickets))

    def _do(self, act: str, **values: Any) -> Any:
        copies = min(self.chance.randint(1, MOST_COPIES), self.webhooks - self.told)
        self.events += 1
        self.told += copies
        self.fresh.sender.set({"copies": copies})
        return self.fresh.do(act, values)

    # --- what they do ---------------------------------------------------------------------------------------------

    def _reply(self, ticket: int) -> None:
        self._do("reply", ticket=ticket, text=f"<p>We are on it ({self.events})</p>")

    def _answer(self, ticket: int) -> None:
        self._do("answer", ticket=ticket, text=f"<p>Still nothing ({self.events})</p>")

    def _note(self, ticket: int) -> None:
        is_private = self.chance.random() < 0.5
        self.notes.append(self._do("note", ticket=ticket, text=f"<p>Looked ({self.events})</p>", private=is_private))

    def _correct(self, _ticket: int) -> None:
        if self.notes:
            self.note_edits += 1
            text = f"<p>Looked better ({self.events})</p>"
            self._do("edit_note", conversation=self.chance.choice(self.notes), text=text)

    def _set_status(self, ticket: int) -> None:
        self.ticket_edits += 1
        self._do("set_status", ticket=ticket, status=self.chance.randint(2, 5))

    def _edit(self, ticket: int) -> None:
        self.ticket_edits += 1
        subject, requester = f"Other trouble {self.events}", self.chance.choice(REQUESTERS)
        filed = _filed(self.chance.randrange(6), self.chance.randrange(6))
        self._do("edit_ticket", ticket=ticket, subject=subject, requester_id=requester, **filed)

    def _attach(self, ticket: int) -> None:
        """Always under the same name."""
        on_note = self.notes and self.chance.random() < 0.5
        where = {"conversation": self.chance.choice(self.notes)} if on_note else {"ticket": ticket}
        self._do("attach", name="log.txt", text=f"content {self.events}", **where)

    def _picture(self, ticket: int) -> None:
        """Into the description."""
        self.note_edits += 1
        self.pictures += 1
        self._do("insert_image", ticket=ticket)


def _filed(group: int, category: int) -> dict[str, Any]:
    """Where a ticket belongs."""
    path = dict(zip(LEVELS, CATEGORIES[category % len(CATEGORIES)], strict=False))
    return {"group_id": GROUPS[group % len(GROUPS)], **dict.fromkeys(LEVELS), **path}
