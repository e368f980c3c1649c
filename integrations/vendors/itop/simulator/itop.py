"""A local iTop: same answers, same oddities, with a ledger and faults on order. For tests and rehearsals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from integrations.vendors.simulation import Reply, Request, Simulator
from integrations.vendors.simulation_page import ledger_table, people_page

from . import operations
from .accounts import REST, REST_CONTEXT, Account, Actor
from .acts import ACTS
from .forms import Form, for_the_ledger, form_of, parsed
from .model import above
from .refusals import Died, Refused, died, thrown
from .sender import Sender
from .switches import SWITCHES, Switches
from .tickets import Vetoed
from .triggers import Event
from .world import Record, World, demo_world

PATH = "/webservices/rest.php"
_PICTURES = "/pages/ajax.document.php"
_DETAILS = "/pages/UI.php"
EXTERNAL, INTERNAL = "external", "internal"
_KINDS: dict[str, dict[str, Any]] = {  # ids and zones differ, so that a mix-up shows
    EXTERNAL: {"zone": "Europe/Paris", "bridge": "bridge", "first_ticket": 1},
    INTERNAL: {"zone": "Asia/Jakarta", "bridge": "bridge", "first_ticket": 5001},
}


class ItopSimulator(Switches, Simulator):
    """See `switches` for what can be chosen, `acts` for what people do, FAULTS for what goes wrong.

    `kind` is external or internal: two of them differ in zone and ids. `sender` is the webhook module, with a ledger of
    its own.
    """

    def __init__(self, kind: str = EXTERNAL) -> None:
        super().__init__()
        self.kind = kind
        self.data: World = demo_world(root="http://itop.example.com/", **_KINDS[kind])
        self.sender = Sender(lambda: self.data.clock.now(), self.stopping)
        self._swallowed: list[tuple[Record, dict[str, Any]]] = []

    @property
    def skew_seconds(self) -> float:
        return self.data.clock.ahead_seconds()

    def reset_world(self) -> None:
        self.data = demo_world(root=f"{self.url}/", **_KINDS[self.kind])
        self.sender.reset()
        self._swallowed.clear()
        for name in SWITCHES:
            self.__dict__.pop(name, None)

    def world(self) -> Any:
        """Everything but passwords and contents, of which the size and a hash are shown."""
        shown: dict[str, Any] = {
            root.lower(): [self._described(one) for one in records.values()]
            for root, records in self.data.objects.items()
        }
        shown["accounts"] = [
            {"login": one.login, "name": one.name, "profiles": sorted(one.profiles), "orgs": sorted(one.orgs)}
            for one in self.data.accounts.values()
        ]
        shown["webhooks"] = [asdict(line) for line in self.sender.sent]
        return shown

    def _described(self, record: Record) -> Record:
        blob = record.get("contents")
        if blob is None:
            return record
        told = {"name": blob.name, "type": blob.media_type, "size": len(blob.content)}
        return record | {"contents": told | {"sha256": sha256(blob.content).hexdigest()}}

    def do(self, action: str, arguments: dict[str, Any]) -> Any:
        """An act of somebody else. `pump` has the background task send the webhooks that wait.

        Raises ValueError for what iTop refuses.
        """
        if action == "pump":
            return self.sender.pump(**arguments)
        if action not in ACTS:
            return super().do(action, arguments)
        try:
            return ACTS[action](self, **arguments)
        except (Refused, Died, Vetoed) as refused:
            raise ValueError(str(refused) or type(refused).__name__) from None

    # --- a call -------------------------------------------------------------------------------------------------

    def shown(self, request: Request) -> tuple[str, str]:
        """For the ledger and for faults: `/webservices/rest.php core/update UserRequest::12`, and a body without
        secrets."""
        if request.path != PATH:
            return super().shown(request)
        form = form_of(request)
        verb = operations.describes(parsed(form.document()) or {})
        return f"{PATH} {verb}".strip(), for_the_ledger(form)

    def handle(self, request: Request) -> Reply:
        if self.delay:
            self.stopping.wait(self.delay)
        if self.is_out_of_order:
            return died()
        if request.path == _PICTURES:
            return self._picture(request)
        if request.path != PATH:
            return Reply.page("<html><body><h1>Not Found</h1></body></html>", status=404)
        try:
            reply = self._answered(request)
        except Refused as refused:
            reply = refused.reply()
        except Died:
            return died()
        headers = {**reply.headers, "Set-Cookie": "itop-made-up-session=1; path=/; HttpOnly"}
        return Reply(reply.status, reply.body, headers, reply.committed)

    def _answered(self, request: Request) -> Reply:
        form = form_of(request, largest_upload=self.largest_upload, largest_form=self.largest_form)
        account = self._login(form)
        version, document = form.fields.get("version", ""), form.document()
        if not version:
            raise thrown("Missing parameter 'version' (e.g. '1.0')", 2)
        if not document:
            raise thrown("Missing parameter 'json_data'", 3)
        given = parsed(document)
        if given is None:
            raise thrown("Parameter json_data is not a valid JSON structure", 4)
        if version not in operations.VERSIONS:
            raise thrown(f"There is no service available for version '{version}'", 10)
        return self._carried_out(lambda: operations.carry_out(self, Actor(account, REST_CONTEXT), version, given))

    def _login(self, form: Form) -> Account:
        """A missing user, a missing and a wrong password read the same."""
        account = self.data.accounts.get(form.fields.get("auth_user", ""))
        if account is None or account.password != form.fields.get("auth_pwd"):
            raise thrown("Invalid login", 1)
        if REST not in account.profiles:
            raise thrown(
                "This user is not authorized to use the web services. (The profile REST Services User is required to "
                "access the REST web services)",
                1,
            )
        return account

    def _carried_out(self, work: Callable[[], operations.Done]) -> Reply:
        """Webhooks leave while the caller waits, and while nothing is locked: who is called may call back."""
        with self.lock:
            done = work()
            calls = self.sender.caused(self.data, done.events)
        self.sender.send(calls)
        self.sender.settle()
        with self.lock:
            for record in done.going:
                self.data.remove(record)
            for record, logs in self._swallowed:
                record.update(logs)
            self._swallowed.clear()
        return done.reply

    def happen(self, events: Iterable[Event], going: Iterable[Record] = ()) -> None:
        """What people did has its consequences."""
        with self.lock:
            calls = self.sender.caused(self.data, events)
        self.sender.send(calls)
        self.sender.settle()
        with self.lock:
            for record in going:
                self.data.remove(record)

    def _picture(self, request: Request) -> Reply:
        """Handed out without login; with a wrong secret there is a short text, and status 200."""
        number, secret = request.query.get("id", ""), request.query.get("s", "")
        with self.lock:
            record = self.data.get("InlineImage", int(number)) if number.isdigit() else None
        known = record is not None and self.pictures_by_address and record["secret"] == secret
        if not known or record is None:
            return Reply.page("<html><body>Invalid id or secret</body></html>")
        blob = record["contents"]
        return Reply(200, blob.content, {"Content-Type": blob.media_type or "application/octet-stream"})

    # --- what the verbs ask of this instance --------------------------------------------------------------------

    def is_installed(self, class_name: str) -> bool:
        return (self.has_incidents or class_name != "Incident") and (
            self.has_changes or "Change" not in above(class_name)
        )

    def is_missing(self, class_name: str, name: str, record: Record) -> bool:
        """Whether a mandatory field counts as empty: under PHP 8 an unset reference does not."""
        attribute = self.data.attributes(class_name).get(name)
        if attribute is not None and attribute.kind == "key":
            return self.php < 8 and not record[name]
        return attribute is not None and record[name] == ""

    def refuse_if_told(self, comment: Any) -> None:
        if self.refusal:
            raise thrown(self.refusal)

    def remember(self, given: dict[str, Any], record: Record) -> None:
        """The history, which administrators alone can read; its `userinfo` is the comment of the call."""
        self.data.add(
            "CMDBChangeOp",
            date=self.data.clock.stamp(),
            userinfo=str(given["comment"]),
            objclass=record["class"],
            objkey=str(record["id"]),
            operation=str(given["operation"]),
        )

    def swallow(self, record: Record, logs: dict[str, Any], actor: Actor) -> None:
        """Once the call is answered, its entries are gone: the log was written anew by somebody who had not seen
        them."""
        if logs and self.lost_appends > 0 and actor.context == REST_CONTEXT:
            self.lost_appends -= 1
            self._swallowed.append((record, logs))

    # --- for people ---------------------------------------------------------------------------------------------

    def page(self, request: Request) -> Reply | None:
        """`/`: tickets, what is said in them, attachments, webhooks and the ledger; the page of one ticket where iTop
        has it.
        """
        if request.method == "GET" and request.path == _DETAILS:
            return self._details(request.query.get("id", ""))
        if request.method != "GET" or request.path != "/":
            return None
        with self.lock:
            found = list(self.data.all("Ticket"))[:200]
            said = [{"ticket": one["ref"], **entry} for one in found for entry in reversed(one["private_log"])][:200]
            html = people_page(
                f"iTop, {self.kind} (simulated)",
                {
                    "Tickets": (("id", "class", "ref", "status", "title", "priority", "last_update"), found),
                    "Private logs": (("ticket", "date", "user_login", "message"), said),
                    "Attachments": (("id", "item_class", "item_id", "name", "size"), self._files()),
                    "Webhooks": (
                        ("number", "at", "event", "ticket", "body", "status", "error", "dropped"),
                        [asdict(line) for line in reversed(self.sender.sent[-200:])],
                    ),
                    "Calls": ledger_table(self.calls),
                },
            )
        return Reply.page(html)

    def _details(self, number: str) -> Reply | None:
        """One ticket, what is said in it and what hangs on it; None where there is none."""
        with self.lock:
            ticket = self.data.get("Ticket", int(number)) if number.isdigit() else None
            if ticket is None:
                return None
            names = [name for name in self.data.attributes(ticket["class"]) if not name.endswith("_log")]
            fields = [{"field": name, "value": self.data.shown(ticket, name)} for name in names]
            html = people_page(
                f"{ticket['ref']}: {ticket['title']} (iTop, {self.kind}, simulated)",
                {
                    "Private log": (("date", "user_login", "message"), list(reversed(ticket["private_log"]))),
                    "Attachments": (("id", "name", "size"), self._shown(self.data.attachments_of(ticket))),
                    "Fields": (("field", "value"), [one for one in fields if one["value"] and one["value"] != "0"]),
                },
            )
        return Reply.page(html)

    def _files(self) -> list[Record]:
        return self._shown(list(self.data.all("Attachment"))[-200:])

    def _shown(self, attachments: Iterable[Record]) -> list[Record]:
        rows = [self._described(one) for one in attachments]
        return [one | (one["contents"] or {}) for one in rows]
