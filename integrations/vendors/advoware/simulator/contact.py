"""The firm's API as far as contact data goes: parties, and the Kommunikationen below them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from integrations.vendors.simulation import Reply, Request

from .refusals import Refused
from .world import Record, shown_entry

if TYPE_CHECKING:
    from .advoware import AdvowareSimulator

ROOT = "/api/v1/advonet"
MASTER_DATA = ("name", "vorname", "anrede", "rechtsform", "geburtsdatum")
_NULLABLE_TEXT = (str, type(None))


def read_party(simulator: AdvowareSimulator, request: Request, betnr: str) -> Reply:
    """With its Kommunikationen, which nothing else lists."""
    shown = simulator.data.shown(_party(simulator, betnr), tells_kind=simulator.read_kind)
    if simulator.null_for_none and not shown["kommunikation"]:
        shown["kommunikation"] = None
    return Reply.of([shown] if simulator.wraps_party else shown)


def update_party(simulator: AdvowareSimulator, request: Request, betnr: str) -> Reply:
    """Master data; the Kommunikationen are left alone."""
    number, given = _party(simulator, betnr), _members(request)
    simulator.data.change_party(number, **{name: given[name] for name in MASTER_DATA if name in given})
    simulator.changed(number, own=True)
    return Reply.of(simulator.data.shown(number, tells_kind=simulator.read_kind), committed=True)


def create_entry(simulator: AdvowareSimulator, request: Request, betnr: str) -> Reply:
    """Needs a value and a kind."""
    number, given = _party(simulator, betnr), _members(request)
    if not isinstance(given.get("tlf"), str) or (not given["tlf"] and not simulator.empty_post):
        raise Refused(400, "Das Feld tlf ist erforderlich.")
    _refuse_unknown_kind(given.get("kommKz"))
    row = simulator.data.add_entry(
        number,
        tlf=simulator.cut(given["tlf"]) or "",
        komm_kz=given["kommKz"],
        bemerkung=simulator.cut(_text(given, "bemerkung")),
        online=_flag(given),
    )
    return _written(simulator, row, status=201)


def update_entry(simulator: AdvowareSimulator, request: Request, betnr: str, number: str) -> Reply:
    """Sets `tlf`, `bemerkung` and `online`; the kind stays what it is."""
    row, given = _entry(simulator, betnr, number), _members(request)
    if "kommKz" in given and given["kommKz"] != row["kommKz"] and simulator.other_kind == "refuse":
        raise Refused(400, "Das Feld kommKz kann nicht geändert werden.")
    known: Record = row if simulator.left_out == "keep" else {"tlf": "", "bemerkung": None, "online": False}
    values = {
        "tlf": simulator.cut(_text(given, "tlf") or "") if "tlf" in given else known["tlf"],
        "bemerkung": simulator.cut(_text(given, "bemerkung")) if "bemerkung" in given else known["bemerkung"],
        "online": _flag(given) if "online" in given else known["online"],
    }
    return _written(simulator, simulator.data.change_entry(row["id"], **values), status=200)


def delete_entry(simulator: AdvowareSimulator, request: Request, betnr: str, number: str) -> Reply:
    """Never."""
    raise Refused(403)


ROUTES: tuple[tuple[str, re.Pattern[str], Callable[..., Reply]], ...] = tuple(
    (verb, re.compile(ROOT + path), act)
    for verb, path, act in (
        ("GET", r"/Beteiligte/(\d+)", read_party),
        ("PUT", r"/Beteiligte/(\d+)", update_party),
        ("POST", r"/Beteiligte/(\d+)/Kommunikationen", create_entry),
        ("PUT", r"/Beteiligte/(\d+)/Kommunikationen/(\d+)", update_entry),
        ("DELETE", r"/Beteiligte/(\d+)/Kommunikationen/(\d+)", delete_entry),
    )
)


def _party(simulator: AdvowareSimulator, betnr: str) -> int:
    if int(betnr) not in simulator.data.parties:
        raise Refused(404)
    return int(betnr)


def _entry(simulator: AdvowareSimulator, betnr: str, number: str) -> Record:
    row = simulator.data.entries.get(int(number))
    if row is None or row["betNr"] != _party(simulator, betnr):
        raise Refused(404)
    return row


def _members(request: Request) -> dict[str, Any]:
    try:
        given = json.loads(request.body)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise Refused(400, "Ungültige Anfrage.")
    return given


def _text(given: dict[str, Any], name: str) -> str | None:
    if not isinstance(value := given.get(name), _NULLABLE_TEXT):
        raise Refused(400, f"Das Feld {name} ist ungültig.")
    return value


def _flag(given: dict[str, Any]) -> bool:
    if not isinstance(value := given.get("online", False), bool):
        raise Refused(400, "Das Feld online ist ungültig.")
    return value


def _refuse_unknown_kind(kind: Any) -> None:
    if isinstance(kind, bool) or not isinstance(kind, int) or not 1 <= kind <= 12:
        raise Refused(400, "Das Feld kommKz muss zwischen 1 und 12 liegen.")


def _written(simulator: AdvowareSimulator, row: Record, *, status: int) -> Reply:
    simulator.touch(row["betNr"])
    simulator.changed(row["betNr"], own=True)
    if simulator.write_answer == "empty":
        return Reply(status, committed=True)
    shown = shown_entry(row, tells_kind=simulator.written_kind)
    return Reply.of([shown] if simulator.write_answer == "array" else shown, status=status, committed=True)
