"""People on both sides at once, by chance, with webhooks that get lost, come twice and in another order; and what must
be there once all of them are silent: a model of its own, which knows what they did and nothing of the bridge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from integrations.core import jobs
from integrations.core.models import RecordLink
from integrations.core.models.scoping import ScopedQuerySet
from integrations.vendors.itop.simulator import ItopSimulator
from tests.vendors.itop.saying import SayingItop

from .oracle import differences
from .scene import SECRETS, Scene

ROUNDS = 24  # until nothing moves any more, at most
MOST_OPEN, MOST_TICKETS = 8, 40
CODES = ("urgency", "impact")
STIMULI = ("ev_assign", "ev_pending", "ev_resolve", "ev_reopen", "ev_reassign")
MOVES = {
    "new": "ev_assign",
    "escalated_tto": "ev_assign",
    "pending": "ev_assign",
    "resolved": "ev_reopen",
}  # else pending
ACTS = {  # by how often they happen
    "new_ticket": 2,
    "title": 6,
    "codes_outside": 5,
    "codes_inside": 5,
    "entry": 22,
    "picture": 2,
    "attach": 10,
    "draft": 3,
    "delete": 5,
    "replace": 6,
    "state_inside": 10,
    "state_outside": 3,
    "reopen": 4,
    "close": 1,
    "escalate": 1,
    "swallow": 4,
    "purge": 1,
    "hints": 5,
    "reconcile": 3,
}


@dataclass
class File:
    """An attachment as people know it, on whichever side they see it; its number is in its name and its content."""

    ticket: int
    versions: list[str]
    replaced_by: set[str] = field(default_factory=set)
    is_deleted: bool = False


@dataclass
class Chatter:
    scene: Scene
    chance: Random
    loses: float = 0.5  # of the webhooks
    tickets: list[int] = field(default_factory=list)  # by the external id
    said: dict[int, Counter[Any]] = field(default_factory=dict)  # by ticket: author and text
    files: dict[int, File] = field(default_factory=dict)
    drafts: list[tuple[str, int, int]] = field(default_factory=list)  # side, attachment, number of the file
    on_the_way: list[tuple[str, str, str]] = field(default_factory=list)  # webhooks: path, body, secret
    edited_inside: set[tuple[int, str]] = field(default_factory=set)
    count: int = 0

    def begin(self) -> None:
        """Nothing is set up against echoes, and no pair is parked for being talkative."""
        self.scene.options(most_looks=1000)
        for role, itop in self.sides():
            itop.do("webhook", {"url": "http://portal.example.com/api/v1", "secret": SECRETS[role]})
            itop.sender.app = self._app_of(role)
        self.new_ticket()

    def sides(self) -> tuple[tuple[str, SayingItop], ...]:
        return ("external", self.scene.external), ("internal", self.scene.internal)

    def _app_of(self, role: str) -> Any:
        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
            self.on_the_way.append((environ["PATH_INFO"], body, SECRETS[role]))
            start_response("202 Accepted", [])
            return [b"{}"]

        return app

    def happens(self, times: int) -> None:
        acts = self.chance.choices(list(ACTS), weights=list(ACTS.values()), k=times)
        for act in acts:
            self.count += 1
            with suppress(ValueError):  # iTop refuses it in this state: nothing happened
                getattr(self, act)()

    # --- what people do

    def new_ticket(self) -> None:
        living = [one for one in self.tickets if self._state(one) != "closed"]
        if len(living) >= MOST_OPEN or len(self.tickets) >= MOST_TICKETS:
            return
        class_name = self.chance.choice(["UserRequest", "UserRequest", "Incident"])
        number = self.scene.outside("new_ticket", title=f"ticket {self.count}", class_name=class_name)
        self.tickets.append(number)
        self.said[number] = Counter()

    def title(self) -> None:
        self.scene.outside("edit_ticket", ticket=self._any(), title=f"title {self.count}")

    def codes_outside(self) -> None:
        values = {self.chance.choice(CODES): str(self.chance.randint(1, 3))}
        self.scene.outside("edit_ticket", ticket=self._any(), **values)

    def codes_inside(self) -> None:
        ticket, name = self._any(), self.chance.choice(CODES)
        if twin := self._twin(ticket):
            self.scene.inside("edit_ticket", ticket=twin, **{name: str(self.chance.randint(1, 3))})
            self.edited_inside.add((ticket, name))

    def entry(self, **picture: Any) -> None:
        ticket, side = self._any(), self._side()
        by, name = self.chance.choice([("agnes", "Agnes Weber"), ("otto", "Otto Lang")])
        if number := self._on(side, ticket):
            self._do(side, "add_log", ticket=number, text=f"said {self.count}", by=by, **picture)
            self.said[ticket][name, f"said {self.count}"] += 1

    def picture(self) -> None:
        self.entry(picture="shot.png")

    def attach(self) -> None:
        ticket, side = self._any(), self._side()
        if number := self._on(side, ticket):
            self._do(side, "attach", ticket=number, name=f"f{self.count}.txt", text=f"f{self.count} v0")
            self.files[self.count] = File(ticket, [f"f{self.count} v0"])

    def draft(self) -> None:
        """A file is chosen in a form, or a form is saved; some never are."""
        if self.drafts and self.chance.random() < 0.6:
            side, attachment, token = self.drafts.pop(self.chance.randrange(len(self.drafts)))
            ticket = self._any()
            if number := self._on(side, ticket):
                self._do(side, "save_draft", attachment=attachment, ticket=number)
                self.files[token] = File(ticket, [f"f{token} v0"])
            return
        side = self._side()
        made = self._do(side, "upload", name=f"f{self.count}.txt", text=f"f{self.count} v0")
        self.drafts.append((side, made, self.count))

    def delete(self) -> None:
        if found := self._any_file():
            side, attachment, token = found
            self._do(side, "delete_attachment", attachment=attachment)
            self.files[token].is_deleted = True

    def replace(self) -> None:
        if found := self._any_file():
            side, attachment, token = found
            text = f"f{token} v{self.count}"
            named = {"name": f"f{token}-renamed.txt"} if self.chance.random() < 0.3 else {}
            self._do(side, "replace_attachment", attachment=attachment, text=text, **named)
            self.files[token].versions.append(text)
            self.files[token].replaced_by.add(side)

    def state_inside(self) -> None:
        if twin := self._twin(self._any()):
            self.scene.inside("stimulate", ticket=twin, stimulus=self.chance.choice(STIMULI))

    def state_outside(self) -> None:
        self.scene.outside("stimulate", ticket=self._any(), stimulus=self.chance.choice(STIMULI))

    def reopen(self) -> None:
        if twin := self._twin(self._any()):
            self.scene.inside("stimulate", ticket=twin, stimulus="ev_resolve")
            if self.chance.random() < 0.5:
                self.hints()
            self.scene.inside("stimulate", ticket=twin, stimulus="ev_reopen")

    def close(self) -> None:
        if twin := self._twin(self._any()):
            self.scene.inside("stimulate", ticket=twin, stimulus="ev_close")

    def escalate(self) -> None:
        """Of an Incident never: iTop 3.2.0 dies over the step that leads on."""
        ticket = self._any()
        if (twin := self._twin(ticket)) and self.scene.ticket(self.scene.internal, twin)["class"] == "UserRequest":
            self.scene.inside("escalate", ticket=twin)

    def swallow(self) -> None:
        """Somebody's parallel append will swallow the next entry that the bridge writes there."""
        self._itop(self._side()).do("switch", {"name": "lost_appends", "value": 1})

    def purge(self) -> None:
        for _, itop in self.sides():
            itop.do("purge_drafts", {})
        self.drafts.clear()

    def hints(self, *, loses: float | None = None) -> None:
        """What is on the way arrives or is lost, some of it twice, in another order, and is worked off."""
        sent, self.on_the_way = self.on_the_way, []
        lost = self.loses if loses is None else loses
        for one in self.chance.sample(sent, len(sent)):
            for _ in range(0 if self.chance.random() < lost else self.chance.choice([1, 1, 2])):
                assert self.scene.post(*one) == 202
        self.scene.work(seconds=self.chance.choice([1, 12, 60]))

    def reconcile(self) -> None:
        self.scene.reconcile(minutes=self.chance.choice([1, 5, 5, 30]))

    # --- the end of it

    def silence(self) -> None:
        """Everybody stops, once each has said a last word; then the bridge does, and both sides are equal."""
        self.loses = 0
        for _, itop in self.sides():
            itop.do("switch", {"name": "lost_appends", "value": 0})
        self._settled(may_hold=True)  # attachments that are all missing at once wait for the last words
        self._last_words()
        self._settled()
        for link in self._links():
            jobs.enqueue("itop_bridge.sync_pair", link.pk)  # the cure for a replacement whose webhook was lost
        self._settled()
        assert self.scene.held() == []
        assert differences(self.scene.external, self.scene.internal) == []
        assert self.mistakes() == []
        self.scene.forget()
        for _ in range(2):
            self.hints()
            self.scene.reconcile(minutes=61)
        assert self.scene.all_writes() == []

    def _settled(self, *, may_hold: bool = False) -> None:
        quiet = 0
        for _ in range(ROUNDS):
            before = len(self.scene.all_writes())
            self.hints()
            self.scene.work(seconds=30)
            self.scene.reconcile(minutes=61)
            is_quiet = before == len(self.scene.all_writes()) and (may_hold or not self.scene.held())
            quiet = quiet + 1 if is_quiet else 0
            if quiet == 2:
                return
        raise AssertionError(f"never quiet: {self.scene.all_writes()[-5:]}, {self.scene.held()}")

    def _last_words(self) -> None:
        """What both sides differ in by the rules becomes equal by them: codes that were changed inside change outside,
        states change inside. And a file on each, since all that are missing at once are not deleted."""
        for ticket in self.tickets:
            twin, record = self._twin(ticket), self.scene.ticket(self.scene.external, ticket)
            for name in CODES:
                if (ticket, name) in self.edited_inside:
                    self.scene.outside("edit_ticket", ticket=ticket, **{name: str(int(record[name]) % 3 + 1)})
            state = self.scene.ticket(self.scene.internal, twin)["status"]
            if state != "closed":
                self.scene.inside("stimulate", ticket=twin, stimulus=MOVES.get(state, "ev_pending"))
            for side in ("external", "internal"):
                self.count += 1
                self._do(
                    side, "attach", ticket=self._on(side, ticket), name=f"f{self.count}.txt", text=f"f{self.count} v0"
                )
                self.files[self.count] = File(ticket, [f"f{self.count} v0"])

    def mistakes(self) -> list[str]:
        """What is not as the people left it, on either side; empty when all is."""
        found = []
        for ticket in self.tickets:
            for side, itop in self.sides():
                record = self.scene.ticket(itop, self._on(side, ticket))
                said = Counter(
                    (one["user_login"].partition(" (")[0], one["message"].partition(" [picture")[0].strip())
                    for one in record["private_log"]
                )
                if said != self.said[ticket]:
                    more, less = said - self.said[ticket], self.said[ticket] - said
                    found.append(f"{side} {record['ref']}: said too often {more}, not at all {less}")
                found += [f"{side} {record['ref']}: {one}" for one in self._files(itop, ticket, record)]
        return found

    def _files(self, itop: ItopSimulator, ticket: int, record: dict[str, Any]) -> list[str]:
        there: dict[int, list[str]] = {}
        for blob in (one["contents"] for one in itop.data.attachments_of(record)):
            if blob.name.startswith("f"):
                there.setdefault(_token(blob.name), []).append(blob.content.decode())
        wanted = {token: one for token, one in self.files.items() if one.ticket == ticket and not one.is_deleted}
        found = [f"f{token} is missing" for token in wanted.keys() - there.keys()]
        found += [f"f{token} was deleted, or never saved" for token in there.keys() - wanted.keys()]
        for token in wanted.keys() & there.keys():
            good = wanted[token].versions[-1:] if len(wanted[token].replaced_by) < 2 else wanted[token].versions
            if len(there[token]) != 1 or there[token][0] not in good:
                found.append(f"f{token} is {there[token]} instead of one of {good}")
        return found

    # --- where things are

    def _any(self) -> int:
        return self.chance.choice(self.tickets[-MOST_OPEN - 2 :])

    def _side(self) -> str:
        return self.chance.choice(["external", "internal"])

    def _itop(self, side: str) -> SayingItop:
        return self.scene.external if side == "external" else self.scene.internal

    def _do(self, side: str, act: str, **values: Any) -> Any:
        return (self.scene.outside if side == "external" else self.scene.inside)(act, **values)

    def _on(self, side: str, ticket: int) -> int:
        """The ticket's id on that side; 0 where it has no twin yet."""
        return ticket if side == "external" else self._twin(ticket)

    def _twin(self, ticket: int) -> int:
        """As people find it: by the ref in its title."""
        ref = self.scene.ticket(self.scene.external, ticket)["ref"]
        found = (one for one in self.scene.tickets(self.scene.internal) if one["title"].startswith(f"[{ref}] "))
        return next((int(one["id"]) for one in found), 0)

    def _state(self, ticket: int) -> str:
        twin = self._twin(ticket)
        return str(self.scene.ticket(self.scene.internal, twin)["status"]) if twin else "new"

    def _any_file(self) -> tuple[str, int, int] | None:
        """One that hangs on a ticket of either side, and what it is known by."""
        side, ticket = self._side(), self._any()
        number = self._on(side, ticket)
        itop = self._itop(side)
        hung = itop.data.attachments_of(self.scene.ticket(itop, number)) if number else []
        mine = [one for one in hung if one["contents"].name.startswith("f")]
        if not mine:
            return None
        one = self.chance.choice(mine)
        return side, int(one["id"]), _token(one["contents"].name)

    def _links(self) -> ScopedQuerySet[RecordLink]:
        return RecordLink.objects.filter(integration=self.scene.integration, object_type="ticket").order_by("pk")


def _token(name: str) -> int:
    return int(name.removeprefix("f").partition(".")[0].partition("-")[0])
