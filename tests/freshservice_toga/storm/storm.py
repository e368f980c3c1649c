"""A storm of webhooks: both vendors as servers, the portal's real processes, people at work, and kills.

Webhooks are told one to five times, in another order, over several threads, while the work goes on that they are about.
Freshservice keeps the limits of its plan, so most of them have to wait; what waits for one ticket is one look.
"""

from __future__ import annotations

import math
import os
import random
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from integrations.core.budgets.minutes import COUNTED_FOR
from integrations.core.budgets.sharing import share_of
from integrations.vendors.freshservice.plans import calls_per_minute
from integrations.vendors.freshservice.simulator import FreshserviceServer, FreshserviceSimulator
from integrations.vendors.simulation_server import Server
from integrations.vendors.toga.simulator import TogaSimulator
from tests.core.supervision.stage import wait_until
from tests.faults.driver import Driver
from tests.faults.processes import Portal
from tests.freshservice_toga.scene import SECRET

from .judging import Bound, Facts, bounds, calls_by_kind
from .people import CATEGORIES, REQUESTERS, People

THREADS = 8
RETRIES = 0.02  # of the vendor's minutes: a web that was killed is back within seconds
PATIENCE = 30.0  # seconds that the sender waits for an answer, on a slow machine
SHARES = 5  # so much of all webhooks waits to be sent at most, in an order of its own
PAUSE = 0.02  # seconds
SETTLED = 10  # calls after which the last link is stored too
WORKERS = 2
MINUTE = 65.0  # seconds after which no call counts any more
LONGEST_WAIT = 37.5  # seconds that a look waits for room in the minute; beyond that it is put off
WEB = ("web", "web worker")
VICTIMS = ("worker", "worker", "queue", "sentinel", *WEB)  # by chance


@dataclass
class Storm:
    """What there was at the end."""

    fresh: FreshserviceSimulator
    toga: TogaSimulator
    people: People
    kills: list[str] = field(default_factory=list)
    rain: float = 0.0  # seconds from the first webhook to the last
    lasted: float = 0.0  # seconds until nothing was left to do, and those that were only said to have passed
    early: int = 0  # looks begun before the last webhook was taken
    troubles: dict[str, list[str]] = field(default_factory=dict)
    deliveries: dict[str, int] = field(default_factory=dict)

    @property
    def cut(self) -> int:
        """How many looks the kills can have cut off: with an idle worker the whole queue is started anew."""
        return WORKERS * len([who for who in self.kills if who not in WEB])

    @property
    def calls(self) -> Counter[tuple[str, str]]:
        """How many calls of each kind were made, by system."""
        made: Counter[tuple[str, str]] = Counter()
        made.update({("Freshservice", call): n for call, n in calls_by_kind(self.fresh.calls, "/api/v2/").items()})
        made.update({("TOGA 2", call): n for call, n in calls_by_kind(self.toga.calls, "/v2/").items()})
        made["Freshservice", "GET a file"] = len(self.fresh.files.calls)
        return made

    @property
    def looks(self) -> int:
        return self.calls["Freshservice", "GET tickets/…"]

    @property
    def taken(self) -> int:
        """How many calls of webhooks were answered with a 2xx."""
        return sum(line.status == 202 for line in self.fresh.sender.sent)

    @property
    def most_early(self) -> int:
        """How many looks may have begun before the last webhook was taken: what our share of the plan allows."""
        each_minute = share_of(calls_per_minute({"plan": self.fresh.plan})["view ticket"], interactive=False)
        return min(self.taken, each_minute * math.ceil(self.rain / COUNTED_FOR.total_seconds()))

    @property
    def most_late(self) -> int:
        """How many may have begun after it: what waits for one ticket is one look.

        A look that was cut off is begun again at once, then when nobody can have its pair in hand any more, then when
        what it was sending can no longer arrive. One that met the end of the minute's calls is begun again too: one of
        each worker, since then nobody begins another until there is room.
        """
        ends_of_calls = math.ceil(self.lasted / LONGEST_WAIT)
        return len(self.fresh.data.tickets) + 3 * self.cut + WORKERS * ends_of_calls + self.facts.met

    @property
    def facts(self) -> Facts:
        data = self.fresh.data
        rows = [*data.tickets.values(), *data.conversations.values()]
        return Facts(
            tickets=len(data.tickets),
            said=len(rows),
            files=sum(len(row["_files"]) for row in rows) + self.people.pictures,
            people=len(self._with("contacts", "c_eliteUserId")),
            teams=len(self._with("ticket-teams", "c_eliteGroupId")),
            categories=len(self._with("ticket-categories", "c_eliteCategoryId")),
            ticket_edits=self.people.ticket_edits,
            note_edits=self.people.note_edits,
            looks=self.looks,
            cut=self.cut,
            at_once=WORKERS,
        )

    def bounds(self) -> list[Bound]:
        return bounds(self.facts, most_looks=self.most_early + self.most_late)

    def _with(self, resource: str, member: str) -> list[dict[str, Any]]:
        with self.toga.lock:
            return [row for row in self.toga.data.records[resource].values() if row.get(member)]

    def report(self) -> str:
        """What happened, in sentences."""
        sent = self.fresh.sender.sent
        killed = ", ".join(f"{who} ({times})" for who, times in Counter(self.kills).most_common()) or "nobody"
        return (
            f"{self.people.told:,} webhooks ({len(sent):,} calls) told {self.people.events:,} events of "
            f"{len(self.people.tickets):,} tickets. Killed: {killed}.\n"
            f"{self.looks:,} looks: {self.early:,} before the last webhook was taken (at most {self.most_early:,}), "
            f"{self.looks - self.early:,} after it (at most {self.most_late:,})."
        )

    def table(self) -> str:
        """The calls beside their bounds, in Markdown."""
        made = self.calls
        lines = ["| system | call | for | at least | at most | made |", "|---|---|---|---|---|---|"]
        for one in self.bounds():
            seen = made[one.system, one.call]
            lines.append(f"| {one.system} | `{one.call}` | {one.why} | {one.least:,} | {one.most:,} | {seen:,} |")
        return "\n".join(lines)


