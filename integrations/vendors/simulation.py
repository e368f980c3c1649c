"""What all vendor simulators share: a ledger of calls, faults on order, control routes, a page for people.

Control, for other processes: `GET /_simulator/ledger`, `GET /_simulator/world`, `POST /_simulator/faults`
(`{"name", "method", "path", "times", "value"}`), `POST /_simulator/reset`, `POST /_simulator/commit` (late commits
happen now), `POST /_simulator/do` (`{"action": …}`, what each simulator offers beside its API). `GET /` is for people.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

SECRET_HEADERS = frozenset(
    [
        *("authorization", "secret", "username", "apiintegrationcode", "cookie"),
        *("x-client-uuid", "x-api-key", "x-api-secret", "x-hmac-authorization"),
    ]
)
FAULTS = {
    "answer_lost": "carried out, then the connection closes without an answer (after `value` seconds)",
    "not_received": "the connection closes, nothing was carried out",
    "late_commit": "no answer; carried out after `value` seconds, or on POST /_simulator/commit",
    "truncated": "carried out, half of the answer arrives",
    "committed_500": "carried out, then 500 without errors",
    "committed_429": "carried out, then 429",
    "429": "not carried out",
    "500_errors": "not carried out, 500 with `value` as the vendor's sentence",
    "html_503": "not carried out, an HTML page",
    "html_500": "carried out, then 500 with an HTML page",
    "garbage": "carried out, the answer is no JSON",
    "meanwhile": "carried out, and before the answer arrives somebody else does `value` (an order as for `do`)",
    "slow": "carried out and answered after `value` seconds",
}


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # lower-case names
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. A page is inert whatever stands in it: no script, no picture, no form, nothing from elsewhere."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    committed: bool = False  # a write was carried out

    @classmethod
    def of(cls, value: Any, *, status: int = 200, committed: bool = False) -> Reply:
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json"}, committed)

    @classmethod
    def page(cls, html: str, *, status: int = 200) -> Reply:
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
            "X-Content-Type-Options": "nosniff",
        }
        return cls(status, html.encode("utf-8", "replace"), headers)


@dataclass(slots=True)
class Call:
    """One line of the ledger. `status` stays None when no answer was sent; `delay` is in seconds."""

    number: int
    method: str
    path: str
    headers: dict[str, str]
    body: str
    arrived: str
    committed: bool = False
    status: int | None = None
    fault: str = ""
    delay: float = 0.0  # how long the vendor held it back on purpose


@dataclass(slots=True)
class Fault:
    """The next `times` calls that match `method` ("*": any) and the `path` pattern do `name`."""

    name: str
    method: str = "*"
    path: str = ".*"
    times: int = 1
    value: Any = None

    def __post_init__(self) -> None:
        if self.name not in FAULTS:
            raise ValueError(f"unknown fault {self.name!r}; known: {', '.join(FAULTS)}")
        re.compile(self.path)

    def fits(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and re.search(self.path, path, re.IGNORECASE) is not None


class Simulator:
    """The base of every vendor's simulator: subclasses answer `handle` and describe their `world`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.pending: list[tuple[Request, Call]] = []
        self.stopping = threading.Event()
        self.url = ""

    @property
    def skew_seconds(self) -> float:
        """How far the vendor's clock is ahead of ours; its answers are dated by it."""
        return 0.0

    def shown(self, request: Request) -> tuple[str, str]:
        """Path and body of a call, as the ledger has them and faults look for them: without secrets."""
        return request.path, request.body.decode("utf-8", "replace")

    def door(self, request: Request, call: Call) -> Reply | None:
        """The vendor's refusal before anything is done (credentials, limits); None lets the call in."""
        return None

    def leave(self, call: Call) -> None:
        """The call is over, let in or not."""

    def handle(self, request: Request) -> Reply:
        """Carry out a call that was let in."""
        raise NotImplementedError

    def page(self, request: Request) -> Reply | None:
        """What a person's browser sees at this address; None where the API answers. Never on the ledger."""
        return None

    def world(self) -> Any:
        raise NotImplementedError

    def reset_world(self) -> None:
        raise NotImplementedError

    def do(self, action: str, arguments: dict[str, Any]) -> Any:
        """An act of somebody else in the vendor's user interface. Raises ValueError for an unknown one."""
        raise ValueError(f"unknown action {action!r}")

    def fault(self, name: str, *, method: str = "*", path: str = ".*", times: int = 1, value: Any = None) -> None:
        with self.lock:
            self.faults.append(Fault(name, method, path, times, value))

    def reset(self) -> None:
        with self.lock:
            self.calls.clear()
            self.faults.clear()
            self.pending.clear()
            self.reset_world()

    def commit_pending(self) -> int:
        """Carry out what `late_commit` kept back; returns how many."""
        with self.lock:
            waiting, self.pending = self.pending, []
        for request, call in waiting:
            call.committed = self.handle(request).committed
        return len(waiting)

    def answer(self, request: Request) -> Reply | None:
        """Write the ledger, apply a fault, answer. None: the connection is closed without an answer."""
        path, body = self.shown(request)
        with self.lock:
            call = Call(
                len(self.calls) + 1,
                request.method,
                path,
                {name: value for name, value in request.headers.items() if name not in SECRET_HEADERS},
                body,
                datetime.now(UTC).isoformat(),
            )
            self.calls.append(call)
            fault = self._next_fault(request.method, path)
        call.fault = fault.name if fault else ""
        try:
            reply = self._with(fault, request, call) if fault else self._carry_out(request, call)
        finally:
            self.leave(call)
        call.status = reply.status if reply else None
        return reply

    def control(self, request: Request) -> Reply:
        with self.lock:
            name = request.path.removeprefix("/_simulator/")
            if request.method == "GET" and name == "ledger":
                return Reply.of({"calls": [asdict(call) for call in self.calls]})
            if request.method == "GET" and name == "world":
                return Reply.of(self.world())
        if request.method != "POST":
            return Reply.of({"error": "unknown control route"}, status=404)
        try:
            return Reply.of(self._steer(name, json.loads(request.body or b"{}")))
        except (ValueError, TypeError, KeyError, re.error) as error:
            return Reply.of({"error": str(error)}, status=400)

    def _steer(self, name: str, order: dict[str, Any]) -> Any:
        routes: dict[str, Callable[[], Any]] = {
            "faults": lambda: self.fault(order.pop("name"), **order),
            "reset": self.reset,
            "commit": self.commit_pending,
            "do": lambda: self.do(order.pop("action"), order),
        }
        if name not in routes:
            raise ValueError(f"unknown control route {name!r}")
        return {"done": routes[name]()}

    def _next_fault(self, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.fits(method, path):
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    def _carry_out(self, request: Request, call: Call) -> Reply:
        reply = self.door(request, call) or self.handle(request)
        call.committed = reply.committed
        return reply

    def _with(self, fault: Fault, request: Request, call: Call) -> Reply | None:
        refusals = {
            "429": Reply.of({"errors": ["Too many requests."]}, status=429),
            "500_errors": Reply.of({"errors": [str(fault.value or "Refused.")]}, status=500),
            "html_503": Reply.page("<html><body>Service Unavailable</body></html>", status=503),
        }
        if fault.name in refusals:
            return refusals[fault.name]
        if fault.name == "not_received":
            return None
        if fault.name == "late_commit":
            if refused := self.door(request, call):
                return refused
            self.pending.append((request, call))
            if fault.value is not None:
                timer = threading.Timer(float(fault.value), self.commit_pending)
                timer.daemon = True
                timer.start()
            return None
        reply = self._carry_out(request, call)
        if fault.name == "meanwhile":
            self.do(fault.value["action"], {name: value for name, value in fault.value.items() if name != "action"})
        if fault.name in ("slow", "answer_lost"):
            self.stopping.wait(float(fault.value or 0))
        spoiled: dict[str, Reply | None] = {
            "answer_lost": None,
            "committed_500": Reply(500),
            "html_500": Reply.page("<html><body>Oops, an error occurred!</body></html>", status=500),
            "committed_429": Reply(429),
            "garbage": Reply(200, b"\x00not json{", {"Content-Type": "application/json"}),
            "truncated": Reply(
                reply.status, reply.body[: len(reply.body) // 2], {"X-Whole-Length": str(len(reply.body))}
            ),
        }
        return spoiled.get(fault.name, reply)
