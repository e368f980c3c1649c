"""What people do in Advoware's own program, or time does; also over `POST /_simulator/do`.

The program may do what the API may not: change a kind, and delete.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .contact import MASTER_DATA
from .switches import SWITCHES

if TYPE_CHECKING:
    from .advoware import AdvowareSimulator

_FIELDS = {"tlf": str, "bemerkung": str, "komm_kz": int, "online": bool}


def new_party(simulator: AdvowareSimulator, name: str, betnr: int = 0, **values: Any) -> int:
    """Somebody enters a party; its number."""
    return int(simulator.data.add_party(betnr, name=name, **_master_data(values))["betNr"])


def edit_party(simulator: AdvowareSimulator, betnr: int, **values: Any) -> None:
    """Somebody changes master data: the party's own `rowId` moves."""
    simulator.data.change_party(betnr, **_master_data(values))
    simulator.changed(betnr, own=False)


def delete_party(simulator: AdvowareSimulator, betnr: int) -> None:
    """Somebody deletes a party with all it has."""
    simulator.data.remove_party(betnr)


def new_entry(
    simulator: AdvowareSimulator, betnr: int, tlf: str, komm_kz: int, bemerkung: str = "", online: bool = False
) -> int:
    """Somebody adds a number or an address; its id."""
    values = _checked({"tlf": tlf, "komm_kz": komm_kz, "bemerkung": bemerkung, "online": online})
    if betnr not in simulator.data.parties:
        raise ValueError(f"no party {betnr}")
    row = simulator.data.add_entry(betnr, **values)
    _changed(simulator, betnr)
    return int(row["id"])


def edit_entry(simulator: AdvowareSimulator, entry: int, **values: Any) -> None:
    """Somebody changes a value, a remark with the marker in it, a kind, or fills a slot again."""
    given = _checked(values)
    if "komm_kz" in given:
        given["kommKz"] = given.pop("komm_kz")
    _changed(simulator, simulator.data.change_entry(entry, **given)["betNr"])


def delete_entry(simulator: AdvowareSimulator, entry: int) -> None:
    """Somebody deletes a number or an address, which only the program can."""
    _changed(simulator, simulator.data.remove_entry(entry)["betNr"])


def expire_tokens(simulator: AdvowareSimulator) -> None:
    """The vendor forgets every token."""
    simulator.data.tokens.clear()


def move(simulator: AdvowareSimulator) -> str:
    """The firm gets a connector, and its relay is closed; the new address."""
    simulator.connector = "set"
    return simulator.connector_url


def pass_minutes(simulator: AdvowareSimulator, minutes: float) -> None:
    """Time passes, by the vendor's clock."""
    simulator.data.clock.pass_seconds(minutes * 60)


def webhook(simulator: AdvowareSimulator, **values: Any) -> None:
    """Set up what sends hints at the firm: `url`, `secret`, `mode` and the rest of `sender.Settings`."""
    simulator.sender.set(values)


def switch(simulator: AdvowareSimulator, name: str, value: Any) -> None:
    """Set one of the switches. Raises ValueError for an unknown one or a value of another kind."""
    if name not in SWITCHES or type(value) is not type(getattr(simulator, name)):
        raise ValueError(f"no such switch or value; known switches: {', '.join(SWITCHES)}")
    setattr(simulator, name, value)


def _changed(simulator: AdvowareSimulator, betnr: int) -> None:
    simulator.touch(betnr)
    simulator.changed(betnr, own=False)


def _master_data(values: dict[str, Any]) -> dict[str, Any]:
    if unknown := sorted(values.keys() - set(MASTER_DATA)):
        raise ValueError(f"no such master data: {', '.join(unknown)}")
    return values


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    for name, value in values.items():
        is_no_kind = name == "komm_kz" and value not in range(1, 13)
        if type(value) is not _FIELDS.get(name) or is_no_kind:
            raise ValueError(f"no such field or value: {name}")
    return dict(values)


ACTS: dict[str, Callable[..., Any]] = {
    act.__name__: act
    for act in (
        *(new_party, edit_party, delete_party, new_entry, edit_entry, delete_entry),
        *(expire_tokens, move, pass_minutes, webhook, switch),
    )
}
