"""The simulated Autotask in the words of these tests: what it is told to do to the next call, and what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from integrations.vendors.autotask.simulator import serve
from tests.backup_tickets.scene import COMPANY

CREATE = {"method": "POST", "path": r"/Tickets/?$"}
QUERIES = {"method": "POST", "path": r"/query"}


class Autotask:
    """One running simulator."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url: str = server.url
        self.simulator: Any = server.simulator

    def reset(self) -> None:
        """The first world again, and nothing goes wrong. Ids are never used twice."""
        last = self.simulator.data.last_id
        self.simulator.reset()
        self.simulator.data.last_id = last
        self.simulator.index_lag = False

    def mend(self) -> None:
        """Nothing more goes wrong from now on; what was committed can be found."""
        self.simulator.faults.clear()
        self.simulator.index_lag = False
        self.simulator.release_index()

    # --- what goes wrong with the next create call

    def lose_the_call(self) -> None:
        self.simulator.fault("not_received", **CREATE)

    def lose_the_answer(self) -> None:
        self.simulator.fault("answer_lost", **CREATE)

    def truncate_the_answer(self) -> None:
        self.simulator.fault("truncated", **CREATE)

    def garble_the_answer(self) -> None:
        self.simulator.fault("garbage", **CREATE)

    def fail_after_commit(self) -> None:
        self.simulator.fault("committed_500", **CREATE)

    def throttle(self) -> None:
        self.simulator.fault("429", **CREATE)

    def throttle_after_commit(self) -> None:
        self.simulator.fault("committed_429", **CREATE)

    def refuse(self, sentence: str) -> None:
        self.simulator.fault("500_errors", **CREATE, value=sentence)

    def commit_late(self) -> None:
        """No answer, and nothing to be found until `finish_late_commits`."""
        self.simulator.fault("late_commit", **CREATE)

    def finish_late_commits(self) -> None:
        self.simulator.commit_pending()

    # --- what goes wrong with reads

    def break_reading(self) -> None:
        self.simulator.fault("html_503", method="GET", path=r"/Tickets/\d+", times=1000)

    def break_queries(self) -> None:
        self.simulator.fault("html_503", **QUERIES, times=1000)

    def garble_lists(self) -> None:
        self.simulator.fault("garbage", method="GET", path=r"/fields$")

    def lag(self) -> None:
        """Searches do not see the next tickets until it is mended."""
        self.simulator.index_lag = True

    # --- what it holds

    def tickets(self) -> list[dict[str, Any]]:
        return list(self.simulator.tickets.values())

    def calls(self) -> list[Any]:
        return list(self.simulator.calls)

    def add_ticket(self, key: str) -> int:
        """A ticket with this key appears; the answer is its id."""
        number: int = self.simulator.data.next_id()
        self.simulator.data.tickets[number] = {
            "id": number,
            "ticketNumber": f"T20261122.{number}",
            "title": "Appeared",
            "companyID": COMPANY[0],
            "queueID": 8,
            "source": 8,
            "status": 1,
            "priority": 1,
            "externalID": key,
        }
        return number

    # --- what other people do there

    def book_time(self, ticket_id: int) -> None:
        self.simulator.do("add_time_entry", {"ticket": ticket_id})

    def set_status(self, ticket_id: int, status: int) -> None:
        self.simulator.tickets[ticket_id]["status"] = status

    def delete_ticket(self, ticket_id: int) -> None:
        self.simulator.do("delete_ticket", {"id": ticket_id})

    def add_company(self, company_id: int, name: str, *, active: bool = True) -> None:
        """A company with this id exists, called and being so."""
        company = {"id": company_id, "companyName": name, "companyNumber": "", "isActive": active}
        self.simulator.data.companies[company_id] = company


@contextmanager
def running() -> Iterator[Autotask]:
    with serve(port=0) as server:
        yield Autotask(server)
