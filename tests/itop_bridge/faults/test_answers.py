"""Every write of the bridge × every way in which its answer gets lost, is spoiled or is a refusal.

Judged by the ledger and by a full compare: the next runs end with both sides equal, and the write was carried out once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from integrations.vendors.simulation import Reply, Request
from tests.itop_bridge.oracle import differences
from tests.itop_bridge.scene import DEFAULTS, Scene
from tests.vendors.itop.saying import PATH, SayingItop

BACK_REFERENCE = "provider_ref"
Act = Callable[[Scene, int, int], None]


@dataclass(frozen=True)
class Case:
    """A write: on which iTop, which call, and what people do so that it is due; `again`: twice does no harm."""

    role: str
    call: str
    act: Act
    again: bool = False


def _only(itop: SayingItop, ticket: int) -> int:
    (record,) = itop.data.attachments_of(itop.data.get("Ticket", ticket) or {})
    return int(record["id"])


def _told(scene: Scene, number: int, ticket: int) -> None:
    body = f'{{"attachment_id": "{number}", "item_class": "UserRequest", "item_id": "{ticket}"}}'
    scene.hint("external", "update-attachment", body, work=False)


def _replaced(scene: Scene, ticket: int, _twin: int) -> None:
    number = _only(scene.external, ticket)
    scene.outside("replace_attachment", attachment=number, text="other")
    _told(scene, number, ticket)


def _deleted(scene: Scene, ticket: int, _twin: int) -> None:
    number = _only(scene.external, ticket)
    scene.outside("delete_attachment", attachment=number)
    _told(scene, number, ticket)


TICKET, FILE = r"UserRequest(::\d+)?$", r"Attachment(::\d+)?$"
WRITES: dict[str, Case] = {
    "a new twin": Case("internal", f"core/create {TICKET}", lambda s, t, w: s.outside("new_ticket", title="Two")),
    "its ref outside": Case(
        "external", f"core/update {TICKET}", lambda s, t, w: s.outside("new_ticket", title="Two"), again=True
    ),
    "a change of the form": Case(
        "internal",
        f"core/update {TICKET}",
        lambda s, t, w: s.outside("edit_ticket", ticket=t, title="Other", urgency="1"),
        again=True,
    ),
    "an entry inside": Case(
        "internal", f"core/update {TICKET}", lambda s, t, w: s.outside("add_log", ticket=t, text="out")
    ),
    "an entry outside": Case(
        "external", f"core/update {TICKET}", lambda s, t, w: s.inside("add_log", ticket=w, text="in")
    ),
    "a step outside": Case(
        "external",
        f"core/apply_stimulus {TICKET}",
        lambda s, t, w: s.inside("stimulate", ticket=w, stimulus="ev_assign"),
    ),
    "an attachment inside": Case(
        "internal", f"core/create {FILE}", lambda s, t, w: s.outside("attach", ticket=t, name="b", text="b")
    ),
    "an attachment outside": Case(
        "external", f"core/create {FILE}", lambda s, t, w: s.inside("attach", ticket=w, name="b", text="b")
    ),
    "another content inside": Case("internal", f"core/update {FILE}", _replaced, again=True),
    "a deletion inside": Case("internal", f"core/delete {FILE}", _deleted),
}
ON_THE_WAY = (
    *("answer_lost", "not_received", "late_commit", "truncated", "garbage", "html_500", "html_503"),
    *("committed_500", "committed_429"),
)
REFUSALS = {
    "a refusal": "Unexpected value for attribute 'x': no such value",
    "a refusal of an unknown kind": "Something that nobody has seen before",
}
SPOILED = "code 100 after it was carried out"
FAULTS = (*ON_THE_WAY, *REFUSALS, SPOILED)
FAST = {
    ("a new twin", SPOILED),
    ("an entry outside", "a refusal of an unknown kind"),
    ("an attachment outside", "late_commit"),
    ("another content inside", "html_500"),
}


def _spoils(itop: SayingItop, call: str) -> None:
    """iTop carries the next such call out, and says that it failed."""

    def spoil(request: Request, reply: Reply) -> Reply:
        described = itop.shown(request)[0].removeprefix(PATH)
        if not reply.committed or not re.search(call, described):
            return reply
        itop.change = SayingItop.change
        body = {"code": 100, "message": "Error: A listener of the data model failed"}
        return replace(reply, body=json.dumps(body).encode())

    itop.change = spoil


def _runs(scene: Scene, times: int) -> None:
    for _ in range(times):
        scene.work(seconds=11)
        scene.reconcile(minutes=6)


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        pytest.param(what, fault, marks=() if (what, fault) in FAST else pytest.mark.proof)
        for what in WRITES
        for fault in FAULTS
    ],
)
def test_a_write_whose_answer_is_lost_spoiled_or_a_refusal_is_carried_out_once(
    scene: Scene, what: str, fault: str
) -> None:
    case = WRITES[what]
    scene.external.do("custom_field", {"name": BACK_REFERENCE})
    scene.options(external=DEFAULTS | {"marker_field": BACK_REFERENCE})
    ticket, twin = scene.a_pair(files=[{"name": "a.txt", "text": "a"}])
    itop: SayingItop = getattr(scene, case.role)
    case.act(scene, ticket, twin)
    if fault in ON_THE_WAY:
        itop.fault(fault, path=case.call)
    elif fault in REFUSALS:
        itop.do("switch", {"name": "refusal", "value": REFUSALS[fault]})
    else:
        _spoils(itop, case.call)
    _runs(scene, 1)
    scene.work(seconds=20)  # a deletion takes two looks
    scene.reconcile(minutes=2)
    itop.do("switch", {"name": "refusal", "value": ""})
    itop.commit_pending()  # later than any call waits, and within the five minutes in which a write settles
    assert not itop.faults, "the write was never sent"
    _runs(scene, 4)
    assert differences(scene.external, scene.internal) == []
    assert scene.held() == []
    carried_out = [call for call in itop.calls if call.committed and re.search(case.call, call.path)]
    assert 1 <= len(carried_out) <= 1 + case.again
    scene.forget()
    _runs(scene, 2)
    assert scene.all_writes() == []
