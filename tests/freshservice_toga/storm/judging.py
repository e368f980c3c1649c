"""What the ledger of TOGA 2 holds twice or in vain, and how many calls of each kind a storm may cost."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from integrations.vendors.simulation import Call
from integrations.vendors.toga.simulator import TogaSimulator

_IDS = re.compile(r"/(?:[0-9]+|[0-9a-f]{8}-[0-9a-f-]{27})(?=/|$)")
OWN_IDS = {"tickets": "c_eliteTicketId", "ticket-notes": "c_eliteConversationId", "contacts": "c_eliteUserId"}


# --- the ledger -------------------------------------------------------------------------------------------------------


def doubled(toga: TogaSimulator) -> list[str]:
    """What was made twice, by the ledger; empty: nothing was."""
    made: Counter[str] = Counter()
    for call in toga.calls:
        resource = call.path.removeprefix("/v2/")
        if call.method == "POST" and call.committed and resource in OWN_IDS:
            made[f"{resource} {json.loads(call.body)[OWN_IDS[resource]]}"] += 1
        elif call.method == "POST" and call.committed and resource.endswith("/ticket-note-files"):
            made[f"{resource} {json.loads(call.body)['file']['uuid']}"] += 1
    return sorted(what for what, times in made.items() if times > 1)


# --- calls ------------------------------------------------------------------------------------------------------------


def calls_by_kind(calls: Iterable[Call], root: str) -> Counter[str]:
    """How many calls of each kind, ids left out; of writes those that were carried out."""
    counted = [call for call in calls if call.method == "GET" or call.committed]
    return Counter(f"{call.method} {_IDS.sub('/…', call.path).removeprefix(root)}" for call in counted)


def refused(calls: Iterable[Call]) -> list[Call]:
    """The writes that were not carried out."""
    return [call for call in calls if call.method != "GET" and not call.committed]


@dataclass(frozen=True, slots=True)
class Bound:
    """How many calls of a kind must have been made, how many may have been, and why."""

    system: str
    call: str
    least: int
    most: int
    why: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the bounds are reckoned from."""

    tickets: int
    said: int  # descriptions and conversations
    files: int
    people: int
    teams: int
    categories: int
    ticket_edits: int
    note_edits: int
    looks: int  # at a ticket
    cut: int  # looks that a kill can have cut off
    at_once: int  # looks that can be under way at the same time

    @property
    def met(self) -> int:
        """How many looks may be begun again because another one was just linking the same person, team or category."""
        return (self.people + self.teams + self.categories) * (self.at_once - 1)


def bounds(facts: Facts, *, most_looks: int) -> list[Bound]:
    """A look at a ticket costs three calls: the ticket, what was said, its pair in TOGA 2. All else is for what is new.

    What is looked up until a first look has linked it (people, teams, categories) may be looked up by each look that
    is under way just then (nobody is killed before); what a look had in hand when it was cut off may be asked for once
    more.
    """
    f, first = facts, facts.at_once

    def fresh(call: str, least: int, most: int, why: str) -> Bound:
        return Bound("Freshservice", call, least, most, why)

    def toga(call: str, least: int, most: int, why: str) -> Bound:
        return Bound("TOGA 2", call, least, most, why)

    return [
        fresh("GET tickets/…", f.tickets, most_looks, "a look"),
        fresh("GET tickets/…/conversations", f.tickets, f.looks, "a look"),
        fresh("GET requesters/…", f.people, f.people * first, "a person, until linked"),
        fresh("GET groups/…", f.teams, f.teams * first, "a team, until linked"),
        fresh("GET ticket_form_fields", min(1, f.categories), f.categories * first, "a category, until linked"),
        fresh("GET a file", f.files, f.files + f.cut, "a file"),
        toga("GET tickets", f.tickets, f.tickets + 2 * f.cut + f.met, "a ticket, until linked"),
        toga("GET tickets/…", 0, f.looks - f.tickets + f.cut, "a look at a pair"),
        toga("GET contacts", 2 * f.people, 2 * f.people * first, "a person, until linked: by id, by e-mail"),
        toga("GET ticket-teams", 2 * f.teams, 2 * f.teams * first, "a team, until linked: by id, by name"),
        toga("GET ticket-categories", f.categories, 2 * f.categories * first, "a category, until linked: by id, all"),
        toga("GET ticket-notes/…", 0, f.cut, "a file in hand when its look was cut off"),
        toga("POST contacts", f.people, f.people, "a person"),
        toga("POST tickets", f.tickets, f.tickets, "a ticket"),
        toga("POST ticket-notes", f.said, f.said, "a thing that was said"),
        toga("POST files", f.files, f.files + f.cut, "a file"),
        toga("POST ticket-notes/…/ticket-note-files", f.files, f.files, "a file"),
        toga("PATCH tickets/…", 0, f.ticket_edits + f.cut, "an edit"),
        toga("PATCH ticket-notes/…", 0, f.note_edits + f.cut, "an edit"),
        toga("PATCH ticket-teams/…", f.teams, f.teams * first, "a team gets its id"),
        toga("PATCH ticket-categories/…", f.categories, f.categories * first, "a category gets its id"),
    ]