def storm(folder: Path, database: str, *, tickets: int, webhooks: int, kills: int, plan: str, seed: str) -> Storm:
    """Let it rain on a portal with this database and wait until nothing is left to do.

    `kills` processes are killed, at drawn moments; what the portal says is in files of the folder.
    """
    chance = random.Random(seed)
    with (
        FreshserviceServer(FreshserviceSimulator()) as fresh_server,
        Server(TogaSimulator()) as toga_server,
    ):
        fresh, toga = fresh_server.simulator, toga_server.simulator
        assert isinstance(fresh, FreshserviceSimulator)
        assert isinstance(toga, TogaSimulator)
        fresh.plan = plan
        environment = {
            **os.environ,
            "DATABASE_URL": database,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PYTHONPATH": str(settings.BASE_DIR),
            "QUEUE_WORKERS": str(WORKERS),
        }
        told = Storm(fresh, toga, People(fresh, chance, webhooks=webhooks))
        with closing(Driver(environment, module="tests.freshservice_toga.storm.portal")) as driver:
            driver.do("build", fresh=fresh.url, files=fresh.files.place, toga=toga.url, plan=plan)
            with closing(Portal(environment, folder)) as portal:
                _rain(told, portal, driver, tickets=tickets, kills=kills, chance=chance)
            told.troubles = driver.do("troubles")
            told.deliveries = driver.do("look")["deliveries"]
    return told


def _rain(told: Storm, portal: Portal, driver: Driver, *, tickets: int, kills: int, chance: random.Random) -> None:
    people, address = told.people, f"{portal.url}/webhooks/elite/freshservice/ticket"
    set_up = {"url": address, "secret": SECRET, "threads": THREADS, "shuffled": True}
    patience = {"timeout": PATIENCE, "scale": RETRIES}
    told.fresh.do("webhook", {**set_up, **patience, "seed": chance.random()})
    began = time.monotonic()
    people.raise_tickets(tickets)
    killer = Killer(told, portal, random.Random(chance.random()), kills)
    killer.start()
    over = threading.Event()
    sending = threading.Thread(target=_send, args=(told.fresh, over))
    sending.start()
    while people.told < people.webhooks:
        people.work(until=len(told.fresh.sender.sent) + people.webhooks // SHARES)
        over.wait(PAUSE)
    over.set()
    sending.join()
    told.rain, told.early = time.monotonic() - began, told.looks
    _dry_up(told, driver)
    killer.join()
    _dry_up(told, driver)
    told.lasted += time.monotonic() - began


def _send(fresh: FreshserviceSimulator, over: threading.Event) -> None:
    """Send what waits, and again what was not taken, until nothing more comes."""
    pause = threading.Event()
    while fresh.sender.waiting or not over.is_set():
        if not fresh.sender.pump():
            pause.wait(PAUSE)


def _dry_up(told: Storm, driver: Driver) -> None:
    """Until no delivery waits. Where everything waits for its time, as much time passes, for both sides."""
    wait_until(lambda: _is_dry(told, driver), "the end of the storm", seconds=1_800)


def _is_dry(told: Storm, driver: Driver) -> bool:
    seen = driver.do("look")
    if seen["at work"] or seen["due"]:
        return False
    if not seen["deliveries"].get("waiting"):
        return True
    if seen["waits"] is not None:
        seconds = max(MINUTE, seen["waits"] + 1)
        told.fresh.do("pass_minutes", {"minutes": seconds / 60})
        driver.do("let_pass", seconds=seconds)
        told.lasted += seconds
    return False


class Killer(threading.Thread):
    """Kills somebody so often, each time after a drawn number of calls to the vendors.

    It begins when all people, teams and categories are linked: a look that is cut off in the middle of that keeps back
    all tickets of that person, and the calls could not be reckoned any more.
    """

    def __init__(self, told: Storm, portal: Portal, chance: random.Random, kills: int) -> None:
        super().__init__(name="killer", daemon=True)
        self._told, self._portal, self._chance, self._kills = told, portal, chance, kills

    def run(self) -> None:
        wait_until(self._is_linked, "people, teams and categories that are linked", seconds=600)
        begun, brought = self._calls(), len(self._told.toga.data.records["tickets"])
        # Calls that come in any case: five for each ticket that is not there yet, and one for each thing said in it.
        left = 5 * (len(self._told.people.tickets) - brought) + self._told.people.webhooks // 8
        for moment in sorted(self._chance.sample(range(SETTLED, left), self._kills)):
            wait_until(lambda: self._calls() >= begun + moment, f"call {moment}", seconds=600)  # noqa: B023
            who = self._chance.choice(VICTIMS)
            self._portal.kill(who, self._chance)
            self._told.kills.append(who)

    def _is_linked(self) -> bool:
        facts = self._told.facts
        return (facts.people, facts.teams, facts.categories) == (len(REQUESTERS), 1, len(CATEGORIES))

    def _calls(self) -> int:
        return len(self._told.fresh.calls) + len(self._told.toga.calls)
